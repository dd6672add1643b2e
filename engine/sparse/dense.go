package sparse

// Dense reads every position up to the query's: no method at all.
type Dense struct{}

// Select implements Selector.
func (Dense) Select(dst *Selection, q Query, h *Head) {
	blocksBefore(q, h)
	dst.reset(h.Block)
	dst.add(0, q.Position+1)
}

// Reselect implements Reselector: it asks for no scores.
func (m Dense) Reselect(dst *Selection, q Query, h *Head, _ []float32) bool {
	m.Select(dst, q, h)
	return true
}

// DenseFirst reads everything in the first layers and leaves the others to Rest.
// Quest's public code does so with the first two (arXiv:2406.10774, section 4.1);
// the paper's runs apply a method to every layer.
type DenseFirst struct {
	Layers int
	Rest   Selector
}

// Select implements Selector.
func (m DenseFirst) Select(dst *Selection, q Query, h *Head) {
	if q.Layer < m.Layers {
		Dense{}.Select(dst, q, h)
		return
	}
	m.Rest.Select(dst, q, h)
}

// Reselect implements Reselector, where Rest does.
func (m DenseFirst) Reselect(dst *Selection, q Query, h *Head, scores []float32) bool {
	if q.Layer < m.Layers {
		return Dense{}.Reselect(dst, q, h, scores)
	}
	rest, ok := m.Rest.(Reselector)
	return ok && rest.Reselect(dst, q, h, scores)
}
