package apply

import (
	"fmt"
	"slices"
	"strings"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
)

// axis is what an axis of a tensor stands for.
type axis int

const (
	axisBatch axis = iota // of size 1, or not there
	axisHead
	axisSeq
	axisDim
)

// axisNames are the words for axes, the first one of each being that of messages.
var axisNames = [...][]string{
	axisBatch: {"batch", "b", "bsz"},
	axisHead:  {"head", "h", "heads", "num_heads"},
	axisSeq:   {"seq", "s", "t", "seq_len"},
	axisDim:   {"head_dim", "d", "dim"},
}

// layout is the order of a tensor's axes.
type layout []axis

// defaultLayout is the order of axes where nothing says another.
var defaultLayout = layout{axisHead, axisSeq, axisDim}

// parseLayout reads a list of axes such as "[seq, head, head_dim]", or their first
// letters, "bshd".
func parseLayout(text string) (layout, error) {
	list := strings.ToLower(strings.Trim(strings.TrimSpace(text), "[]()"))
	words := strings.Split(list, ",")
	if !strings.Contains(list, ",") {
		words = strings.Split(list, "")
	}
	var l layout
	for _, word := range words {
		l = append(l, axis(slices.IndexFunc(axisNames[:], func(names []string) bool {
			return slices.Contains(names, strings.TrimSpace(word))
		})))
	}
	once := slices.Sorted(slices.Values(l))
	if !slices.Equal(once, layout{axisHead, axisSeq, axisDim}) && !slices.Equal(once, layout{axisBatch, axisHead, axisSeq, axisDim}) {
		return nil, input.Errorf("layout", "%q, want head, seq and head_dim in some order, as in %s, and batch where the tensors have it", text, defaultLayout)
	}
	return l, nil
}

// String is what parseLayout reads.
func (l layout) String() string {
	names := make([]string, len(l))
	for i, a := range l {
		names[i] = axisNames[a][0]
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// without is l without an axis.
func (l layout) without(a axis) layout {
	return slices.DeleteFunc(slices.Clone(l), func(b axis) bool { return a == b })
}

// of is the order of the axes of a tensor of a shape: l, with a batch of one where there
// is an axis more, without the batch where there is one less; with single, it may also
// lack the axis of positions.
func (l layout) of(shape []int, single bool) (layout, bool) {
	plain := l.without(axisBatch)
	orders := []layout{plain}
	if len(plain) < len(l) {
		orders = []layout{l, plain}
	} else {
		orders = append(orders, append(layout{axisBatch}, plain...))
	}
	if single {
		for _, order := range slices.Clone(orders) {
			orders = append([]layout{order.without(axisSeq)}, orders...)
		}
	}
	for _, order := range orders {
		batch := slices.Index(order, axisBatch)
		if len(order) == len(shape) && (batch < 0 || shape[batch] == 1) {
			return order, true
		}
	}
	return nil, false
}

// read is tensor name of f in the order [head, row, channel]. With single, the tensor
// may lack the axis of positions and is then one row.
func (l layout) read(f *checkpoint.File, name string, single bool) (heads, error) {
	if !f.Has(name) {
		return heads{}, fmt.Errorf("tensor %q is missing: the file is %s with %s; save q, k and v with safetensors or numpy.savez", name, f.Kind, f.Contents())
	}
	t, err := f.Tensor(name)
	if err != nil {
		return heads{}, err
	}
	order, ok := l.of(t.Shape, single)
	switch batch := slices.Index(l, axisBatch); {
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
	size, stride := order.strides(t.Shape)
	h := heads{count: size[axisHead], rows: size[axisSeq], size: size[axisDim], data: make([]float32, 0, len(x))}
	for i := range h.count {
		for r := range h.rows {
			for c := range h.size {
				h.data = append(h.data, x[i*stride[axisHead]+r*stride[axisSeq]+c*stride[axisDim]])
			}
		}
	}
	return h, nil
}

// strides are the size of each axis and how far apart its elements are, row-major.
func (l layout) strides(shape []int) (size, stride [4]int) {
	size = [4]int{1, 1, 1, 1}
	step := 1
	for i := len(l) - 1; i >= 0; i-- {
		size[l[i]], stride[l[i]] = shape[i], step
		step *= shape[i]
	}
	return size, stride
}

// tensor is h laid out as l says.
func (l layout) tensor(name string, h heads) checkpoint.Tensor {
	shape := make([]int, len(l))
	for i, a := range l {
		shape[i] = [4]int{axisBatch: 1, axisHead: h.count, axisSeq: h.rows, axisDim: h.size}[a]
	}
	_, stride := l.strides(shape)
	x := make([]float32, len(h.data))
	for i := range h.count {
		for r := range h.rows {
			for c, v := range h.row(i, r) {
				x[i*stride[axisHead]+r*stride[axisSeq]+c*stride[axisDim]] = v
			}
		}
	}
	return checkpoint.NewF32(name, shape, x)
}
