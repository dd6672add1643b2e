package run

import (
	"math"
	"slices"
	"testing"

	"kvscope/engine/model"
	"kvscope/engine/sparse"
)

// TestWhoseBudget runs a small model whole in float64 whose heads choose together: Quest by the
// mean or the maximum of a layer's bounds, SnapKV by the votes of a layer's heads or of all.
func TestWhoseBudget(t *testing.T) {
	e := testEngine(t, model.Attention)
	m, err := e.Model("m")
	if err != nil {
		t.Fatal(err)
	}
	const p = 189 // tokens of the prompt
	pooled := func(scores [][]float64, greatest bool) []float64 {
		out := slices.Clone(scores[0])
		for j := range out {
			for _, own := range scores[1:] {
				if greatest {
					out[j] = max(out[j], own[j])
				} else {
					out[j] += own[j]
				}
			}
		}
		return out
	}
	quest := func(from int, greatest bool) func(m *twin, q, k [][][]float64) [][]bool {
		return func(_ *twin, q, k [][][]float64) [][]bool {
			mask := causal(len(q[0]))
			for t := from; t < len(mask); t++ {
				var bounds [][]float64
				for h := range q {
					bounds = append(bounds, questBounds(q[h][t], k[h], t/8, 8))
				}
				readBlocks(mask[t], t, 8, t/8, best(pooled(bounds, greatest), 2))
			}
			return mask
		}
	}
	kept := func(votes [][]float64, length int) [][]bool {
		kept, mask := best(pooled(votes, false), 32), causal(length)
		for j := p - 1 - 8; j < p-1; j++ {
			kept = append(kept, j)
		}
		restrict(mask, p-1, p-1, kept)
		return mask
	}
	snap := func(_ *twin, q, k [][][]float64) [][]bool {
		var votes [][]float64
		for h := range q {
			votes = append(votes, snapVotes(q[h], k[h], p-1, 8))
		}
		return kept(votes, len(q[0]))
	}
	everywhere := func(m *twin, q, _ [][][]float64) [][]bool {
		// The prompt is dense: what it makes of all layers is known before anything is evicted.
		var votes [][]float64
		for _, head := range m.seen {
			votes = append(votes, snapVotes(head[0], head[1], p-1, 8))
		}
		return kept(votes, len(q[0]))
	}
	for _, one := range []struct {
		name   string
		method string
		values sparse.Values
		from   int
		all    func(m *twin, q, k [][][]float64) [][]bool
	}{
		{"Quest, a layer", "quest", sparse.Values{"k": "4", "block": "8", "whose_budget": "layer"}, -1, quest(p-1, false)},
		{"Quest, a layer by its maximum, from the start", "quest", sparse.Values{"k": "4", "block": "8", "whose_budget": "layer", "group": "max", "sparse_from": "context"}, 0, quest(0, true)},
		{"SnapKV, a layer", "snapkv", sparse.Values{"k": "40", "window": "8", "kernel": "1", "whose_budget": "layer"}, -1, snap},
		{"SnapKV, all layers", "snapkv", sparse.Values{"k": "40", "window": "8", "kernel": "1", "whose_budget": "all"}, -1, everywhere},
	} {
		r := record(t, e, Request{Task: "MK-1", Seed: 3, Context: new(200), MaxNew: new(3), Config: sparse.Config{Method: one.method, Values: one.values}})
		if len(r.Header.Tokens) != p {
			t.Fatalf("a prompt of %d tokens", len(r.Header.Tokens))
		}
		first := &twin{w: m.Weights(), cfg: m.Config(), wide: map[*model.Matrix][][]float64{}, mask: func(q, _ [][]float64) [][]bool { return causal(len(q)) }}
		var tokens []int32
		for _, token := range r.Header.Tokens {
			tokens = append(tokens, token.ID)
		}
		first.logits(tokens[:p-1], p-2)
		second := &twin{w: m.Weights(), cfg: m.Config(), wide: first.wide}
		second.all = func(q, k [][][]float64) [][]bool { return one.all(first, q, k) }
		agree(t, one.name, second, r, one.from)
		read, present := 0, 0
		for _, s := range r.Selections {
			for q := range s.Queries {
				for j := range s.First + q + 1 {
					if s.Has(q, j/s.Unit) {
						read++
					}
				}
				present += s.First + q + 1
			}
		}
		if want := float64(read) / float64(present); math.Abs(r.Done.ReadFraction-want) > 1e-12 {
			t.Errorf("%s: reads %v of the cache, want %v", one.name, r.Done.ReadFraction, want)
		}
	}
}
