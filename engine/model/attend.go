package model

import (
	"fmt"
	"math"
	"slices"

	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// attendAll appends the chunk's keys and values [T, Hkv*Dh] to the caches of layer l,
// and the keys that methods select by where they are others, and computes the
// attention of its queries into s.buf.attn. Heads are shared among the cores, except
// that those whose queries are observed one by one go in order.
func (s *Session) attendAll(l int, query, key, value, ranked ops.Matrix) {
	c, rows := s.model.cfg, s.buf.rows
	dh := c.HeadDim
	if s.next != nil && s.next[l] != nil {
		s.kept[l], s.next[l], s.decided[l] = s.next[l], nil, s.length
	}
	parallelFor(c.KVHeads, 8*key.Cols*rows, func(_, lo, hi int) {
		for h := lo; h < hi; h++ {
			extend(s.heads[l][h], key, value, h)
			if s.rankedBy != nil {
				extend(s.rankedBy[l][h], ranked, value, h)
			}
		}
	})
	// A long chunk computes, a short one reads keys and values.
	bytes := 8 * query.Cols * (s.length + rows) * max(1, rows/4)
	if rows > 1 && s.observes(s.length+rows-1) {
		bytes = 0
	}
	parallelFor(c.Heads, bytes, func(part, lo, hi int) {
		for h, end := lo, 0; h < hi; h = end {
			if part == 0 && !s.pause(l) { // the part of the goroutine that the pass runs on
				return
			}
			if end = h + 1; rows > 1 {
				s.attend(l, h, s.Cache(l, h), query.Slice(0, rows, h*dh, end*dh), &s.scores[part])
				continue
			}
			end = min(hi, (h/c.Group()+1)*c.Group())
			s.attendStep(l, h, end, query, &s.scores[part])
		}
	})
	if s.opt.Joint.Any() {
		s.attendTogether(l, query, bytes)
	}
	if rows == 1 && s.observes(s.length) {
		for h := range c.Heads {
			s.observe(l, h, s.Cache(l, h), query.Row(0)[h*dh:(h+1)*dh], s.length, s.buf.attn[h*dh:(h+1)*dh])
		}
	}
	if s.next != nil && s.evicted(s.length) {
		s.evictStep(l, query)
	}
}

// attendTogether is attend for the queries of the chunk [T, H*Dh] whose heads select together,
// which are shared among the cores.
func (s *Session) attendTogether(l int, query ops.Matrix, bytes int) {
	heads, dh := s.model.cfg.Heads, s.model.cfg.HeadDim
	parallelFor(s.buf.rows, bytes, func(part, lo, hi int) {
		picks, weights := s.selection, []float32(nil)
		if part > 0 {
			picks = make([]sparse.Selection, heads)
		}
		for t := lo; t < hi; t++ {
			position := s.length + t
			if !s.together(position) {
				continue
			}
			if part == 0 && !s.pause(l) {
				return
			}
			row := func(h int) []float32 { return query.Row(t)[h*dh : (h+1)*dh] }
			out := s.buf.attn[t*heads*dh:][:heads*dh]
			s.choose(picks, l, position, row)
			s.readHeads(l, 0, picks, query.Row(t), out, &weights)
			if s.buf.rows == 1 || !s.observes(position) {
				continue
			}
			for h := range picks {
				s.observe(l, h, s.Cache(l, h), row(h), position, out[h*dh:(h+1)*dh])
			}
		}
	})
}

// choose writes to dst, by query head, what the queries of a position in layer l read whose
// heads select together.
func (s *Session) choose(dst []sparse.Selection, l, position int, query func(h int) []float32) {
	queries, caches := make([]sparse.Query, len(dst)), make([]*sparse.KVCache, len(dst))
	for h := range dst {
		queries[h] = sparse.Query{Q: query(h), Position: position, Layer: l, Head: h}
		caches[h] = s.ranked(l, h)
	}
	s.opt.Joint.Select(s.opt.Selector, dst, queries, caches)
}

// together reports whether the heads of a layer select together at position.
func (s *Session) together(position int) bool { return s.opt.Joint.Any() && s.selects(position) }

// evictStep lets an eviction go on by the query [1, H*Dh] of a step that has read. What it
// leaves counts from the next step on, since this one may be looked into again.
func (s *Session) evictStep(l int, query ops.Matrix) {
	next := make([]sparse.Selection, len(s.kept[l]))
	for h := range next {
		next[h] = s.kept[l][h].Extended(s.decided[l], s.length)
	}
	of := s.layer(l, query)
	of.Paid = s.paid
	sparse.EvictStep(s.evictor, next, of)
	s.next[l] = next
}

// layer is layer l as an eviction sees it that observes the queries [w, H*Dh].
func (s *Session) layer(l int, queries ops.Matrix) sparse.Layer {
	c := s.model.cfg
	out := sparse.Layer{Index: l, Count: c.Layers}
	for h := range c.Heads {
		window := make([]float32, 0, queries.Rows*c.HeadDim)
		for t := range queries.Rows {
			window = append(window, queries.Row(t)[h*c.HeadDim:(h+1)*c.HeadDim]...)
		}
		out.Windows, out.Caches = append(out.Windows, window), append(out.Caches, s.ranked(l, h))
	}
	return out
}

// extend appends head h of keys and values [T, Hkv*Dh] to its cache.
func extend(cache *sparse.KVCache, key, value ops.Matrix, h int) {
	dh := cache.Dim
	for t := range key.Rows {
		cache.Append(key.Row(t)[h*dh:(h+1)*dh], value.Row(t)[h*dh:(h+1)*dh])
	}
}

// attendStep computes the attention of heads [lo, hi) of layer l for the queries [1, H*Dh] of
// a step into s.buf.attn.
func (s *Session) attendStep(l, lo, hi int, query ops.Matrix, scores *[]float32) {
	dh := s.model.cfg.HeadDim
	for h := lo; h < hi; h++ {
		s.look(l, h, query.Slice(0, 1, h*dh, (h+1)*dh))
	}
	if s.together(s.length) {
		return // see attendTogether
	}
	q := query.Row(0)
	for h := lo; h < hi; h++ {
		s.Choose(&s.selection[h], sparse.Query{Q: q[h*dh : (h+1)*dh], Position: s.length, Layer: l, Head: h})
	}
	s.readHeads(l, lo, s.selection[lo:hi], q[lo*dh:hi*dh], s.buf.attn[lo*dh:hi*dh], scores)
}

// readHeads computes the attention of the queries [n, Dh] of n heads of layer l from head
// first on over what each selected, into dst [n, Dh]. Heads that share keys and values and
// selected the same read them once.
func (s *Session) readHeads(l, first int, picks []sparse.Selection, query, dst []float32, scores *[]float32) {
	dh, shared := s.model.cfg.HeadDim, s.model.cfg.Group()
	for lo, hi := 0, 0; lo < len(picks); lo = hi {
		hi = lo + 1
		for hi < len(picks) && (first+hi)%shared != 0 && slices.Equal(picks[hi].Spans, picks[lo].Spans) {
			hi++
		}
		s.read(s.Cache(l, first+lo), query[lo*dh:hi*dh], &picks[lo], dst[lo*dh:hi*dh], scores)
		if s.paid != nil && s.evicted(s.length) {
			n := picks[lo].Count()
			for h := lo; h < hi; h++ {
				s.paid[first+h] = append(s.paid[first+h][:0], (*scores)[(h-lo)*n:][:n]...)
			}
		}
	}
}

// attend computes the attention of the chunk's queries of head h of layer l,
// [T, Dh], into s.buf.attn. A query that selects, or is observed, reads alone;
// the others read everything before them, many at a time.
func (s *Session) attend(l, h int, cache *sparse.KVCache, query ops.Matrix, scores *[]float32) {
	s.look(l, h, query)
	out := ops.Dense(s.buf.attn, s.buf.rows, s.model.cfg.QueryDim()).Slice(0, s.buf.rows, h*cache.Dim, (h+1)*cache.Dim)
	for t := 0; t < s.buf.rows; {
		if s.together(s.length + t) {
			t++
			continue // see attendTogether
		}
		if s.alone(s.length + t) {
			s.Choose(&s.selection[h], sparse.Query{Q: query.Row(t), Position: s.length + t, Layer: l, Head: h})
			s.read(cache, query.Row(t), &s.selection[h], out.Row(t), scores)
			if s.observes(s.length + t) {
				s.observe(l, h, cache, query.Row(t), s.length+t, out.Row(t))
			}
			t++
			continue
		}
		end := t + 1
		for end < s.buf.rows && !s.alone(s.length+end) {
			end++
		}
		s.attendDense(cache, query.Slice(t, end, 0, cache.Dim), s.length+t, out.Slice(t, end, 0, cache.Dim))
		t = end
	}
}

// look lets a selector that wants to see the queries [T, Dh] of a head's prompt before they
// read, once.
func (s *Session) look(l, h int, query ops.Matrix) {
	if s.prefilled == nil || s.prefilled[l][h] != nil || !s.selects(s.length) {
		return
	}
	queries := make([]float32, 0, query.Rows*query.Cols)
	for t := range query.Rows {
		queries = append(queries, query.Row(t)...)
	}
	s.prefilled[l][h] = sparse.Prefill(s.opt.Selector, queries, s.ranked(l, h))
}

// selector is the selector of one head: the one that has seen the queries of the head's
// prompt, where the method wants to see them, else that of the session.
func (s *Session) selector(l, h int) sparse.Selector {
	if s.prefilled != nil && s.prefilled[l][h] != nil {
		return s.prefilled[l][h]
	}
	return s.opt.Selector
}

// alone reports whether the query at position is attended to by itself.
func (s *Session) alone(position int) bool {
	return s.selects(position) || s.evicted(position) || s.observes(position)
}

// observes reports whether somebody wants to know what the query at position reads.
func (s *Session) observes(position int) bool {
	return s.opt.Observe != nil && position >= s.opt.ObserveFrom
}

// observe tells what the query of head h that was attended to last has read, and what came
// of it.
func (s *Session) observe(l, h int, cache *sparse.KVCache, q []float32, position int, out []float32) {
	query := sparse.Query{Q: q, Position: position, Layer: l, Head: h}
	s.opt.Observe(&Attended{Query: query, Selection: &s.selection[h], Cache: cache, Out: out})
}

// selects reports whether the selector decides what the query at position reads.
func (s *Session) selects(position int) bool {
	return s.opt.Selector != nil && position >= s.opt.SelectFrom && position < s.opt.SelectTo
}

// evicted reports whether the query at position reads what an eviction left.
func (s *Session) evicted(position int) bool { return s.kept != nil && position >= s.opt.EvictFrom }

// read computes the attention of the queries q [n, Dh] over what they selected, into dst
// [n, Dh].
func (s *Session) read(cache *sparse.KVCache, q []float32, sel *sparse.Selection, dst []float32, scores *[]float32) {
	scale, queries := float32(1/math.Sqrt(float64(cache.Dim))), len(q)/cache.Dim
	s.model.kernels.Attend(dst, scratch(scores, queries*sel.Count()), q, cache.Keys, cache.Values, sel.Spans, scale, queries)
}

// ChooseLayer is Choose for the queries of all heads of a layer at a position, of those that
// Options.Window kept.
func (s *Session) ChooseLayer(dst []sparse.Selection, l, position int) {
	if s.together(position) {
		s.choose(dst, l, position, func(h int) []float32 { return s.Query(l, h, position) })
		return
	}
	for h := range dst {
		s.Choose(&dst[h], sparse.Query{Q: s.Query(l, h, position), Position: position, Layer: l, Head: h})
	}
}

// Choose writes to dst what the query reads: what is left of an eviction, what the
// selector picks, or everything before it.
func (s *Session) Choose(dst *sparse.Selection, q sparse.Query) {
	cache := s.ranked(q.Layer, q.Head)
	switch {
	case s.evicted(q.Position):
		dst.Since(&s.kept[q.Layer][q.Head], s.decided[q.Layer], q.Position)
		sparse.Narrow(s.evictor, dst, q, cache)
	case s.selects(q.Position):
		s.selector(q.Layer, q.Head).Select(dst, q, cache)
	default:
		dst.Unit, dst.Scores = cache.Block, dst.Scores[:0]
		dst.Spans = append(dst.Spans[:0], ops.Span{Start: 0, End: q.Position + 1})
	}
}

// attendDense computes causal attention of the queries [n, Dh] at positions
// first, first+1, ... over everything before them, into dst [n, Dh].
func (s *Session) attendDense(cache *sparse.KVCache, query ops.Matrix, first int, dst ops.Matrix) {
	length := first + query.Rows
	s.model.kernels.AttendCausal(ops.CausalAttention{
		Out: dst, Query: query, Keys: ops.Dense(cache.Keys, length, cache.Dim), Values: ops.Dense(cache.Values, length, cache.Dim),
		Scale: float32(1 / math.Sqrt(float64(cache.Dim))),
	})
}

// scratch returns n floats for attention weights, of held or in its place.
func scratch(held *[]float32, n int) []float32 {
	if cap(*held) < n {
		*held = make([]float32, n)
	}
	return (*held)[:n]
}

// remember keeps the last Options.Window rotated queries of layer l.
func (s *Session) remember(l int, query ops.Matrix) {
	if s.opt.Window == 0 {
		return
	}
	d := query.Cols
	if s.queries[l] == nil {
		s.queries[l] = make([]float32, 0, min(s.opt.Window, s.opt.Capacity)*d)
	}
	for t := max(0, query.Rows-s.opt.Window); t < query.Rows; t++ {
		s.queries[l] = append(s.queries[l], query.Row(t)...)
	}
	if extra := len(s.queries[l]) - s.opt.Window*d; extra > 0 {
		s.queries[l] = append(s.queries[l][:0], s.queries[l][extra:]...)
	}
}

// Kept lists the positions that the last eviction left, [L][H], nil before one. Not to be changed.
func (s *Session) Kept() [][]sparse.Selection { return slices.Clone(s.kept) }

// Evict lets e decide, once, or first and then after every step, for every head, which of the positions seen so far
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
	c := s.model.cfg
	d := c.QueryDim()
	kept := make([][]sparse.Selection, len(s.heads))
	for l := range kept {
		kept[l] = make([]sparse.Selection, c.Heads)
	}
	sparse.KeepModel(e, kept, func(l int) (sparse.Layer, bool) {
		if !s.pause(l) {
			return sparse.Layer{}, false
		}
		n := min(e.Window(), len(s.queries[l])/d)
		return s.layer(l, ops.Dense(s.queries[l][len(s.queries[l])-n*d:], n, d)), true
	})
	if s.paused != nil {
		return s.paused
	}
	return s.EvictAs(e, kept)
}

// EvictAs is Evict where e has decided already, by the same positions: kept, [L][H], which
// any number of sessions may share.
func (s *Session) EvictAs(e sparse.Evictor, kept [][]sparse.Selection) error {
	if s.kept != nil {
		return fmt.Errorf("session: evicted twice")
	}
	s.kept, s.decided, s.evictor = slices.Clone(kept), make([]int, len(kept)), e
	for l := range s.decided {
		s.decided[l] = s.length
	}
	if _, steps := e.(sparse.StepEvictor); steps {
		s.next = make([][]sparse.Selection, len(s.kept))
		if s.rankedBy == nil {
			s.paid = make([][]float32, s.model.cfg.Heads)
		}
	}
	return nil
}
