package sparse

// Quest selects, for each query, the K blocks with the greatest upper bound on
// their keys' dot products with it (Tang et al., arXiv:2406.10774, section 3.3):
//
//	s_b = Σ_c max(q[c]·min_b[c], q[c]·max_b[c])
//
// with min_b and max_b [Dh] the per-channel bounds of the keys of block b that the
// query may read. Scores are unscaled, [blocks].
type Quest struct {
	Blocks int // K

	// Public follows the authors' evaluation code: at least 3 blocks, none forced.
	// Otherwise the first and the query's own block are among the K.
	Public bool
}

// Validate reports the first field out of range.
func (m Quest) Validate() error { return FirstAndLocal.validate(m.Blocks) }

// Select implements Selector.
func (m Quest) Select(dst *Selection, q Query, h *Head) {
	dst.reset(h.Block)
	boundScores(dst, q, h)
	m.pick(dst, q, h)
}

// Reselect implements Reselector.
func (m Quest) Reselect(dst *Selection, q Query, h *Head, scores []float32) bool {
	if !dst.rescore(h.Block, blocksBefore(q, h), scores) {
		return false
	}
	m.pick(dst, q, h)
	return true
}

// pick picks by dst.Scores.
func (m Quest) pick(dst *Selection, q Query, h *Head) {
	if m.Public {
		NoneForced.pickTop(dst, q, h, max(3, m.Blocks))
	} else {
		FirstAndLocal.pickTop(dst, q, h, m.Blocks)
	}
}
