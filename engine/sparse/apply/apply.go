package apply

import (
	"fmt"
	"math"
	"strconv"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// Result is what a method did with a file.
type Result struct {
	Plan     sparse.Plan
	Metadata map[string]string   // of the output file: the parameters in effect
	Tensors  []checkpoint.Tensor // selected, score, out; see the package comment

	// Selected lists what is selected: positions, [head][]; with a prefill method
	// blocks, [head][query][].
	Selected any
	// ReadFraction is entries read / entries present, over all heads and queries.
	ReadFraction float64

	Ignored []string // names in flags and metadata that say nothing of the method
}

// Run applies a method to the tensors of f. What c does not set
// comes from f's metadata ("method", "selector" and the method's parameters, by their
// names or aliases), and then from the method's defaults.
func Run(c sparse.Config, f *checkpoint.File, k *ops.Kernels) (*Result, error) {
	c, ignored, err := configure(c, f.Metadata)
	if err != nil {
		return nil, err
	}
	order := f.Metadata["layout"]
	if order == "" {
		order = defaultLayout
	}
	axes, err := parseLayout(order)
	if err != nil {
		return nil, err
	}
	w, err := load(axes, f, k)
	if err != nil {
		return nil, err
	}
	plan, err := sparse.New(c, w.keys.rows)
	if err != nil {
		return nil, err
	}
	r := &Result{Plan: plan, Ignored: append(ignored, plan.Ignored...)}
	if plan.Phase == sparse.PhasePrefill {
		w.prefill(r, axes)
	} else if err := w.once(r); err != nil {
		return nil, err
	}
	r.Metadata = map[string]string{
		"method": plan.Method, "unit": plan.Unit, "phase": plan.Phase, "layout": order,
		"block_size": strconv.Itoa(plan.Block), "k": strconv.Itoa(plan.K),
		"kv_read_fraction": strconv.FormatFloat(r.ReadFraction, 'g', -1, 64),
	}
	return r, nil
}

// work is the input of a run.
type work struct {
	q, keys, values heads
	kernels         *ops.Kernels
	sel             sparse.Selection
	read, present   int // entries
}

func load(axes layout, f *checkpoint.File, k *ops.Kernels) (*work, error) {
	w := &work{kernels: k}
	var err error
	if w.q, err = axes.read(f, "q", true); err != nil {
		return nil, err
	}
	if w.keys, err = axes.read(f, "k", false); err != nil {
		return nil, err
	}
	if w.values, err = axes.read(f, "v", false); err != nil {
		return nil, err
	}
	q, kv, v := w.q, w.keys, w.values
	switch {
	case v.count != kv.count || v.rows != kv.rows || v.size != kv.size:
		return nil, fmt.Errorf("v is %d heads of %d x %d, want k's %d of %d x %d", v.count, v.rows, v.size, kv.count, kv.rows, kv.size)
	case q.size != kv.size:
		return nil, fmt.Errorf("q has heads of size %d, want k's %d", q.size, kv.size)
	case q.count%kv.count != 0:
		return nil, fmt.Errorf("q has %d heads, want a multiple of k's %d", q.count, kv.count)
	case q.rows > kv.rows:
		return nil, fmt.Errorf("q has %d positions, want at most k's %d", q.rows, kv.rows)
	}
	return w, nil
}

// head is the cache of the keys and values that query head i reads.
func (w *work) head(i int, p sparse.Plan) *sparse.Head {
	h := sparse.NewHead(w.kernels, w.keys.size, p.Block, w.keys.rows, p.Summaries)
	kv := i / (w.q.count / w.keys.count)
	for t := range w.keys.rows {
		h.Append(w.keys.row(kv, t), w.values.row(kv, t))
	}
	return h
}

// position is that of row r of the queries, which are the last ones.
func (w *work) position(r int) int { return w.keys.rows - w.q.rows + r }

// attend computes the attention of row r of head i over w.sel, and counts it.
func (w *work) attend(dst []float32, i, r int, h *sparse.Head) {
	n := w.sel.Count()
	w.read += n
	w.present += w.position(r) + 1
	scale := float32(1 / math.Sqrt(float64(h.Dim)))
	w.kernels.Attend(dst, make([]float32, n), w.q.row(i, r), h.Keys, h.Values, w.sel.Spans, scale)
}

// once lets the method select for the last query, or evict after it.
func (w *work) once(r *Result) error {
	seq, last := w.keys.rows, w.q.rows-1
	selected := make([]uint8, w.q.count*seq)
	lists := make([][]int, w.q.count)
	out := heads{count: w.q.count, rows: 1, size: w.q.size, data: make([]float32, w.q.count*w.q.size)}
	var scores []float32
	for i := range w.q.count {
		h := w.head(i, r.Plan)
		if e := r.Plan.Evictor; e != nil {
			n := min(e.Window(), seq)
			if n > w.q.rows {
				return input.Errorf("window", "%d queries vote, the file's q holds the last %d only", n, w.q.rows)
			}
			at := (i*w.q.rows + w.q.rows - n) * w.q.size
			e.Keep(&w.sel, w.q.data[at:at+n*w.q.size], 0, i, h)
		} else {
			r.Plan.Selector.Select(&w.sel, sparse.Query{Q: w.q.row(i, last), Position: seq - 1, Head: i}, h)
		}
		for _, span := range w.sel.Spans {
			for j := span.Start; j < span.End; j++ {
				selected[i*seq+j] = 1
				lists[i] = append(lists[i], j)
			}
		}
		scores = append(scores, w.sel.Scores...)
		w.attend(out.row(i, 0), i, last, h)
	}
	r.Selected = lists
	r.ReadFraction = float64(w.read) / float64(w.present)
	r.Tensors = []checkpoint.Tensor{
		checkpoint.NewU8("selected", []int{w.q.count, seq}, selected),
		checkpoint.NewF32("out", []int{w.q.count, w.q.size}, out.data),
	}
	if len(scores) > 0 {
		r.Tensors = append(r.Tensors, checkpoint.NewF32("score", []int{w.q.count, len(scores) / w.q.count}, scores))
	}
	return nil
}

// prefill lets the method select for every query.
func (w *work) prefill(r *Result, axes layout) {
	block := r.Plan.Block
	blocks := (w.keys.rows + block - 1) / block
	shape := []int{w.q.count, w.q.rows, blocks}
	selected := make([]uint8, w.q.count*w.q.rows*blocks)
	scores := make([]float32, len(selected))
	lists := make([][][]int, w.q.count)
	out := heads{count: w.q.count, rows: w.q.rows, size: w.q.size, data: make([]float32, len(w.q.data))}
	scored := false
	for i := range w.q.count {
		h := w.head(i, r.Plan)
		for t := range w.q.rows {
			r.Plan.Selector.Select(&w.sel, sparse.Query{Q: w.q.row(i, t), Position: w.position(t), Head: i}, h)
			at := (i*w.q.rows + t) * blocks
			picked := []int{}
			for _, span := range w.sel.Spans {
				for b := span.Start / block; b*block < span.End; b++ {
					selected[at+b] = 1
					picked = append(picked, b)
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
		axes.tensor("out", out),
	}
	if scored {
		r.Tensors = append(r.Tensors, checkpoint.NewF32("score", shape, scores))
	}
}
