package apply

import (
	"fmt"

	"kvscope/engine/capture"
	"kvscope/engine/input"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
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

// String is the shape for a message.
func (t heads) String() string { return fmt.Sprintf("%d heads of %d x %d", t.count, t.rows, t.size) }

// load reads the tensors of the file, and what says how to.
func load(s *settings, o Options, k *ops.Kernels) (*work, error) {
	w := &work{kernels: k, axes: capture.DefaultOrder}
	order, given, err := s.order(o.Layout)
	if err != nil {
		return nil, err
	}
	if given {
		w.axes = order
	}
	if err := w.tensors(s, given); err != nil {
		return nil, err
	}
	if w.padding, err = s.readPadding(o.Mask, w.keys.rows); err != nil {
		return nil, err
	}
	w.said = Read{
		Heads: w.q.count, KVHeads: w.keys.count, Queries: w.q.rows, Keys: w.keys.rows, HeadDim: w.keys.size, ValueDim: w.values.size,
		Layout: w.axes.String(), Padding: [2]int{w.padding.left, w.padding.right},
	}
	if w.said.Scale, err = s.scale(o.Scale, w.keys.size); err != nil {
		return nil, err
	}
	w.scale = float32(w.said.Scale)
	return w, w.cut()
}

// tensors reads q, k and v and holds them to each other.
func (w *work) tensors(s *settings, given bool) (err error) {
	f := s.file
	if w.keys, err = readHeads(w.axes, f, "k", false); err != nil {
		return err
	}
	_, q, _ := f.Shape("q")
	_, k, _ := f.Shape("k")
	if w.q, err = readHeads(w.axes, f, "q", len(q) < len(k)); err != nil {
		return err
	}
	if !s.absent("v") {
		if w.values, err = readHeads(w.axes, f, "v", false); err != nil {
			return err
		}
	}
	s.used["q"], s.used["k"], s.used["v"] = true, true, true
	if w.keys.count > w.keys.rows && !given {
		return input.Errorf("layout", "k of shape %v is %d heads of only %d positions as %s: is it %s? Say which, with --layout or as layout in the file",
			k, w.keys.count, w.keys.rows, w.axes, swapped(len(k)))
	}
	if err := w.agree(); err != nil {
		return fmt.Errorf("%w; they were read as %s, --layout says another order", err, w.axes)
	}
	return nil
}

// swapped is the order that dumps have most that are not in the default one.
func swapped(axes int) capture.Order {
	l := capture.Order{capture.AxisBatch, capture.AxisSeq, capture.AxisHead, capture.AxisDim}
	return l[len(l)-axes:]
}

// agree holds the shapes to each other.
func (w *work) agree() error {
	q, k, v := w.q, w.keys, w.values
	switch {
	case v.count > 0 && (v.count != k.count || v.rows != k.rows):
		return fmt.Errorf("v is %v, want k's %d of %d, of any width", v, k.count, k.rows)
	case q.size != k.size:
		return fmt.Errorf("q has heads of size %d, want k's %d", q.size, k.size)
	case q.count%k.count != 0:
		return fmt.Errorf("q has %d heads, want a multiple of k's %d", q.count, k.count)
	case q.rows > k.rows:
		return fmt.Errorf("q has %d positions, want at most k's %d", q.rows, k.rows)
	}
	return nil
}

// cache is the keys and values that a head of queries reads. Values may be of another
// width than keys, which kernels read alike: parts are their channels in pieces as wide
// as keys, the last one filled up with zeros.
type cache struct {
	*sparse.KVCache
	parts [][]float32
}

// head is the cache of query head i.
func (w *work) head(i int, p sparse.Plan) *cache {
	h := &cache{KVCache: sparse.NewKVCache(w.kernels, w.keys.size, p.Block, w.keys.rows, p.Summaries)}
	h.Scale = w.scale
	kv := i / (w.q.count / w.keys.count)
	unread := make([]float32, h.Dim) // no method looks at values
	for t := range w.keys.rows {
		h.Append(w.keys.row(kv, t), unread)
	}
	for from := 0; from < w.values.size; from += h.Dim {
		part := make([]float32, w.values.rows*h.Dim)
		for t := range w.values.rows {
			row := w.values.row(kv, t)
			copy(part[t*h.Dim:][:h.Dim], row[from:])
		}
		h.parts = append(h.parts, part)
	}
	return h
}
