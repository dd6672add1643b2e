package capture

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"kvscope/engine/checkpoint"
)

// layout says which of the last three axes is the head, the position and the channel.
type layout [3]int

const defaultLayout = "[head, seq, head_dim]"

// parseLayout reads a list of axes such as "[seq, head, head_dim]", "" for the default.
func parseLayout(s string) (layout, error) {
	if s == "" {
		s = defaultLayout
	}
	names := strings.Split(strings.Trim(strings.TrimSpace(s), "[]"), ",")
	var l layout
	for i, name := range []string{"head", "seq", "head_dim"} {
		l[i] = slices.IndexFunc(names, func(n string) bool { return strings.TrimSpace(n) == name })
		if l[i] < 0 || len(names) != len(l) {
			return l, fmt.Errorf("layout: %q in the file's metadata, want head, seq and head_dim in some order, as in %s", s, defaultLayout)
		}
	}
	return l, nil
}

// axes are the heads of one layer within a tensor.
type axes struct {
	name                  string
	dtype                 checkpoint.DType
	heads, rows, size     int
	first                 int // element that the layer begins with
	byHead, byRow, byItem int // elements from one head, position or channel to the next
}

// String says the shape for a message.
func (a axes) String() string { return fmt.Sprintf("%d heads of %d x %d", a.heads, a.rows, a.size) }

func (a axes) like(b axes) bool { return a.heads == b.heads && a.rows == b.rows && a.size == b.size }

func (a axes) bytes() int { return a.heads * a.rows * a.size * a.dtype.Size() }

// layers are those that tensor name holds: of a matrix, whose rows are heads of a size
// that depends on their width, 0 where that is not known, and of [head, position, channel] one, of four axes as many
// as the first has.
func (r *reader) layers(name string, size func(width int) int) ([]axes, error) {
	dtype, shape, ok := r.file.Shape(name)
	if !ok {
		if r.file.Has(name) { // it cannot be read, and says why
			_, err := r.file.Tensor(name)
			return nil, err
		}
		return nil, fmt.Errorf("tensor %q is missing, the file has %s", name, r.file.Contents())
	}
	switch dtype {
	case checkpoint.F16, checkpoint.BF16, checkpoint.F32, checkpoint.F64:
	default:
		return nil, fmt.Errorf("tensor %q is %s, want F32, F64, F16 or BF16", name, dtype)
	}
	if slices.Contains(shape, 0) {
		return nil, fmt.Errorf("tensor %q has shape %v, want no empty axis", name, shape)
	}
	a := axes{name: name, dtype: dtype}
	switch len(shape) {
	case 2:
		n := size(shape[1])
		if n == 0 || shape[1]%n != 0 {
			return nil, fmt.Errorf("tensor %q has shape %v, want [heads, positions, head size], or [positions, heads * head size] with the number of heads of queries in the metadata as num_head, which is %d", name, shape, r.heads)
		}
		a.heads, a.rows, a.size = shape[1]/n, shape[0], n
		a.byHead, a.byRow, a.byItem = a.size, shape[1], 1
		return []axes{a}, nil
	case 3:
		return []axes{a.laid(shape, r.order)}, nil
	case 4:
		a = a.laid(shape[1:], r.order)
		out := make([]axes, shape[0])
		for l := range out {
			out[l] = a
			out[l].first = l * shape[1] * shape[2] * shape[3]
		}
		return out, nil
	}
	return nil, fmt.Errorf("tensor %q has shape %v, want [heads, positions, head size] or [layers, heads, positions, head size]", name, shape)
}

// laid is a over three axes in an order.
func (a axes) laid(shape []int, order layout) axes {
	stride := [3]int{shape[1] * shape[2], shape[2], 1}
	a.heads, a.rows, a.size = shape[order[0]], shape[order[1]], shape[order[2]]
	a.byHead, a.byRow, a.byItem = stride[order[0]], stride[order[1]], stride[order[2]]
	return a
}

// head is head h widened, [rows, size]; p is where its part of the file is kept.
func (a axes) head(f *checkpoint.File, p *piece, h int) ([]float32, error) {
	one, err := p.of(f, a, h)
	if err != nil {
		return nil, err
	}
	x, err := one.Float32()
	if err != nil {
		return nil, err
	}
	for i, v := range x {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("%s: head %d, position %d is %g, want numbers: cut padding off before saving", a.name, h, i/a.size, v)
		}
	}
	return x, nil
}
