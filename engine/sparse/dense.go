package sparse

// denseMethod is the entry of Dense in the list of methods.
func denseMethod() Info {
	return Info{
		ID: DefaultMethod, Name: "Dense", Family: FamilyDense, Unit: UnitBlock, Phase: PhaseDecode, Scores: ScoresNone,
		Help:   "reads everything",
		Params: []Param{},
		plan: func(s Settings) (Plan, error) {
			return Plan{Selector: Dense{}, K: s.allBlocks()}, nil
		},
	}
}

// Dense reads every position up to the query's: no method at all. Time O(P·Dh) a query, memory
// nothing.
type Dense struct{ Pattern }

// Select implements Selector.
func (Dense) Select(dst *Selection, q Query, h *KVCache) {
	blocksBefore(q, h)
	dst.reset(h.Block)
	dst.add(0, q.Position+1)
}

// DenseFirst reads everything in the first layers and leaves the others to Rest.
// Quest's public code does so with the first two (arXiv:2406.10774, section 4.1);
// the paper's runs apply a method to every layer.
type DenseFirst struct {
	Layers int
	Rest   Selector
}

// Select implements Selector.
func (m DenseFirst) Select(dst *Selection, q Query, h *KVCache) {
	m.at(q.Layer).Select(dst, q, h)
}

// Reselect implements Reselector, where Rest does.
func (m DenseFirst) Reselect(dst *Selection, q Query, h *KVCache, scores []float32) bool {
	return Reselect(m.at(q.Layer), dst, q, h, scores)
}

// at is the selector of a layer.
func (m DenseFirst) at(layer int) Selector {
	if layer < m.Layers {
		return Dense{}
	}
	return m.Rest
}
