// Package sparse holds the selection methods: given one head's cached keys and a
// query, which positions may the query read. Two kinds exist and share no
// interface: a Selector picks anew for every query (Quest, MoBA, ...), an Evictor
// looks once after the prefill and drops the rest for good (SnapKV). A method sees
// one head's cache and nothing else: no model, no tracing.
package sparse

import "kvscope/engine/ops"

// Query is one query of one head, at the moment it selects.
type Query struct {
	Q        []float32 // rotated query, [Dh]
	Position int       // its position; it may read positions 0..Position
	Layer    int
	Head     int
}

// Selection is what one query of one head may read.
type Selection struct {
	// Spans are the selected positions, ascending, disjoint, within [0, Position].
	Spans []ops.Span
	// Unit is the number of positions in a candidate: the block size, or 1.
	Unit int
	// Scores holds the method's score of every candidate i, which stands for
	// positions [i*Unit, (i+1)*Unit); empty when the method does not score.
	Scores []float32
}

// Selector picks positions for each query anew.
type Selector interface {
	// Select writes to dst (whose slices it reuses) what q may read of h, which
	// already holds the key at q.Position. It is deterministic: ties go to the
	// lower index. It may be called for different heads concurrently.
	Select(dst *Selection, q Query, h *Head)
}

// Evictor keeps part of a head's cache once, after the prefill.
type Evictor interface {
	// Window is how many of the last queries of the prefill Keep observes.
	Window() int
	// Keep writes to dst the positions of h that stay, ascending, given the last
	// queries of the prefill, [w, Dh], w = min(Window(), h.Len).
	Keep(dst *Selection, window []float32, layer, head int, h *Head)
}
