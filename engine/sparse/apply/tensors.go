package apply

import (
	"fmt"
	"slices"
	"strings"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
)

// heads is a tensor in the order [head, row, channel].
type heads struct {
	data              []float32
	count, rows, size int
}

// row is row r of head h.
func (t heads) row(h, r int) []float32 {
	at := (h*t.rows + r) * t.size
	return t.data[at : at+t.size]
}

// layout says which axis of a tensor is the head, the position and the channel.
type layout [3]int

const defaultLayout = "[head, seq, head_dim]"

// parseLayout reads a list of axes such as "[seq, head, head_dim]".
func parseLayout(s string) (layout, error) {
	names := strings.Split(strings.Trim(strings.TrimSpace(s), "[]"), ",")
	var l layout
	for i, name := range []string{"head", "seq", "head_dim"} {
		l[i] = slices.IndexFunc(names, func(n string) bool { return strings.TrimSpace(n) == name })
		if l[i] < 0 || len(names) != len(l) {
			return l, input.Errorf("layout", "%q in the file's metadata, want head, seq and head_dim in some order, as in %s", s, defaultLayout)
		}
	}
	return l, nil
}

// read is tensor name of f in the order [head, row, channel]. With single allowed,
// the tensor may lack the axis of positions and is then one row.
func (l layout) read(f *checkpoint.File, name string, single bool) (heads, error) {
	t, err := f.Tensor(name)
	if err != nil {
		return heads{}, err
	}
	shape := t.Shape
	if len(shape) == 4 && shape[0] == 1 {
		shape = shape[1:]
	}
	if single && len(shape) == 2 {
		shape = slices.Insert(slices.Clone(shape), l[1], 1)
	}
	if len(shape) != 3 {
		return heads{}, fmt.Errorf("tensor %q has shape %v, want the three axes head, seq and head_dim", name, t.Shape)
	}
	if slices.Contains(shape, 0) {
		return heads{}, fmt.Errorf("tensor %q has shape %v, want no empty axis", name, t.Shape)
	}
	x, err := t.Float32()
	if err != nil {
		return heads{}, err
	}
	h := heads{count: shape[l[0]], rows: shape[l[1]], size: shape[l[2]], data: make([]float32, 0, len(x))}
	stride := [3]int{shape[1] * shape[2], shape[2], 1}
	for i := range h.count {
		for r := range h.rows {
			for c := range h.size {
				h.data = append(h.data, x[i*stride[l[0]]+r*stride[l[1]]+c*stride[l[2]]])
			}
		}
	}
	return h, nil
}

// tensor is h laid out as l says.
func (l layout) tensor(name string, h heads) checkpoint.Tensor {
	var shape [3]int
	shape[l[0]], shape[l[1]], shape[l[2]] = h.count, h.rows, h.size
	stride := [3]int{shape[1] * shape[2], shape[2], 1}
	x := make([]float32, len(h.data))
	for i := range h.count {
		for r := range h.rows {
			for c, v := range h.row(i, r) {
				x[i*stride[l[0]]+r*stride[l[1]]+c*stride[l[2]]] = v
			}
		}
	}
	return checkpoint.NewF32(name, shape[:], x)
}
