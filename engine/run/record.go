package run

import (
	"math"

	"kvscope/engine/figures"
	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// recorder turns what the attention read into trace events. It is called by the
// attention that ran, so a selection in the trace is the one that was used.
type recorder struct {
	kernels *ops.Kernels
	sink    trace.Sink
	tally   *figures.Tally
	prompt  int   // tokens of the prompt
	block   int   // of the run
	gold    []int // gold position of every answer step
	err     error // first error of the sink

	attention []figures.Attention // dense, of the answer's queries, by head; nil before the first

	rows map[[2]int]*trace.Selection // prefill rows being gathered, by layer and head
	mass []float32

	room  int  // bytes of scores and attention that may still be emitted
	light *int // first step without, nil while all have theirs
}

// lookBytes bounds the scores and the attention of single candidates in a run's events:
// what a page keeps of them, and a slow one is behind by. 270 heads over 8,192 tokens,
// scored one by one, have 18 MB of them at every step.
const lookBytes = 128 << 20

// rowsBytes bounds the picks of the queries of the prompt of one head, which are one event.
const rowsBytes = 8 << 20

// observe records one query of one head.
func (r *recorder) observe(a *model.Attended) {
	if r.err != nil {
		return
	}
	if a.Position < r.prompt-1 {
		r.gather(a)
		return
	}
	s := answerStep(a.Query, a.Selection, r.prompt)
	s.Mass = r.denseMass(a, s.Unit, s.Candidates)
	if a.Out != nil {
		r.tally.AddError(s.Layer, s.Head, r.outputError(a))
	}
	gold := -1
	if s.Step < len(r.gold) {
		gold = r.gold[s.Step]
	}
	r.tally.Add(s, gold)
	if r.attention == nil {
		r.attention = make([]figures.Attention, r.tally.Heads())
	}
	r.attention[r.tally.At(s)].Add(r.mass[:a.Position+1], gold)
	r.fit(s)
	r.err = r.sink.Emit(s)
}

// hits are the figures of all heads.
func (r *recorder) hits() []trace.Hit {
	out := r.tally.Hits()
	for i := range r.attention {
		if s := r.attention[i].Shares(); s != nil {
			out[i].Attention, out[i].Kind = s, figures.KindOf(*s)
		}
	}
	return out
}

// fit takes scores and attention away from s where those of its step, of all heads, are
// more than there is room for.
func (r *recorder) fit(s *trace.Selection) {
	if s.Layer == 0 && s.Head == 0 && r.light == nil { // the first head of every step
		r.room -= 4 * r.tally.Heads() * (len(s.Scores) + len(s.Mass))
		if r.room < 0 {
			r.light = new(s.Step)
		}
	}
	if r.light != nil && s.Step >= *r.light {
		s.Scores, s.Mass = nil, nil
	}
}

// answerStep makes the event of sel, the selection of a query q of the answer to a prompt of
// so many tokens.
func answerStep(q sparse.Query, sel *sparse.Selection, prompt int) *trace.Selection {
	s := &trace.Selection{
		Step: q.Position - (prompt - 1), Layer: q.Layer, Head: q.Head, First: q.Position, Queries: 1,
		Unit: sel.Unit, Candidates: q.Position/sel.Unit + 1,
	}
	s.Picked = make([]byte, (s.Candidates+7)/8)
	mark(s.Picked, sel.Spans, s.Unit)
	if len(sel.Scores) > 0 {
		// What came after an eviction is always read, as its window was.
		s.Scores = make([]float32, s.Candidates)
		for i := copy(s.Scores, sel.Scores); i < len(s.Scores); i++ {
			s.Scores[i] = float32(math.Inf(1))
		}
	}
	return s
}

// mark sets the bit of every candidate that spans touch.
func mark(bits []byte, spans []ops.Span, unit int) {
	for _, span := range spans {
		for i := span.Start / unit; i*unit < span.End; i++ {
			bits[i/8] |= 1 << (i % 8)
		}
	}
}

// gather adds a prefill query to its head's event.
func (r *recorder) gather(a *model.Attended) {
	at := [2]int{a.Layer, a.Head}
	r.tally.Count(a.Selection.Count(), a.Position+1)
	unit := a.Selection.Unit
	if rows := r.prompt * (r.prompt/unit + 7) / 8; rows > rowsBytes || rows*r.tally.Heads() > lookBytes {
		unit = r.block // candidates that a query read something of
	}
	s := r.rows[at]
	if s == nil {
		s = &trace.Selection{
			Step: -1, Layer: a.Layer, Head: a.Head, First: a.Position,
			Unit: unit, Candidates: (r.prompt-1)/unit + 1,
		}
		r.rows[at] = s
	}
	row := make([]byte, (s.Candidates+7)/8)
	mark(row, a.Selection.Spans, unit)
	s.Picked = append(s.Picked, row...)
	s.Queries++
}

// flush emits the gathered prefill events, layer by layer.
func (r *recorder) flush(layers, heads int) error {
	for l := range layers {
		for h := range heads {
			r.flushHead(l, h)
		}
	}
	return r.err
}

// flushHead emits what was gathered of one head.
func (r *recorder) flushHead(layer, head int) {
	at := [2]int{layer, head}
	if s := r.rows[at]; s != nil && r.err == nil {
		r.err = r.sink.Emit(s)
	}
	delete(r.rows, at)
}

// denseMass is the share of the dense attention of a query, softmax(q·K/sqrt(Dh))
// over everything before it, that falls on each candidate.
func (r *recorder) denseMass(a *model.Attended, unit, candidates int) []float32 {
	n, h := a.Position+1, a.Cache
	if cap(r.mass) < n {
		r.mass = make([]float32, 2*n)
	}
	w := r.mass[:n]
	r.kernels.DotRows(w, a.Q, h.Keys[:n*h.Dim])
	r.kernels.Softmax(w, n, h.Scale)
	mass := make([]float32, candidates)
	for j, p := range w {
		mass[j/unit] += p
	}
	return mass
}

// outputError is how far the output of a query is from that of dense attention over the
// same cache, ‖o − o_dense‖₂/‖o_dense‖₂. r.mass holds the dense weights.
func (r *recorder) outputError(a *model.Attended) float64 {
	n, h := a.Position+1, a.Cache
	if a.Selection.Count() == n {
		return 0
	}
	dense := make([]float32, h.Dim)
	r.kernels.MatMul(ops.Dense(dense, 1, h.Dim), ops.Dense(r.mass[:n], 1, n), ops.Dense(h.Values[:n*h.Dim], n, h.Dim), false)
	var off, all float64
	for c, v := range dense {
		d := float64(a.Out[c]) - float64(v)
		off, all = off+d*d, all+float64(v)*float64(v)
	}
	return math.Sqrt(off / max(all, math.SmallestNonzeroFloat64))
}
