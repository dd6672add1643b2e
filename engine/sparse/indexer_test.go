package sparse

import (
	"math"
	"math/rand/v2"
	"testing"

	"kvscope/engine/ops"
)

func randomIndex(layers, heads, headDim, dim, block int) *Index {
	x := NewIndex(layers, heads, headDim, dim, block)
	r := rand.New(rand.NewPCG(8, 8))
	for _, p := range [][]float32{x.Query, x.Key, x.Weight} {
		for i := range p {
			p[i] = float32(r.NormFloat64())
		}
	}
	return x
}

// naiveIndex is the score of a block by the definition, in float64.
func naiveIndex(x *Index, layer, head int, q []float32, h *KVCache, block int) float64 {
	dh := x.HeadDim
	m := make([]float64, 3*dh)
	for c := range dh {
		lo, hi, sum := math.Inf(1), math.Inf(-1), 0.0
		for j := block * h.Block; j < (block+1)*h.Block; j++ {
			v := float64(h.Keys[j*dh+c])
			lo, hi, sum = min(lo, v), max(hi, v), sum+v
		}
		m[c], m[dh+c], m[2*dh+c] = lo, hi, sum/float64(h.Block)
	}
	wq, wk, weight := x.Part(layer, head)
	var score float64
	for j := range IndexParts {
		var product float64
		for d := range x.Dim {
			var left, right float64
			for c := range dh {
				left += float64(wq[(j*x.Dim+d)*dh+c]) * float64(q[c])
			}
			for c := range 3 * dh {
				right += float64(wk[d*3*dh+c]) * m[c]
			}
			product += left * right
		}
		score += float64(weight[j]) * max(product, 0)
	}
	return score
}

// TestIndexerIsItsDefinition: scores are those of the definition, the picks their best
// beside the first and the local block, and what is appended later changes neither.
func TestIndexerIsItsDefinition(t *testing.T) {
	const dim, block, n = 6, 4, 42
	x := randomIndex(2, 3, dim, 5, block)
	h, qs := cache(3, dim, block, n)
	for _, position := range []int{0, 3, 4, 17, 40, n - 1} {
		q := Query{Q: qs[position*dim : (position+1)*dim], Position: position, Layer: 1, Head: 2}
		m := Indexer{Blocks: 4, Index: x}
		var got, before Selection
		m.Select(&got, q, h)
		m.Select(&before, q, prefix(h, position+1))
		past := position / block
		for b := range past {
			want := naiveIndex(x, 1, 2, q.Q, h, b)
			if math.Abs(float64(got.Scores[b])-want) > 1e-4*max(1, math.Abs(want)) {
				t.Errorf("position %d block %d: score %g, want %g", position, b, got.Scores[b], want)
			}
			if got.Scores[b] != before.Scores[b] {
				t.Errorf("position %d block %d: what came later changes its score", position, b)
			}
		}
		best := TopK(ops.Reference(), nil, got.Scores[min(1, past):past], 2)
		if !got.Has(0) || !got.Has(position) {
			t.Errorf("position %d: the first or the local block is not read", position)
		}
		for _, b := range best {
			if !got.Has((b + 1) * block) {
				t.Errorf("position %d: block %d is among the best and not read", position, b+1)
			}
		}
	}
}

// TestIndexIsAskedFor: a plan without an index is refused by name, and other methods need
// none.
func TestIndexIsAskedFor(t *testing.T) {
	c := Config{Method: "indexer", Values: Values{"budget": "1/4"}}
	p, err := New(c, 100)
	if err != nil || !p.NeedsIndex {
		t.Fatal(p, err)
	}
	if err := p.UseIndex(nil); err == nil {
		t.Error("no index is taken for one")
	}
	x := randomIndex(1, 1, 4, 2, 16)
	if err := p.UseIndex(x); err != nil || p.Selector.(Indexer).Index != x {
		t.Error(err)
	}
	if err := p.ForTensors("a file"); err == nil {
		t.Error("saved tensors have no index")
	}
	for _, other := range []Config{{Method: "quest"}, {Method: "indexer", Selector: "random"}} {
		p, err := New(other, 100)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.UseIndex(nil); err != nil {
			t.Errorf("%+v: %v", other, err)
		}
	}
	if err := x.Fits(1, 1, 8); err == nil {
		t.Error("an index for heads of another size fits")
	}
}
