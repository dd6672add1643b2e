package capture

import (
	"fmt"
	"math"
	"slices"

	"kvscope/engine/checkpoint"
)

// axes are the heads of one layer within a tensor.
type axes struct {
	name                  string
	dtype                 checkpoint.DType
	heads, rows, size     int
	first                 int // element that the layer begins with
	skipped               int // rows before it that are padding
	byHead, byRow, byItem int // elements from one head, position or channel to the next
}

// String says the shape for a message.
func (a axes) String() string { return fmt.Sprintf("%d heads of %d x %d", a.heads, a.rows, a.size) }

func (a axes) like(b axes) bool { return a.heads == b.heads && a.rows == b.rows && a.size == b.size }

func (a axes) bytes() int { return a.heads * a.rows * a.size * a.dtype.Size() }

// layers lists the layers that tensor name holds: of a matrix, whose rows are heads of a size
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
	case 3, 4, 5:
		if out, err := r.ordered(a, shape); out != nil || err != nil {
			return out, err
		}
	}
	return nil, fmt.Errorf("tensor %q has shape %v, want the axes %s, and one of layers before them where it has several", name, shape, r.order)
}

// ordered are the layers of a, whose tensor has a shape of the axes of the order, with an
// axis of layers before them where there is one more, and without a batch where there is
// one less; nil where it has not.
func (r *reader) ordered(a axes, shape []int) ([]axes, error) {
	order, layers, each := r.order, 1, shape
	switch len(shape) {
	case len(order):
	case len(order) + 1:
		layers, each = shape[0], shape[1:]
	case len(order.without(AxisBatch)):
		order = order.without(AxisBatch)
	default:
		return nil, nil
	}
	if i := slices.Index(order, AxisBatch); i >= 0 && each[i] != 1 {
		return nil, fmt.Errorf("tensor %q has shape %v, a batch of %d, want one", a.name, shape, each[i])
	}
	size, stride := order.Strides(each)
	a.heads, a.rows, a.size = size[AxisHead], size[AxisSeq], size[AxisDim]
	a.byHead, a.byRow, a.byItem = stride[AxisHead], stride[AxisSeq], stride[AxisDim]
	out := make([]axes, layers)
	for l := range out {
		out[l] = a
		out[l].first = l * a.heads * a.rows * a.size
	}
	return out, nil
}

// between are the rows from lo up to hi.
func (a axes) between(lo, hi int) axes {
	a.first, a.skipped, a.rows = a.first+lo*a.byRow, a.skipped+lo, hi-lo
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
	most := Most(a.size)
	for i, v := range x {
		if want := Wanted(v, most); want != "" {
			return nil, fmt.Errorf("%s: head %d, position %d is %g, want %s: leave padding out, with --mask or as attention_mask in the file", a.name, h, a.skipped+i/a.size, v, want)
		}
	}
	return x, nil
}

// Most is how large a number may be in a vector of so many channels, so that its products with
// its like can be added up over the channels in float32: a power of ten.
func Most(size int) float64 {
	return math.Pow10(int(math.Log10(math.MaxFloat32/float64(size)) / 2))
}

// Wanted is what is wanted in place of v, "" of a number of at most that either way.
func Wanted(v float32, most float64) string {
	switch size := math.Abs(float64(v)); {
	case size <= most:
		return ""
	case math.IsNaN(size) || math.IsInf(size, 0):
		return "finite numbers"
	}
	return fmt.Sprintf("at most %g either way, beyond which products of such vectors overflow float32", most)
}
