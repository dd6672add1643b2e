package apply

import (
	"fmt"
	"slices"

	"kvscope/engine/capture"
	"kvscope/engine/checkpoint"
)

// readHeads is tensor name of f, whose axes are l, in the order [head, row, channel]. With single, the tensor
// may lack the axis of positions and is then one row.
func readHeads(l capture.Order, f *checkpoint.File, name string, single bool) (heads, error) {
	if !f.Has(name) {
		return heads{}, fmt.Errorf("tensor %q is missing: the file is %s with %s; save q, k and v with safetensors or numpy.savez", name, f.Kind, f.Contents())
	}
	t, err := f.Tensor(name)
	if err != nil {
		return heads{}, err
	}
	order, ok := l.Of(t.Shape, single)
	switch batch := slices.Index(l, capture.AxisBatch); {
	case !ok && batch >= 0 && len(t.Shape) == len(l) && t.Shape[batch] > 1, !ok && batch < 0 && len(t.Shape) == 4 && t.Shape[0] > 1:
		return heads{}, fmt.Errorf("tensor %q has shape %v, a batch of %d, want one: %s[0:1]", name, t.Shape, t.Shape[max(0, batch)], name)
	case !ok:
		return heads{}, fmt.Errorf("tensor %q has shape %v, want the axes %s", name, t.Shape, l)
	case slices.Contains(t.Shape, 0):
		return heads{}, fmt.Errorf("tensor %q has shape %v, want no empty axis", name, t.Shape)
	}
	x, err := t.Float32()
	if err != nil {
		return heads{}, err
	}
	size, stride := order.Strides(t.Shape)
	h := heads{count: size[capture.AxisHead], rows: size[capture.AxisSeq], size: size[capture.AxisDim], data: make([]float32, 0, len(x))}
	for i := range h.count {
		for r := range h.rows {
			for c := range h.size {
				h.data = append(h.data, x[i*stride[capture.AxisHead]+r*stride[capture.AxisSeq]+c*stride[capture.AxisDim]])
			}
		}
	}
	return h, nil
}

// tensor is t laid out as l says.
func (t heads) tensor(l capture.Order, name string) checkpoint.Tensor {
	shape := make([]int, len(l))
	for i, a := range l {
		shape[i] = [4]int{capture.AxisBatch: 1, capture.AxisHead: t.count, capture.AxisSeq: t.rows, capture.AxisDim: t.size}[a]
	}
	_, stride := l.Strides(shape)
	x := make([]float32, len(t.data))
	for i := range t.count {
		for r := range t.rows {
			for c, v := range t.row(i, r) {
				x[i*stride[capture.AxisHead]+r*stride[capture.AxisSeq]+c*stride[capture.AxisDim]] = v
			}
		}
	}
	return checkpoint.NewF32(name, shape, x)
}
