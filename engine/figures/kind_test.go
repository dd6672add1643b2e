package figures

import (
	"math"
	"testing"

	"kvscope/engine/trace"
)

// TestKinds draws attention of every kind over 200 positions, 12 queries each, and finds it
// again; shares are those that were drawn.
func TestKinds(t *testing.T) {
	const prompt, queries = 200, 12
	for _, c := range []struct {
		kind  string
		share func(s *trace.Shares) float64
		at    func(q, n int) []int // where 0.6 of the attention of a query falls
		gold  func(q int) int
	}{
		{KindRetrieval, func(s *trace.Shares) float64 { return s.Retrieval }, func(q, _ int) []int { return []int{90 + q} }, func(q int) int { return 90 + q }},
		{KindSink, func(s *trace.Shares) float64 { return s.Sink }, func(int, int) []int { return []int{0, 3} }, nil},
		{KindLocal, func(s *trace.Shares) float64 { return s.Local }, func(_, n int) []int { return []int{n - 1, n - 9} }, nil},
		{KindVertical, func(s *trace.Shares) float64 { return s.Vertical }, func(int, int) []int { return []int{30, 120} }, nil},
		{KindSlash, func(s *trace.Shares) float64 { return s.Slash }, func(_, n int) []int { return []int{n - 40, n - 73} }, nil},
		{KindBlock, func(s *trace.Shares) float64 { return s.Block }, func(q, _ int) []int {
			b := 16 * (2 + q*5%9) // another one for each query
			return []int{b + q%3, b + 5 + q, b + 15}
		}, nil},
		{KindSpread, func(*trace.Shares) float64 { return 0.6 * 4 / prompt }, nil, nil},
	} {
		var a Attention
		for q := range queries {
			n := prompt + q
			weights := make([]float32, n)
			rest := 1.0
			if c.at != nil {
				rest = 0.4
				for _, j := range c.at(q, n) {
					weights[j] += float32(0.6 / float64(len(c.at(q, n))))
				}
			}
			for j := range weights {
				weights[j] += float32(rest / float64(n))
			}
			gold := -1
			if c.gold != nil {
				gold = c.gold(q)
			}
			a.Add(weights, gold)
		}
		s := a.Shares()
		if got := KindOf(*s); got != c.kind {
			t.Errorf("%s: is %s by %+v", c.kind, got, *s)
		}
		share, least, about := WhyKind(*s)
		if c.kind != KindSpread {
			// The even rest adds its part of what is counted: at most 16 positions.
			if got := c.share(s); got < 0.6 || got > 0.6+0.4*16/prompt+1e-6 || math.Abs(got-share) > 1e-12 || share < least || about == "" {
				t.Errorf("%s: share %v, told %v of at least %v", c.kind, got, share, least)
			}
		} else if share >= least {
			t.Errorf("spread by %v, which is %v or more", share, least)
		}
	}
	if s := new(Attention).Shares(); s != nil {
		t.Errorf("shares %+v of no query", s)
	}
}
