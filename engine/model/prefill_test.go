package model

import (
	"math"
	"slices"
	"testing"

	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// TestPromptIsSeenBeforeItReads: a selector that looks at the queries of the whole prompt is
// given those that then read, of every head, and what it says is what they read, the first
// one on; the steps that follow are in its range too.
func TestPromptIsSeenBeforeItReads(t *testing.T) {
	_, m, ids := golden(t, RATPlus)
	c, prompt := m.Config(), len(ids)-2
	for _, method := range []sparse.Selector{
		sparse.VerticalSlash{Window: 9, Columns: 4, Diagonals: 5, Forced: 2}, sparse.XAttention{Blocks: 2, TopP: 0.9, Stride: 4},
	} {
		read := map[[3]int][]ops.Span{}
		s, err := m.NewSession(Options{
			Block: 8, Capacity: len(ids), Window: len(ids), Selector: method, SelectTo: math.MaxInt,
			Observe: func(a *Attended) { read[[3]int{a.Layer, a.Head, a.Position}] = slices.Clone(a.Selection.Spans) },
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Prefill(ids[:prompt]); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids[prompt:] {
			if _, err := s.Step(id); err != nil {
				t.Fatal(err)
			}
		}
		if len(read) != c.Layers*c.Heads*len(ids) {
			t.Fatalf("%d queries read, want %d", len(read), c.Layers*c.Heads*len(ids))
		}
		left := 0
		for l := range c.Layers {
			for h := range c.Heads {
				cache := *s.Cache(l, h)
				cache.Len = prompt
				seen := sparse.Prefill(method, s.Queries(l, h)[:prompt*c.HeadDim], &cache)
				for p := range ids {
					var sel sparse.Selection
					seen.Select(&sel, sparse.Query{Q: s.Query(l, h, p), Position: p, Layer: l, Head: h}, s.Cache(l, h))
					if got := read[[3]int{l, h, p}]; !slices.Equal(got, sel.Spans) {
						t.Fatalf("%T, layer %d head %d at %d reads %v, want %v", method, l, h, p, got, sel.Spans)
					}
					left += p + 1 - sel.Count()
				}
			}
		}
		if left == 0 {
			t.Errorf("%T leaves nothing out", method)
		}
	}
}
