package sparse

// MoBA selects, for each query of the prefill, the K blocks whose mean key has the
// greatest dot product with it (Lu et al., arXiv:2502.13189, section 2.2):
//
//	s_b = q · mean(keys of block b)
//
// over the keys the query may read, [blocks]. The query's own block is always
// among the K, so what competes are complete past blocks, and no mean ever holds
// a key from the query's future.
type MoBA struct {
	Blocks int // K

	// Public follows the authors' code: nothing but the query's own block is
	// forced. Otherwise the first block is too.
	Public bool
}

// Validate reports the first field out of range.
func (m MoBA) Validate() error { return FirstAndLocal.validate(m.Blocks) }

// Select implements Selector.
func (m MoBA) Select(dst *Selection, q Query, h *Head) {
	dst.reset(h.Block)
	meanScores(dst, q, h)
	m.pick(dst, q, h)
}

// Reselect implements Reselector.
func (m MoBA) Reselect(dst *Selection, q Query, h *Head, scores []float32) bool {
	if !dst.rescore(h.Block, blocksBefore(q, h), scores) {
		return false
	}
	m.pick(dst, q, h)
	return true
}

// pick picks by dst.Scores.
func (m MoBA) pick(dst *Selection, q Query, h *Head) {
	if m.Public {
		LocalOnly.pickTop(dst, q, h, m.Blocks)
	} else {
		FirstAndLocal.pickTop(dst, q, h, m.Blocks)
	}
}
