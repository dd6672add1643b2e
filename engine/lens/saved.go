package lens

import (
	"fmt"

	"kvscope/engine/checkpoint"
)

// weightsName is the tensor of heads that are known by their weights.
const weightsName = "attention"

// mostWeight is what a weight may be: one, and what half precision makes of it.
const mostWeight = 1.01

// HasWeights reports whether f holds attention maps as ReadWeights reads them.
func HasWeights(f *checkpoint.File) bool { return f.Has(weightsName) }

// ReadWeights finds heads that are known by their weights: the tensor attention
// [L, H, N, T] of f, after the softmax, the N queries being the last of T positions.
// It returns that shape too.
func ReadWeights(f *checkpoint.File) (heads Heads, shape [4]int, err error) {
	t, err := f.Tensor(weightsName)
	if err != nil {
		return nil, shape, err
	}
	if len(t.Shape) != len(shape) {
		return nil, shape, fmt.Errorf("%s has shape %v, want [layers, heads, queries, keys]", weightsName, t.Shape)
	}
	copy(shape[:], t.Shape)
	layers, width, queries, keys := shape[0], shape[1], shape[2], shape[3]
	if t.Len() == 0 || queries > keys {
		return nil, shape, fmt.Errorf("%s has shape %v, want at least one of each and no more queries than keys", weightsName, t.Shape)
	}
	w, err := t.Float32()
	if err != nil {
		return nil, shape, err
	}
	for i, v := range w {
		row, key := i/keys, i%keys
		own := row%queries + keys - queries
		if v >= 0 && v <= mostWeight && (key <= own || v == 0) {
			continue
		}
		where := fmt.Sprintf("%s: layer %d, head %d, query %d, key %d is %g", weightsName, row/queries/width, row/queries%width, row%queries, key, v)
		if key > own {
			return nil, shape, fmt.Errorf("%s, want 0 after the query's own position, which is %d: what can be shown is causal", where, own)
		}
		return nil, shape, fmt.Errorf("%s, want 0 to 1", where)
	}
	return func(layer, head int) *Head {
		if layer < 0 || layer >= layers || head < 0 || head >= width {
			return nil
		}
		return &Head{Prompt: keys, Queries: queries, Weights: w[(layer*width+head)*queries*keys:][:queries*keys]}
	}, shape, nil
}

// weights is the tensor that ReadWeights reads; none when the heads do not fit.
func weights(layers, heads int, of Heads) []checkpoint.Tensor {
	var w []float32
	first := of(0, 0)
	for l := range layers {
		for n := range heads {
			h := of(l, n)
			if h == nil || h.Queries != first.Queries || len(h.Weights) != len(first.Weights) {
				return nil
			}
			w = append(w, h.Weights...)
		}
	}
	return []checkpoint.Tensor{checkpoint.NewF32(weightsName, []int{layers, heads, first.Queries, first.Len()}, w)}
}
