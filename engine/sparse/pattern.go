package sparse

// Pattern is embedded by a Selector whose picks follow from positions alone, so that
// choosing again needs no scores.
type Pattern struct{}

func (Pattern) readsNoKeys() {}

// Reselect writes to dst what m would select for q given the scores that it left for
// it, as Reselector says. A Pattern needs none.
func Reselect(m Selector, dst *Selection, q Query, h *KVCache, scores []float32) bool {
	switch m := m.(type) {
	case interface {
		Selector
		readsNoKeys()
	}:
		m.Select(dst, q, h)
		return true
	case Reselector:
		return m.Reselect(dst, q, h, scores)
	}
	return false
}
