package sparse

// Prefiller is a Selector that looks at all queries of the prompt before the first of them
// reads: a prompt is read in one piece for it.
type Prefiller interface {
	Selector
	// Prefill returns what selects for the queries of a head, given the last ones of h,
	// [w, Dh], which holds the keys up to theirs. Queries after them may come too.
	Prefill(queries []float32, h *KVCache) Selector
}

// Prefill lets s look at the queries of a head, [w, Dh], the last ones of h, and returns what
// selects for them: s itself, unless it is a Prefiller.
func Prefill(s Selector, queries []float32, h *KVCache) Selector {
	if p, ok := s.(Prefiller); ok && len(queries) > 0 {
		return p.Prefill(queries, h)
	}
	return s
}

// upTo is h as it was when position was the last one.
func upTo(h *KVCache, position int) *KVCache {
	seen := *h
	seen.Len = position + 1
	return &seen
}

// alone selects for a query that comes without the others of its prompt, as if it were all
// of them.
func alone(m Prefiller, dst *Selection, q Query, h *KVCache) {
	blocksBefore(q, h)
	m.Prefill(q.Q, upTo(h, q.Position)).Select(dst, q, h)
}
