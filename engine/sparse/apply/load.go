package apply

import (
	"fmt"
	"math"
	"strconv"

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
	w := &work{kernels: k, axes: defaultLayout}
	given, err := w.order(s, o.Layout)
	if err != nil {
		return nil, err
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
	if err := w.setScale(s, o.Scale); err != nil {
		return nil, err
	}
	return w, w.cut()
}

// order sets the order of axes, and reports whether anybody said it.
func (w *work) order(s *settings, option string) (given bool, err error) {
	name, text, err := s.take("layout")
	if option != "" {
		w.axes, err = parseLayout(option)
		return true, err
	}
	if err != nil || name == "" {
		return false, err
	}
	if w.axes, err = parseLayout(text); err != nil {
		err = fmt.Errorf("the file's %w", err)
	}
	return true, err
}

// tensors reads q, k and v and holds them to each other.
func (w *work) tensors(s *settings, given bool) (err error) {
	f := s.file
	if w.keys, err = w.axes.read(f, "k", false); err != nil {
		return err
	}
	_, q, _ := f.Shape("q")
	_, k, _ := f.Shape("k")
	if w.q, err = w.axes.read(f, "q", len(q) < len(k)); err != nil {
		return err
	}
	if !s.absent("v") {
		if w.values, err = w.axes.read(f, "v", false); err != nil {
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
func swapped(axes int) layout {
	l := layout{axisBatch, axisSeq, axisHead, axisDim}
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

// mostScale is more than any model multiplies with before the softmax.
const mostScale = 1000

// setScale sets the scale of the softmax, Dh^-1/2 where nothing says it.
func (w *work) setScale(s *settings, option string) error {
	w.said.Scale = 1 / math.Sqrt(float64(w.keys.size))
	name, text, err := s.take("scale", "softmax_scale", "scaling")
	if option != "" {
		text = option
	} else if err != nil {
		return err
	}
	if text != "" {
		v, err := strconv.ParseFloat(text, 64)
		switch {
		case err == nil && v > 0 && v <= mostScale:
			w.said.Scale = v
		case option != "":
			return input.Errorf("scale", "%q, want a number above 0 and at most %d", text, mostScale)
		default:
			return s.blame(name, "%q, want a number above 0 and at most %d", text, mostScale)
		}
	}
	w.scale = float32(w.said.Scale)
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
