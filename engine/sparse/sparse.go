package sparse

import (
	"slices"

	"kvscope/engine/ops"
)

// Query is one query of one head, at the moment it selects.
type Query struct {
	Q        []float32 // rotated query, [Dh]
	Position int       // its position; it may read positions 0..Position
	Layer    int
	Head     int
}

// Selection holds the positions that one query of one head may read.
type Selection struct {
	// Spans are the selected positions, ascending, disjoint, within [0, Position].
	Spans []ops.Span
	// Unit is the number of positions in a candidate: the block size, or 1.
	Unit int
	// Scores holds the method's score of every candidate i, which stands for
	// positions [i*Unit, (i+1)*Unit); empty when the method does not score. +Inf
	// marks a candidate that is kept without being scored.
	Scores []float32

	bounds  []float32 // of pages of kept positions, see RocketKV; nil where there are none
	paged   []int     // those positions, ascending
	picked  []int     // scratch: candidates chosen by score
	visible []float32 // scratch: summary of a block that the query's position cuts
	weights []float32 // scratch: attention weights
}

// Count is the number of positions selected.
func (s *Selection) Count() int {
	n := 0
	for _, span := range s.Spans {
		n += span.Len()
	}
	return n
}

// Has reports whether position is selected.
func (s *Selection) Has(position int) bool {
	for _, span := range s.Spans {
		if position < span.End {
			return position >= span.Start
		}
	}
	return false
}

// Clone is a selection of the same positions with memory of its own.
func (s *Selection) Clone() Selection {
	return Selection{Spans: slices.Clone(s.Spans), Unit: s.Unit, Scores: slices.Clone(s.Scores)}
}

// reset empties s for candidates of unit positions, keeping its memory.
func (s *Selection) reset(unit int) {
	s.Unit, s.Spans, s.Scores = unit, s.Spans[:0], s.Scores[:0]
}

// add selects [start, end), which must not begin before the last span does, and
// joins it to that span when they touch or overlap.
func (s *Selection) add(start, end int) {
	if n := len(s.Spans); n > 0 && start <= s.Spans[n-1].End {
		s.Spans[n-1].End = max(s.Spans[n-1].End, end)
	} else if start < end {
		s.Spans = append(s.Spans, ops.Span{Start: start, End: end})
	}
}

// Since makes s what a query at position reads after an eviction that saw length
// positions: those that it kept, and every one appended since.
func (s *Selection) Since(kept *Selection, length, position int) {
	s.Unit, s.Scores, s.bounds, s.paged = kept.Unit, kept.Scores, kept.bounds, kept.paged
	s.Spans = append(append(s.Spans[:0], kept.Spans...), ops.Span{Start: length, End: position + 1})
}

// Extended is a selection of the same positions and of [from, to), which came after them,
// with memory of its own. What came has no votes: its scores are 0, where there are any.
func (s *Selection) Extended(from, to int) Selection {
	out := s.Clone()
	out.add(from, to)
	if len(out.Scores) > 0 {
		out.Scores = append(out.Scores, make([]float32, max(0, to-len(out.Scores)))...)
	}
	return out
}

// resize returns x with length n; its contents are not kept.
func resize(x []float32, n int) []float32 {
	if cap(x) < n {
		return make([]float32, n)
	}
	return x[:n]
}

// Selector picks positions for each query anew.
type Selector interface {
	// Select writes to dst (whose slices it reuses) what q may read of h, which
	// already holds the key at q.Position. It is deterministic: ties go to the
	// lower index. It may be called for different heads concurrently.
	Select(dst *Selection, q Query, h *KVCache)
}

// Evictor keeps part of a head's cache once, after the prefill.
type Evictor interface {
	// Window is how many of the last queries of the prefill Keep observes.
	Window() int
	// Keep writes to dst the positions of h that stay, ascending, given the last
	// queries of the prefill, [w, Dh], w = min(Window(), h.Len).
	Keep(dst *Selection, window []float32, layer, head int, h *KVCache)
}
