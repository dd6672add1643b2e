package lens

import (
	"fmt"
	"math"

	"kvscope/engine/checkpoint"
)

// mostWeight is what the weights of a query may add up to: one, and what half precision
// makes of it.
const mostWeight = 1.01

// ReadWeights finds heads that are known by their weights: attention maps after the
// softmax, [L, H, N, T], the N queries being the last of T positions, as one tensor
// attention (or attentions), as a tensor for each layer with its number in the name, or
// as the steps of generate(), whose rows are put under each other. An axis of a batch of
// one is left out. It returns that shape too. The rows of a head are widened to float32
// when the head is asked for.
func ReadWeights(f *checkpoint.File) (heads Heads, shape [4]int, err error) {
	m, err := findMaps(f)
	if err != nil {
		return nil, shape, err
	}
	if shape, err = m.shape(); err != nil {
		return nil, shape, err
	}
	for l := range shape[0] {
		for h := range shape[1] {
			if err := m.check(l, h); err != nil {
				return nil, shape, err
			}
		}
	}
	return func(layer, head int) *Head {
		if layer < 0 || layer >= shape[0] || head < 0 || head >= shape[1] {
			return nil
		}
		return &Head{Prompt: shape[3], Queries: shape[2], Weights: m.weights(layer, head)}
	}, shape, nil
}

// shape is [L, H, N, T] of all rows together.
func (m maps) shape() (out [4]int, err error) {
	out[0] = len(m.layers)
	for _, t := range m.layers[0] {
		out[1], out[2], out[3] = t.Shape[0], out[2]+t.Shape[1], t.Shape[2]
		if t.DType != checkpoint.F16 && t.DType != checkpoint.BF16 && t.DType != checkpoint.F32 && t.DType != checkpoint.F64 {
			return out, fmt.Errorf("%s is %s, want F32, F64, F16 or BF16", t.Name, t.DType)
		}
	}
	if out[2] > out[3] {
		return out, fmt.Errorf("%s has shape %v, want no more queries than keys", m.name, out)
	}
	return out, nil
}

// weights is one head's rows under each other, [N, T], zeros where a step had not so many
// keys.
func (m maps) weights(layer, head int) []float32 {
	steps := m.layers[layer]
	keys := steps[len(steps)-1].Shape[2]
	var out []float32
	for _, t := range steps {
		w := rowsOf(t, head)
		if len(steps) == 1 {
			return w
		}
		for n := t.Shape[2]; len(w) > 0; w = w[n:] {
			out = append(out, w[:n]...)
			out = append(out, make([]float32, keys-n)...)
		}
	}
	return out
}

// rowsOf is the rows of one head of a tensor [H, N, T] whose type was looked at.
func rowsOf(t checkpoint.Tensor, head int) []float32 {
	w, err := entry(t, head).Float32()
	if err != nil {
		panic("BUG: lens: " + err.Error())
	}
	return w
}

// check holds the weights of one head to what attention is: shares of one, of positions
// that the query could see.
func (m maps) check(layer, head int) error {
	first := 0
	for _, t := range m.layers[layer] {
		w, queries, keys := rowsOf(t, head), t.Shape[1], t.Shape[2]
		for q := range queries {
			row, own := w[q*keys:(q+1)*keys], q+keys-queries
			err := checkRow(row, own)
			if err == nil {
				continue
			}
			if n := padded(w, queries, keys); q < n {
				return fmt.Errorf("%s: layer %d, head %d: the first %d queries attend evenly to everything, after their own positions too, which looks like left padding: cut it off, attention[..., %d:, %d:] and tokens[%d:]",
					m.name, layer, head, n, n, n+keys-queries, n+keys-queries)
			}
			return fmt.Errorf("%s: layer %d, head %d, query %d%w", m.name, layer, head, first+q, err)
		}
		first += queries
	}
	return nil
}

// checkRow says what of the weights of the query at position own cannot be.
func checkRow(row []float32, own int) error {
	var sum float64
	for key, v := range row {
		switch {
		case !(v >= 0) || math.IsInf(float64(v), 0):
			return fmt.Errorf(", key %d is %g, want 0 to 1: weights after the softmax, not scores", key, v)
		case key > own && v != 0:
			return fmt.Errorf(", key %d is %g, want 0 after the query's own position, which is %d: what can be shown is causal", key, v, own)
		}
		sum += float64(v)
	}
	if sum > mostWeight {
		return fmt.Errorf(" sums to %.4g, want at most 1: was the model in train mode, where dropout scales up what it keeps? Call model.eval() first", sum)
	}
	return nil
}

// padded is how many of the first queries look like padding on the left: they attend to
// every key alike, as a softmax over masked scores alone does, or are no numbers at all.
func padded(w []float32, queries, keys int) int {
	n := 0
	for ; n < queries && evenly(w[n*keys:(n+1)*keys]); n++ {
	}
	if n == queries {
		return 0 // no causal attention at all
	}
	return n
}

func evenly(row []float32) bool {
	for _, v := range row {
		share := float64(v) * float64(len(row))
		if !math.IsNaN(share) && math.Abs(share-1) > 0.02 {
			return false
		}
	}
	return true
}

// weights is the tensor that ReadWeights reads; none when the heads do not fit.
func weights(layers, heads int, of Heads) []checkpoint.Tensor {
	first := of(0, 0)
	w := make([]float32, 0, layers*heads*len(first.Weights))
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
