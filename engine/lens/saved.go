package lens

import (
	"fmt"
	"math"
	"slices"

	"kvscope/engine/checkpoint"
)

// mostWeight is the largest sum of a query's attention weights that is taken for a softmax:
// one, and room for the rounding of half precision.
const mostWeight = 1.01

// mostChecked is how many bytes of weights are checked when a file is opened. Of more, the
// first head is, and every other when it is looked at.
const mostChecked = 64 << 20

// ReadWeights finds heads that are known by their weights: attention maps after the
// softmax, [L, H, N, T], the N queries being the last of T positions, as one tensor
// attention (or attentions), as a tensor for each layer with its number in the name, or
// as the steps of generate(), whose rows are put under each other. An axis of a batch of
// one is left out. It returns that shape too. The rows of a head are read when the head is
// asked for, and stay in the file's own type.
func ReadWeights(f *checkpoint.File) (heads Heads, shape [4]int, err error) {
	m, err := findMaps(f)
	if err != nil {
		return nil, shape, err
	}
	if shape, err = m.shape(); err != nil {
		return nil, shape, err
	}
	checked := m.checkFirst(shape)
	for i := range checked {
		if _, err := m.head(i/shape[1], i%shape[1], true); err != nil {
			return nil, shape, err
		}
	}
	return func(layer, head int) (*HeadTensors, error) {
		if layer < 0 || layer >= shape[0] || head < 0 || head >= shape[1] {
			return nil, errNoHead(layer, head)
		}
		w, err := m.head(layer, head, layer*shape[1]+head >= checked)
		if err != nil {
			return nil, err
		}
		return &HeadTensors{Prompt: shape[3], Queries: shape[2], Weights: w}, nil
	}, shape, nil
}

// checkFirst is how many heads are checked when the file is opened: all, where that is soon
// done.
func (m maps) checkFirst(shape [4]int) int {
	size := float64(m.layers[0][0].dtype.Size())
	for _, n := range shape {
		size *= float64(n)
	}
	if size > mostChecked {
		return 1
	}
	return shape[0] * shape[1]
}

// shape is [L, H, N, T] of all rows together.
func (m maps) shape() (out [4]int, err error) {
	out[0] = len(m.layers)
	for _, layer := range m.layers {
		for _, p := range layer {
			switch first := m.layers[0][0]; {
			case p.dtype != checkpoint.F16 && p.dtype != checkpoint.BF16 && p.dtype != checkpoint.F32 && p.dtype != checkpoint.F64:
				return out, fmt.Errorf("%s is %s, want F32, F64, F16 or BF16", p.name, p.dtype)
			case p.dtype != first.dtype:
				return out, fmt.Errorf("%s is %s beside %s of %s, want one type", p.name, p.dtype, first.dtype, first.name)
			}
		}
	}
	for _, p := range m.layers[0] {
		out[1], out[2], out[3] = p.shape[0], out[2]+p.shape[1], p.shape[2]
	}
	if out[2] > out[3] {
		return out, fmt.Errorf("%s has shape %v, want no more queries than keys", m.name, out)
	}
	return out, nil
}

// head is one head's rows under each other, [N, T], zeros where a step had not so many
// keys, which are held to what attention is where that is asked for.
func (m maps) head(layer, head int, check bool) (checkpoint.Tensor, error) {
	steps := m.layers[layer]
	keys := steps[len(steps)-1].shape[2]
	out := checkpoint.Tensor{Name: m.name, DType: steps[0].dtype, Shape: []int{0, keys}}
	for _, p := range steps {
		w, err := p.rows(head)
		if err == nil && check {
			err = m.check(w, layer, head, out.Shape[0])
		}
		if err != nil || len(steps) == 1 {
			return w, err
		}
		out.Shape[0] += w.Shape[0]
		for width := w.Shape[1] * w.DType.Size(); len(w.Data) > 0; w.Data = w.Data[width:] {
			out.Data = append(out.Data, w.Data[:width]...)
			out.Data = append(out.Data, make([]byte, (keys-w.Shape[1])*w.DType.Size())...)
		}
	}
	return out, nil
}

// row is a row of weights [N, T] whose type was looked at, from key first on.
func row(w checkpoint.Tensor, at, first, n int) []float32 {
	out, err := w.Range(at*w.Shape[1]+first, n).Float32()
	if err != nil {
		panic("BUG: lens: " + err.Error())
	}
	return out
}

// check holds the weights of queries from first on of one head to what attention is: shares
// of one, of positions that the query could see.
func (m maps) check(w checkpoint.Tensor, layer, head, first int) error {
	queries, keys := w.Shape[0], w.Shape[1]
	for q := range queries {
		values := row(w, q, 0, keys)
		err := checkRow(values, q+keys-queries)
		if err == nil && (first+q > 0 || !empty(values)) {
			continue
		}
		if n, how := padded(w); q < n {
			return fmt.Errorf("%s: layer %d, head %d: the first %d queries attend %s, which looks like left padding: cut it off, attention[..., %d:, %d:] and tokens[%d:]",
				m.name, layer, head, n, how, n, n+keys-queries, n+keys-queries)
		}
		if err == nil {
			continue // of a head that is masked out
		}
		return fmt.Errorf("%s: layer %d, head %d, query %d%w", m.name, layer, head, first+q, err)
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
		return fmt.Errorf(" sums to %g, want at most 1: was the model in train mode, where dropout scales up what it keeps? Call model.eval() first", float32(sum))
	}
	return nil
}

// padded is how many of the first queries look like padding on the left, and how they
// attend: to every key alike, as a softmax over masked scores alone does, or as no numbers
// at all, or to nothing.
func padded(w checkpoint.Tensor) (n int, how string) {
	for _, kind := range []struct {
		how string
		is  func([]float32) bool
	}{{"evenly to everything, after their own positions too", evenly}, {"to nothing, their weights being 0", empty}} {
		n, queries := 0, w.Shape[0]
		for n < queries && kind.is(row(w, n, 0, w.Shape[1])) {
			n++
		}
		if 0 < n && n < queries { // else no causal attention at all
			return n, kind.how
		}
	}
	return 0, ""
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

func empty(row []float32) bool {
	return !slices.ContainsFunc(row, func(v float32) bool { return v != 0 })
}

// weights is the tensor that ReadWeights reads; none when the heads do not fit.
func weights(layers, heads int, of Heads) ([]checkpoint.Tensor, error) {
	out := checkpoint.Tensor{Name: weightsName}
	for l := range layers {
		for n := range heads {
			h, err := of(l, n)
			if err != nil {
				return nil, err
			}
			if out.Shape == nil {
				out.Shape, out.DType = []int{layers, heads, h.Queries, h.Len()}, h.Weights.DType
				out.Data = make([]byte, 0, layers*heads*len(h.Weights.Data))
			}
			if h.Queries != out.Shape[2] || h.Len() != out.Shape[3] || h.Weights.DType != out.DType {
				return nil, fmt.Errorf("layer %d, head %d has weights %v, the first %v", l, n, h.Weights.Shape, out.Shape[2:])
			}
			out.Data = append(out.Data, h.Weights.Data...)
		}
	}
	return []checkpoint.Tensor{out}, nil
}
