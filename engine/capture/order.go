package capture

import (
	"slices"
	"strings"

	"kvscope/engine/input"
)

// Axis is the meaning of one axis of a tensor.
type Axis int

// The axes there are.
const (
	AxisBatch Axis = iota // of size 1, or not there
	AxisHead              // heads, of queries or of keys
	AxisSeq               // positions
	AxisDim               // channels of a head, Dh
)

// axisNames are the words for axes, the first one of each being that of messages.
var axisNames = [...][]string{
	AxisBatch: {"batch", "b", "bsz"},
	AxisHead:  {"head", "h", "heads", "num_heads"},
	AxisSeq:   {"seq", "s", "t", "seq_len"},
	AxisDim:   {"head_dim", "d", "dim"},
}

// Order is the order of a tensor's axes.
type Order []Axis

// DefaultOrder is the order of axes where nothing says another.
var DefaultOrder = Order{AxisHead, AxisSeq, AxisDim}

// ParseOrder reads a list of axes such as "[seq, head, head_dim]", or their first
// letters, "bshd".
func ParseOrder(text string) (Order, error) {
	list := strings.ToLower(strings.Trim(strings.TrimSpace(text), "[]()"))
	words := strings.Split(list, ",")
	if !strings.Contains(list, ",") {
		words = strings.Split(list, "")
	}
	var l Order
	for _, word := range words {
		l = append(l, Axis(slices.IndexFunc(axisNames[:], func(names []string) bool {
			return slices.Contains(names, strings.TrimSpace(word))
		})))
	}
	once := slices.Sorted(slices.Values(l))
	if !slices.Equal(once, Order{AxisHead, AxisSeq, AxisDim}) && !slices.Equal(once, Order{AxisBatch, AxisHead, AxisSeq, AxisDim}) {
		return nil, input.Errorf("layout", "%q, want head, seq and head_dim in some order, as in %s, and batch where the tensors have it", text, DefaultOrder)
	}
	return l, nil
}

// String writes the order in words that ParseOrder reads: "[head, seq, head_dim]".
func (l Order) String() string {
	names := make([]string, len(l))
	for i, a := range l {
		names[i] = axisNames[a][0]
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// without is l without an axis.
func (l Order) without(a Axis) Order {
	return slices.DeleteFunc(slices.Clone(l), func(b Axis) bool { return a == b })
}

// Of is the order of the axes of a tensor of a shape: l, with a batch of one where there
// is an axis more, without the batch where there is one less; with single, it may also
// lack the axis of positions.
func (l Order) Of(shape []int, single bool) (Order, bool) {
	plain := l.without(AxisBatch)
	orders := []Order{plain}
	if len(plain) < len(l) {
		orders = []Order{l, plain}
	} else {
		orders = append(orders, append(Order{AxisBatch}, plain...))
	}
	if single {
		for _, order := range slices.Clone(orders) {
			orders = append([]Order{order.without(AxisSeq)}, orders...)
		}
	}
	for _, order := range orders {
		batch := slices.Index(order, AxisBatch)
		if len(order) == len(shape) && (batch < 0 || shape[batch] == 1) {
			return order, true
		}
	}
	return nil, false
}

// Strides are the size of each axis and how far apart its elements are, row-major.
func (l Order) Strides(shape []int) (size, stride [4]int) {
	size = [4]int{1, 1, 1, 1}
	step := 1
	for i := len(l) - 1; i >= 0; i-- {
		size[l[i]], stride[l[i]] = shape[i], step
		step *= shape[i]
	}
	return size, stride
}
