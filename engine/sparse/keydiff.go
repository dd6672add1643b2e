package sparse

// keyDiffMethod is the entry of KeyDiff in the list of methods.
func keyDiffMethod() Info {
	return Info{
		ID: "keydiff", Name: "KeyDiff", Family: FamilyEviction, Unit: UnitToken, Phase: PhaseEvict, Scores: ScoresKeys, Random: true,
		Help:   "keeps the tokens whose keys point away from the average key, and drops those that are like the others",
		Paper:  "arXiv:2504.15364",
		Params: []Param{budgetParam(), capacityParam(), whoseParam(WhoseHead, nil)},
		plan: func(s Settings) (Plan, error) {
			return s.evictPlan(func(capacity int) Evictor { return s.together(KeyDiff{Capacity: capacity}, capacity) }), nil
		},
	}
}

// KeyDiff keeps, once after the prefill, the positions whose keys are least like the others
// (Park et al., arXiv:2504.15364, section 4), whatever the queries are:
//
//	a   = 1/P·Σ_j k_j/‖k_j‖                          [Dh]
//	s_j = −cos(k_j, a)                               [P]
//
// on rotated keys. It keeps the Capacity positions of the greatest s; heads that share keys
// keep the same. The paper also evicts block by block while it reads a prompt that does
// not fit; here the whole prompt is there. Scores are s.
//
// Time O(P·Dh), memory O(P + Dh) a head of keys. A step costs what one of SnapKV does.
type KeyDiff struct {
	Capacity int // positions kept
}

// Window implements Evictor: no query is observed.
func (m KeyDiff) Window() int { return 0 }

// Keep implements Evictor.
func (m KeyDiff) Keep(dst *Selection, _ []float32, _, _ int, h *KVCache) {
	dst.reset(1)
	dst.Scores = resize(dst.Scores, h.Len)
	m.score(dst.Scores, nil, h)
	keepBest(dst, h, m.Capacity)
}

// Reevict implements Reevictor.
func (m KeyDiff) Reevict(dst *Selection, _, _ int, h *KVCache, scores []float32) bool {
	return rekeepBest(dst, h, m.Capacity, scores)
}

// shortest is the length below which a key has no direction, and scores 0.
const shortest = 1e-12

func (m KeyDiff) score(dst, _ []float32, h *KVCache) {
	anchor, lengths := make([]float64, h.Dim), make([]float64, h.Len)
	for j := range lengths {
		key := h.Keys[j*h.Dim : (j+1)*h.Dim]
		lengths[j] = max(norm(key), shortest)
		for c, v := range key {
			anchor[c] += float64(v) / lengths[j]
		}
	}
	whole := make([]float32, h.Dim)
	for c, v := range anchor {
		whole[c] = float32(v / float64(h.Len))
	}
	length := max(norm(whole), shortest)
	for j := range dst {
		var dot float64
		for c, v := range h.Keys[j*h.Dim : (j+1)*h.Dim] {
			dot += float64(v) * float64(whole[c])
		}
		dst[j] = -float32(dot / (lengths[j] * length))
	}
}
