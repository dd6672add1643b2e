package model

import (
	"fmt"
	"math"

	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// queryChunk is how many dense queries share one product with the keys.
const queryChunk = 64

// attend computes the attention of the chunk's queries of head h of layer l,
// [T, Dh], into s.buf.attn. A query that selects, or is observed, reads alone;
// the others read everything before them, many at a time.
func (s *Session) attend(l, h int, cache *sparse.Head, query ops.Matrix) {
	out := ops.Dense(s.buf.attn, s.buf.rows, s.model.cfg.Dim).Slice(0, s.buf.rows, h*cache.Dim, (h+1)*cache.Dim)
	for t := 0; t < s.buf.rows; {
		if s.alone(s.length + t) {
			s.attendOne(l, h, cache, query.Row(t), s.length+t, out.Row(t))
			t++
			continue
		}
		end := t + 1
		for end < s.buf.rows && end-t < queryChunk && !s.alone(s.length+end) {
			end++
		}
		s.attendDense(cache, query.Slice(t, end, 0, cache.Dim), s.length+t, out.Slice(t, end, 0, cache.Dim))
		t = end
	}
}

// alone reports whether the query at position is attended to by itself.
func (s *Session) alone(position int) bool {
	return s.buf.rows == 1 || s.selects(position) || s.kept != nil ||
		s.opt.Observe != nil && position >= s.opt.ObserveFrom
}

// selects reports whether the selector decides what the query at position reads.
func (s *Session) selects(position int) bool {
	return s.opt.Selector != nil && position >= s.opt.SelectFrom && position < s.opt.SelectTo
}

// attendOne lets one query select, read, and be observed.
func (s *Session) attendOne(l, h int, cache *sparse.Head, q []float32, position int, dst []float32) {
	sel := &s.selection
	query := sparse.Query{Q: q, Position: position, Layer: l, Head: h}
	switch {
	case s.kept != nil:
		kept := &s.kept[l][h]
		sel.Unit, sel.Scores = kept.Unit, kept.Scores
		sel.Spans = append(append(sel.Spans[:0], kept.Spans...), ops.Span{Start: s.evictedAt, End: position + 1})
	case s.selects(position):
		s.opt.Selector.Select(sel, query, cache)
	default:
		sel.Unit, sel.Scores = cache.Block, sel.Scores[:0]
		sel.Spans = append(sel.Spans[:0], ops.Span{Start: 0, End: position + 1})
	}
	n := 0
	for _, span := range sel.Spans {
		n += span.Len()
	}
	scale := float32(1 / math.Sqrt(float64(cache.Dim)))
	s.model.kernels.Attend(dst, s.scratch(n), q, cache.Keys, cache.Values, sel.Spans, scale)
	if s.opt.Observe != nil && position >= s.opt.ObserveFrom {
		s.opt.Observe(&Attended{Query: query, Selection: sel, Cache: cache})
	}
}

// attendDense computes causal attention of the queries [n, Dh] at positions
// first, first+1, ... over everything before them, into dst [n, Dh].
func (s *Session) attendDense(cache *sparse.Head, query ops.Matrix, first int, dst ops.Matrix) {
	n, k := query.Rows, s.model.kernels
	length := first + n
	weights := ops.Dense(s.scratch(n*length), n, length)
	k.MatMul(weights, query, ops.Dense(cache.Keys, length, cache.Dim).T(), false)
	for i := range n {
		row := weights.Row(i)
		for j := first + i + 1; j < length; j++ {
			row[j] = float32(math.Inf(-1))
		}
	}
	k.Softmax(weights.Data[:n*length], length, float32(1/math.Sqrt(float64(cache.Dim))))
	k.MatMul(dst, weights, ops.Dense(cache.Values, length, cache.Dim), false)
}

// scratch returns n floats for attention weights.
func (s *Session) scratch(n int) []float32 {
	if cap(s.scores) < n {
		s.scores = make([]float32, n)
	}
	return s.scores[:n]
}

// remember keeps the last Options.Window rotated queries of layer l.
func (s *Session) remember(l int, query ops.Matrix) {
	if s.opt.Window == 0 {
		return
	}
	d := query.Cols
	for t := max(0, query.Rows-s.opt.Window); t < query.Rows; t++ {
		s.queries[l] = append(s.queries[l], query.Row(t)...)
	}
	if extra := len(s.queries[l]) - s.opt.Window*d; extra > 0 {
		s.queries[l] = append(s.queries[l][:0], s.queries[l][extra:]...)
	}
}

// Evict lets e decide, once and for every head, which of the positions seen so far
// later queries may read. The entries stay in memory so that the dense attention
// they are compared with can still be computed; the attention that runs reads the
// kept ones only.
func (s *Session) Evict(e sparse.Evictor) error {
	if s.kept != nil {
		return fmt.Errorf("session: evicted twice")
	}
	if e.Window() > s.opt.Window {
		return fmt.Errorf("session: the method observes %d queries, the session kept %d", e.Window(), s.opt.Window)
	}
	dh := s.model.cfg.HeadDim()
	s.kept = make([][]sparse.Selection, len(s.heads))
	for l, heads := range s.heads {
		s.kept[l] = make([]sparse.Selection, len(heads))
		n := min(e.Window(), len(s.queries[l])/s.model.cfg.Dim)
		rows := ops.Dense(s.queries[l][len(s.queries[l])-n*s.model.cfg.Dim:], n, s.model.cfg.Dim)
		for h, cache := range heads {
			window := make([]float32, 0, n*dh)
			for t := range n {
				window = append(window, rows.Row(t)[h*dh:(h+1)*dh]...)
			}
			e.Keep(&s.kept[l][h], window, l, h, cache)
		}
	}
	s.evictedAt = s.length
	return nil
}
