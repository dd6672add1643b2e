package apply

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"kvscope/engine/capture"
	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// Result holds the selections of a method on the tensors of a file, and how the file was
// read.
type Result struct {
	Plan     sparse.Plan
	Metadata map[string]string   // of the output file: the parameters in effect
	Tensors  []checkpoint.Tensor // selected, score, out; see the package comment

	// Selected lists what is selected: positions, [head][]; with a prefill method
	// blocks, [head][query][].
	Selected any
	// ReadFraction is entries read / entries present, over all heads and queries.
	ReadFraction float64

	Read    Read     // what the file was taken for
	Ignored []string // names in flags and in the file that nothing was made of
	// Over has those of Ignored that another name in the file, which is the value, says otherwise.
	Over map[string]string
}

// Read says how the tensors of a file were understood, so that a wrong order of axes
// shows.
type Read struct {
	Heads    int     `json:"heads"` // of queries
	KVHeads  int     `json:"kv_heads"`
	Queries  int     `json:"queries"`
	Keys     int     `json:"keys"` // padding included
	HeadDim  int     `json:"head_dim"`
	ValueDim int     `json:"value_dim"` // 0 without v
	Layout   string  `json:"layout"`
	Scale    float64 `json:"scale"`   // of the softmax
	Padding  [2]int  `json:"padding"` // positions at the beginning and at the end
}

// String is one line.
func (r Read) String() string {
	out := fmt.Sprintf("heads %d, key-value heads %d, queries %d, keys %d, channels %d", r.Heads, r.KVHeads, r.Queries, r.Keys, r.HeadDim)
	switch r.ValueDim {
	case r.HeadDim:
	case 0:
		out += ", no v and so no out"
	default:
		out += fmt.Sprintf(", of v %d", r.ValueDim)
	}
	if r.Padding != [2]int{} {
		out += fmt.Sprintf(", padding %d at the beginning and %d at the end", r.Padding[0], r.Padding[1])
	}
	return out + fmt.Sprintf("; read as %s, scale %g", r.Layout, float32(r.Scale))
}

// Run applies a method to the tensors of f. What c and o do not set comes from f
// ("method", "selector", "layout", "scale" and the method's parameters, by their names or
// aliases, as metadata or numbers of one element), and then from the method's defaults.
func Run(c sparse.Config, o Options, f *checkpoint.File, k *ops.Kernels) (*Result, error) {
	s, err := readSettings(f)
	if err != nil {
		return nil, err
	}
	w, err := load(s, o, k)
	if err != nil {
		return nil, err
	}
	_, plan, err := s.plan(c, w.keys.rows)
	if err != nil {
		return nil, err
	}
	r := &Result{Plan: plan, Read: w.said, Ignored: append(s.ignored(), plan.Ignored...), Over: s.over}
	if plan.Phase == sparse.PhasePrefill {
		w.prefill(r)
	} else if err := w.once(r); err != nil {
		return nil, s.own(err)
	}
	if w.values.count == 0 {
		r.Tensors = slices.DeleteFunc(r.Tensors, func(t checkpoint.Tensor) bool { return t.Name == "out" })
	}
	r.Metadata = map[string]string{
		"method": plan.Method, "unit": plan.Unit, "phase": plan.Phase, "layout": w.said.Layout,
		"block_size": strconv.Itoa(plan.Block), "k": strconv.Itoa(plan.K),
		"scale": strconv.FormatFloat(w.said.Scale, 'g', -1, 64), "padding": fmt.Sprintf("%d, %d", w.padding.left, w.padding.right),
		"kv_read_fraction": strconv.FormatFloat(r.ReadFraction, 'g', -1, 64),
	}
	return r, nil
}

// work is the input of a run, without its padding.
type work struct {
	q, keys, values heads // values of count 0 where there are none
	axes            capture.Order
	scale           float32
	padding         padding
	said            Read
	kernels         *ops.Kernels
	sel             sparse.Selection
	read, present   int // entries
}

// position returns the position of row r of the queries, which are the last ones.
func (w *work) position(r int) int { return w.keys.rows - w.q.rows + r }

// attend computes the attention of row r of head i over w.sel, and counts it.
func (w *work) attend(dst []float32, i, r int, h *cache) {
	n := w.sel.Count()
	w.read += n
	w.present += w.position(r) + 1
	part, weights := make([]float32, h.Dim), make([]float32, n)
	for at, values := range h.parts {
		w.kernels.Attend(part, weights, w.q.row(i, r), h.Keys, values, w.sel.Spans, h.Scale, 1)
		copy(dst[at*h.Dim:], part)
	}
}

// once lets the method select for the last query, or evict after it.
func (w *work) once(r *Result) error {
	seq, last := w.keys.rows, w.q.rows-1
	all := w.padding.left + seq + w.padding.right
	selected := make([]uint8, w.q.count*all)
	lists := make([][]int, w.q.count)
	out := heads{count: w.q.count, rows: 1, size: w.values.size, data: make([]float32, w.q.count*w.values.size)}
	var scores []float32
	var kept []sparse.Selection
	if e := r.Plan.Evictor; e != nil {
		n := min(e.Window(), seq)
		if err := w.enough(n); err != nil {
			return err
		}
		kept = w.evict(r.Plan, n)
	}
	joint := w.together(r.Plan)
	for i := range w.q.count {
		h := w.head(i, r.Plan)
		switch {
		case kept != nil:
			w.sel = kept[i]
			sparse.Narrow(r.Plan.Evictor, &w.sel, w.query(i, last), h.KVCache)
		case joint != nil:
			w.sel = joint[last][i]
		default:
			r.Plan.Selector.Select(&w.sel, w.query(i, last), h.KVCache)
		}
		for _, span := range w.sel.Spans {
			for j := span.Start; j < span.End; j++ {
				selected[i*all+w.padding.left+j] = 1
				lists[i] = append(lists[i], w.padding.left+j)
			}
		}
		scores = append(scores, w.sel.Scores...)
		w.attend(out.row(i, 0), i, last, h)
	}
	r.Selected = lists
	r.ReadFraction = float64(w.read) / float64(w.present)
	r.Tensors = []checkpoint.Tensor{
		checkpoint.NewU8("selected", []int{w.q.count, all}, selected),
		checkpoint.NewF32("out", []int{w.q.count, w.values.size}, out.data),
	}
	if len(scores) > 0 {
		r.Tensors = append(r.Tensors, checkpoint.NewF32("score", []int{w.q.count, len(scores) / w.q.count}, scores))
	}
	return nil
}

// enough reports whether the file has the last n queries, which vote.
func (w *work) enough(n int) error {
	switch {
	case n <= w.q.rows:
		return nil
	case n == w.keys.rows:
		return fmt.Errorf("tensor \"q\" holds the last %d queries, and all %d vote: save those of the whole prompt", w.q.rows, n)
	}
	return input.Errorf("window", "%d queries vote, the file's q holds the last %d only", n, w.q.rows)
}

// evict lets the method keep what it does after the last n queries.
func (w *work) evict(p sparse.Plan, n int) []sparse.Selection {
	l := sparse.Layer{Count: 1, Caches: w.caches(p)}
	for i := range w.q.count {
		at := (i*w.q.rows + w.q.rows - n) * w.q.size
		l.Windows = append(l.Windows, w.q.data[at:at+n*w.q.size])
	}
	kept := make([]sparse.Selection, w.q.count)
	sparse.KeepLayer(p.Evictor, kept, l)
	return kept
}

// caches returns the cache that each query head reads; the heads of a group share one.
func (w *work) caches(p sparse.Plan) []*sparse.KVCache {
	var out []*sparse.KVCache
	for i := range w.q.count {
		if i%(w.q.count/w.keys.count) == 0 {
			out = append(out, w.head(i, p).KVCache)
		} else {
			out = append(out, out[i-1])
		}
	}
	return out
}

// query is row r of head i as a query.
func (w *work) query(i, r int) sparse.Query {
	return sparse.Query{Q: w.q.row(i, r), Position: w.position(r), Head: i}
}

// together returns the selections of heads that pick together, [row][head]: for all queries,
// or for the last one alone where no others select. It is nil where each head picks alone.
func (w *work) together(p sparse.Plan) [][]sparse.Selection {
	if !p.Joint.Any() {
		return nil
	}
	caches, out := w.caches(p), make([][]sparse.Selection, w.q.rows)
	first := w.q.rows - 1
	if p.Phase == sparse.PhasePrefill {
		first = 0
	}
	queries := make([]sparse.Query, w.q.count)
	for r := first; r < w.q.rows; r++ {
		for i := range queries {
			queries[i] = w.query(i, r)
		}
		out[r] = make([]sparse.Selection, w.q.count)
		p.Joint.Select(p.Selector, out[r], queries, caches)
	}
	return out
}

// prefill lets the method select for every query.
func (w *work) prefill(r *Result) {
	block := r.Plan.Block
	blocks := (w.keys.rows + block - 1) / block
	shape := []int{w.q.count, w.q.rows, blocks}
	selected := make([]uint8, w.q.count*w.q.rows*blocks)
	scores := make([]float32, len(selected))
	lists := make([][][]int, w.q.count)
	out := heads{count: w.q.count, rows: w.q.rows, size: w.values.size, data: make([]float32, w.q.count*w.q.rows*w.values.size)}
	scored, joint := false, w.together(r.Plan)
	for i := range w.q.count {
		h := w.head(i, r.Plan)
		all := w.q.data[i*w.q.rows*w.q.size:][:w.q.rows*w.q.size]
		selector := sparse.Prefill(r.Plan.Selector, all, h.KVCache)
		for t := range w.q.rows {
			if joint != nil {
				w.sel = joint[t][i]
			} else {
				selector.Select(&w.sel, w.query(i, t), h.KVCache)
			}
			at := (i*w.q.rows + t) * blocks
			picked := []int{}
			for _, span := range w.sel.Spans {
				for b := span.Start / block; b*block < span.End; b++ {
					if selected[at+b] == 0 { // of several spans in a block it is listed once
						picked = append(picked, b)
					}
					selected[at+b] = 1
				}
			}
			lists[i] = append(lists[i], picked)
			scored = scored || len(w.sel.Scores) > 0
			n := copy(scores[at:at+blocks], w.sel.Scores)
			for b := n; b < blocks; b++ {
				scores[at+b] = float32(math.Inf(-1))
			}
			w.attend(out.row(i, t), i, t, h)
		}
	}
	r.Selected = lists
	r.ReadFraction = float64(w.read) / float64(w.present)
	r.Tensors = []checkpoint.Tensor{
		checkpoint.NewU8("selected", shape, selected),
		out.tensor(w.axes, "out"),
	}
	if scored {
		r.Tensors = append(r.Tensors, checkpoint.NewF32("score", shape, scores))
	}
}
