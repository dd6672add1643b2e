package sparse

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"kvscope/engine/ops"
)

// cache is a head of n random positions with its queries.
func cache(seed uint64, dim, block, n int) (*KVCache, []float32) {
	r := rand.New(rand.NewPCG(seed, 0))
	draw := func() []float32 {
		x := make([]float32, n*dim)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		return x
	}
	q := draw()
	h := fill(ops.Reference(), dim, block, draw(), draw())
	h.Rotations = turns(dim, 1)
	return h, q
}

// prefix is the cache of the first n positions of h.
func prefix(h *KVCache, n int) *KVCache {
	return fill(h.kernels, h.Dim, h.Block, h.Keys[:n*h.Dim], h.Values[:n*h.Dim])
}

type named struct {
	name string
	Selector
}

// selectors are all per-query methods with parameters that a cache of a few
// hundred positions tells apart.
func selectors() []named {
	return []named{
		{"dense", Dense{}},
		{"quest", Quest{Blocks: 5}},
		{"quest k1", Quest{Blocks: 1}},
		{"quest k2", Quest{Blocks: 2}},
		{"quest public", Quest{Blocks: 5, AsReleased: true}},
		{"quest public k1", Quest{Blocks: 1, AsReleased: true}},
		{"moba", MoBA{Blocks: 4}},
		{"moba public", MoBA{Blocks: 4, AsReleased: true}},
		{"random", RandomBlocks{Blocks: 5, Seed: 7}},
		{"random local", RandomBlocks{Blocks: 5, Seed: 7, Forced: LocalOnly}},
		{"random none", RandomBlocks{Blocks: 5, Seed: 7, Forced: NoneForced}},
		{"oracle block", OracleBlocks{Blocks: 5}},
		{"oracle token", OracleTokens{Tokens: 30}},
		{"dilated", Dilated{Dilation: 8, Window: 5, Initial: 3}},
		{"streaming", Streaming{Initial: 4, Window: 20}},
	}
}

// naive is the set of positions that a method reads, and its scores when it has
// some, by its definition, one loop a formula, in float64. Blocks are lists of
// positions.
func naive(s Selector, q []float32, p int, h *KVCache) (read []int, scores []float64) {
	dot := func(j int) (sum float64) {
		for c, v := range q {
			sum += float64(v) * float64(h.Keys[j*h.Dim+c])
		}
		return sum
	}
	weight := make([]float64, p+1)
	var total float64
	for j := range weight {
		weight[j] = math.Exp(dot(j) / math.Sqrt(float64(h.Dim)))
		total += weight[j]
	}
	bound := func(block []int) (sum float64) {
		for c, v := range q {
			top := math.Inf(-1)
			for _, j := range block {
				top = max(top, float64(v)*float64(h.Keys[j*h.Dim+c]))
			}
			sum += top
		}
		return sum
	}
	mean := func(block []int) (sum float64) {
		for _, j := range block {
			sum += dot(j) / float64(len(block))
		}
		return sum
	}
	mass := func(block []int) (sum float64) {
		for _, j := range block {
			sum += weight[j] / total
		}
		return sum
	}
	blocks := func(unit, k int, forced Forced, score func([]int) float64) ([]int, []float64) {
		var all [][]int
		for j := 0; j <= p; j++ {
			if j%unit == 0 {
				all = append(all, nil)
			}
			all[len(all)-1] = append(all[len(all)-1], j)
		}
		scores := make([]float64, len(all))
		for b := range all {
			scores[b] = score(all[b])
		}
		unforced := slices.Clone(scores)
		if forced == FirstAndLocal {
			scores[0] = math.MaxFloat64
		}
		if forced != NoneForced {
			scores[len(all)-1] = math.Inf(1)
		}
		order := make([]int, len(all))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int {
			if scores[a] > scores[b] {
				return -1
			} else if scores[a] < scores[b] {
				return 1
			}
			return 0
		})
		var out []int
		for _, b := range order[:min(k, len(order))] {
			out = append(out, all[b]...)
		}
		slices.Sort(out)
		return out, unforced
	}
	filter := func(reads func(j int) bool) (out []int, none []float64) {
		for j := 0; j <= p; j++ {
			if reads(j) {
				out = append(out, j)
			}
		}
		return out, nil
	}
	switch m := s.(type) {
	case Dense:
		return filter(func(int) bool { return true })
	case Quest:
		if m.AsReleased {
			return blocks(h.Block, max(3, m.Blocks), NoneForced, bound)
		}
		return blocks(h.Block, m.Blocks, FirstAndLocal, bound)
	case MoBA:
		if m.AsReleased {
			return blocks(h.Block, m.Blocks, LocalOnly, mean)
		}
		return blocks(h.Block, m.Blocks, FirstAndLocal, mean)
	case OracleBlocks:
		return blocks(h.Block, m.Blocks, NoneForced, mass)
	case OracleTokens:
		return blocks(1, m.Tokens, NoneForced, mass)
	case Dilated:
		return filter(func(j int) bool { return (j+1)%m.Dilation == 0 || p-j <= m.Window || j < m.Initial })
	case Streaming:
		return filter(func(j int) bool { return j < m.Initial || p-j < m.Window })
	}
	return nil, nil
}

// TestSelectIsTheDefinition compares every method that is not random with its
// naive form at every position of caches whose size the block does not divide.
func TestSelectIsTheDefinition(t *testing.T) {
	for _, s := range selectors() {
		if _, random := s.Selector.(RandomBlocks); random {
			continue // TestRandomBlocks
		}
		for _, size := range [][3]int{{16, 8, 131}, {5, 16, 70}, {3, 1, 20}} {
			h, q := cache(1, size[0], size[1], size[2])
			var sel Selection
			for p := range h.Len {
				q := q[p*h.Dim : (p+1)*h.Dim]
				s.Select(&sel, Query{Q: q, Position: p}, h)
				want, scores := naive(s.Selector, q, p, h)
				if got := positions(&sel); !slices.Equal(got, want) {
					t.Fatalf("%s, head size %d, block %d, position %d: selects %v, want %v", s.name, h.Dim, h.Block, p, got, want)
				}
				if len(sel.Scores) != len(scores) {
					t.Fatalf("%s, position %d: %d scores, want %d", s.name, p, len(sel.Scores), len(scores))
				}
				for i, want := range scores {
					if got := float64(sel.Scores[i]); !(math.Abs(got-want) <= 1e-4) {
						t.Fatalf("%s, block %d, position %d: score %d is %v, want %v", s.name, h.Block, p, i, got, want)
					}
				}
			}
		}
	}
}

// TestSelectSeesNoFuture holds that what a query selects, scores included, does not
// depend on later positions by a single bit.
func TestSelectSeesNoFuture(t *testing.T) {
	h, q := cache(2, 16, 16, 100)
	for _, s := range selectors() {
		for p := range h.Len {
			query := Query{Q: q[p*h.Dim : (p+1)*h.Dim], Position: p, Layer: 1, Head: 2}
			var whole, alone Selection
			s.Select(&whole, query, h)
			s.Select(&alone, query, prefix(h, p+1))
			if !slices.Equal(whole.Spans, alone.Spans) || !slices.Equal(whole.Scores, alone.Scores) {
				t.Fatalf("%s, position %d: %v %v, without the future %v %v", s.name, p, whole.Spans, whole.Scores, alone.Spans, alone.Scores)
			}
		}
	}
}

// TestSelectionShape holds what every Selection promises: ascending disjoint spans
// that do not touch, nothing after the query, no more units than asked, scores for
// every candidate or none, forced blocks present.
func TestSelectionShape(t *testing.T) {
	h, q := cache(3, 8, 16, 150)
	most := map[string]int{
		"quest": 5, "quest k1": 1, "quest k2": 2, "quest public": 5, "quest public k1": 3, "moba": 4, "moba public": 4,
		"random": 5, "random local": 5, "random none": 5, "oracle block": 5, "oracle token": 30,
	}
	first := map[string]bool{"dense": true, "quest": true, "quest k2": true, "moba": true, "random": true}
	local := map[string]bool{"dense": true, "quest": true, "quest k1": true, "quest k2": true, "moba": true, "moba public": true, "random": true, "random local": true}
	var sel Selection // shared, so that leftovers of another method would show
	for p := range h.Len {
		for _, s := range selectors() {
			s.Select(&sel, Query{Q: q[p*h.Dim : (p+1)*h.Dim], Position: p, Layer: 1}, h)
			end := -1
			units := map[int]bool{}
			for _, span := range sel.Spans {
				if span.Start <= end || span.End <= span.Start || span.End > p+1 {
					t.Fatalf("%s, position %d: spans %v", s.name, p, sel.Spans)
				}
				end = span.End
				for j := span.Start; j < span.End; j++ {
					units[j/sel.Unit] = true
				}
			}
			candidates := p/sel.Unit + 1
			if len(sel.Scores) != 0 && len(sel.Scores) != candidates {
				t.Fatalf("%s, position %d: %d scores for %d candidates", s.name, p, len(sel.Scores), candidates)
			}
			if k, ok := most[s.name]; ok && len(units) != min(k, candidates) {
				t.Fatalf("%s, position %d: %d units of %d, want %d", s.name, p, len(units), candidates, k)
			}
			if first[s.name] && !units[0] || local[s.name] && !units[candidates-1] {
				t.Fatalf("%s, position %d: spans %v lack a forced block", s.name, p, sel.Spans)
			}
			if got := len(positions(&sel)); got != sel.Count() {
				t.Fatalf("%s: Count() = %d, want %d", s.name, sel.Count(), got)
			}
			for j := range p + 1 {
				if sel.Has(j) != slices.Contains(positions(&sel), j) {
					t.Fatalf("%s, position %d: Has(%d) = %v with %v", s.name, p, j, sel.Has(j), sel.Spans)
				}
			}
		}
	}
}

// TestFullBudgetIsDense holds that a method allowed everything is dense attention,
// to the bit.
func TestFullBudgetIsDense(t *testing.T) {
	const n = 150
	h, q := cache(4, 8, 16, n)
	blocks := h.Blocks()
	all := []Selector{
		Quest{Blocks: blocks}, Quest{Blocks: blocks, AsReleased: true}, MoBA{Blocks: blocks}, MoBA{Blocks: blocks, AsReleased: true},
		RandomBlocks{Blocks: blocks}, OracleBlocks{Blocks: blocks}, OracleTokens{Tokens: n},
		Dilated{Dilation: 1}, Streaming{Window: n},
	}
	for _, info := range budgeted() {
		for _, selector := range []string{SelectorOwn, SelectorRandom} {
			plan, err := New(Config{Method: info.ID, Selector: selector, Values: Values{"budget": "1"}}, 20) // the answer outgrows the prompt
			if selector == SelectorRandom && !info.Random {
				if err == nil {
					t.Errorf("%s takes the random selector", info.ID)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := plan.UseIndex(randomIndex(1, 1, h.Dim, 2, h.Block)); err != nil {
				t.Fatal(err)
			}
			if plan.Selector != nil {
				all = append(all, plan.Rated([][]float64{{0}}, 1).Selector)
			}
		}
	}
	for _, s := range all {
		for p := range n {
			query := Query{Q: q[p*h.Dim : (p+1)*h.Dim], Position: p}
			var got, want Selection
			s.Select(&got, query, h)
			Dense{}.Select(&want, query, h)
			if !slices.Equal(got.Spans, want.Spans) || !slices.Equal(attend(&got, query.Q, h), attend(&want, query.Q, h)) {
				t.Fatalf("%#v, position %d: reads %v, want all", s, p, got.Spans)
			}
		}
	}
}

// TestTiesGoLow gives every block the same key.
func TestTiesGoLow(t *testing.T) {
	const n = 96
	keys := make([]float32, n*4)
	for i := range keys {
		keys[i] = 1
	}
	h := fill(ops.Reference(), 4, 16, keys, keys)
	q := Query{Q: []float32{1, -1, 2, 0.5}, Position: n - 1}
	for _, c := range []struct {
		s    Selector
		want []ops.Span
	}{
		{Quest{Blocks: 4}, []ops.Span{{Start: 0, End: 48}, {Start: 80, End: 96}}},
		{Quest{Blocks: 4, AsReleased: true}, []ops.Span{{Start: 0, End: 64}}},
		{MoBA{Blocks: 3, AsReleased: true}, []ops.Span{{Start: 0, End: 32}, {Start: 80, End: 96}}},
		{OracleBlocks{Blocks: 2}, []ops.Span{{Start: 0, End: 32}}},
		{OracleTokens{Tokens: 5}, []ops.Span{{Start: 0, End: 5}}},
	} {
		var sel Selection
		c.s.Select(&sel, q, h)
		if !slices.Equal(sel.Spans, c.want) {
			t.Errorf("%#v selects %v, want %v", c.s, sel.Spans, c.want)
		}
	}
}

// TestRandomBlocks holds the draw to what it promises: reproducible in any order
// of calls, its own for every seed, layer, head and position, and uniform.
func TestRandomBlocks(t *testing.T) {
	h, q := cache(5, 4, 4, 80)
	draw := func(seed uint64, layer, head, p int) []int {
		var sel Selection
		RandomBlocks{Blocks: 6, Seed: seed}.Select(&sel, Query{Q: q[:4], Layer: layer, Head: head, Position: p}, h)
		return positions(&sel)
	}
	base := draw(1, 2, 3, 79)
	for _, other := range [][]int{draw(2, 2, 3, 79), draw(1, 3, 3, 79), draw(1, 2, 4, 79), draw(1, 3, 2, 79), draw(1, 2, 3, 78)} {
		if slices.Equal(base, other) {
			t.Error("two draws agree that should be independent")
		}
	}
	if again := draw(1, 2, 3, 79); !slices.Equal(base, again) {
		t.Errorf("drawn %v, then %v", base, again)
	}
	// 4 of the 18 free blocks in each of 3000 draws: 667 times each, standard
	// deviation 23.
	count := make([]int, 20)
	for seed := range 3000 {
		for _, j := range draw(uint64(seed), 0, 0, 79) {
			if j%4 == 0 {
				count[j/4]++
			}
		}
	}
	for b, n := range count[1:19] {
		if n < 560 || n > 773 {
			t.Errorf("block %d drawn %d times of 3000, want about 667", b+1, n)
		}
	}
	if count[0] != 3000 || count[19] != 3000 {
		t.Errorf("forced blocks drawn %d and %d times of 3000", count[0], count[19])
	}
}

// TestOracleKeepsMost holds the ceiling to its name.
func TestOracleKeepsMost(t *testing.T) {
	h, q := cache(6, 16, 8, 160)
	mass := func(s Selector, query Query) float64 {
		var sel Selection
		s.Select(&sel, query, h)
		var sum float64
		weights := attention(nil, query, h)
		for _, j := range positions(&sel) {
			sum += float64(weights[j])
		}
		return sum
	}
	for p := range h.Len {
		query := Query{Q: q[p*16 : (p+1)*16], Position: p}
		ceiling := mass(OracleBlocks{Blocks: 5}, query)
		for _, s := range []Selector{Quest{Blocks: 5}, Quest{Blocks: 5, AsReleased: true}, MoBA{Blocks: 5}, RandomBlocks{Blocks: 5}} {
			if got := mass(s, query); got > ceiling+1e-5 {
				t.Fatalf("position %d: %#v keeps %v, the oracle %v", p, s, got, ceiling)
			}
		}
		if got := mass(OracleTokens{Tokens: 40}, query); got < ceiling-1e-5 {
			t.Fatalf("position %d: 40 tokens keep %v, 5 blocks of 8 %v", p, got, ceiling)
		}
	}
}

func TestDenseFirst(t *testing.T) {
	h, q := cache(7, 4, 4, 60)
	m := DenseFirst{Layers: 2, Rest: Quest{Blocks: 3}}
	for layer, want := range []int{60, 60, 12} {
		var sel Selection
		m.Select(&sel, Query{Q: q[59*4:], Position: 59, Layer: layer}, h)
		if sel.Count() != want {
			t.Errorf("layer %d reads %d positions, want %d", layer, sel.Count(), want)
		}
	}
}

// TestSelectAllocatesOnce holds that a Selection in use costs no more memory.
func TestSelectAllocatesOnce(t *testing.T) {
	h, q := cache(8, 16, 16, 200)
	for _, s := range selectors() {
		var sel Selection
		query := Query{Q: q[150*16 : 151*16], Position: 150}
		if n := testing.AllocsPerRun(10, func() { s.Select(&sel, query, h) }); n > 0 {
			t.Errorf("%s allocates %v times a query", s.name, n)
		}
	}
}

func TestSelectPanicsOnShape(t *testing.T) {
	h, _ := cache(9, 4, 4, 10)
	for want, q := range map[string]Query{
		"sparse: query at position 10 of a cache of 10": {Q: make([]float32, 4), Position: 10},
		"sparse: query at position -1 of a cache of 10": {Q: make([]float32, 4), Position: -1},
		"sparse: query of 3 for a head of size 4":       {Q: make([]float32, 3)},
	} {
		for _, s := range selectors() {
			func() {
				defer func() {
					if got := fmt.Sprint(recover()); got != want {
						t.Errorf("%s: panic %q, want %q", s.name, got, want)
					}
				}()
				s.Select(new(Selection), q, h)
			}()
		}
	}
}
