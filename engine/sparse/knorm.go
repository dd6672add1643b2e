package sparse

import "math"

// knormMethod is the entry of Knorm in the list of methods.
func knormMethod() Info {
	return Info{
		ID: "knorm", Name: "Knorm", Family: FamilyEviction, Unit: UnitToken, Phase: PhaseEvict, Scores: ScoresKeys, Random: true,
		Help:   "keeps the tokens whose keys are shortest, which tend to be attended to most, and drops the rest",
		Paper:  "arXiv:2406.11430",
		Params: []Param{budgetParam(), capacityParam(), whoseParam(WhoseHead, nil)},
		plan: func(s Settings) (Plan, error) {
			return s.evictPlan(func(capacity int) Evictor { return s.together(Knorm{Capacity: capacity}, capacity) }), nil
		},
	}
}

// Knorm keeps, once after the prefill, the positions with the shortest keys (Devoto et al.,
// arXiv:2406.11430, section 3), whatever the queries are:
//
//	s_j = −‖k_j‖₂                                    [P]
//
// Rotation keeps lengths, so that rotated keys serve. It keeps the Capacity positions of the
// greatest s; heads that share keys keep the same. Scores are s.
//
// Time O(P·Dh), memory O(P) a head of keys. A step costs what one of SnapKV does.
type Knorm struct {
	Capacity int // positions kept
}

// Window implements Evictor: no query is observed.
func (m Knorm) Window() int { return 0 }

// Keep implements Evictor.
func (m Knorm) Keep(dst *Selection, _ []float32, _, _ int, h *KVCache) {
	dst.reset(1)
	dst.Scores = resize(dst.Scores, h.Len)
	m.score(dst.Scores, nil, h)
	keepBest(dst, h, m.Capacity)
}

// Reevict implements Reevictor.
func (m Knorm) Reevict(dst *Selection, _, _ int, h *KVCache, scores []float32) bool {
	return rekeepBest(dst, h, m.Capacity, scores)
}

func (m Knorm) score(dst, _ []float32, h *KVCache) {
	for j := range dst {
		dst[j] = -float32(norm(h.Keys[j*h.Dim : (j+1)*h.Dim]))
	}
}

// norm is ‖x‖₂, added up in float64 so that it is the same on every kernel path.
func norm(x []float32) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum)
}

// rekeepBest is keepBest by scores of before.
func rekeepBest(dst *Selection, h *KVCache, n int, scores []float32) bool {
	if !dst.rescore(1, h.Len, scores) {
		return false
	}
	keepBest(dst, h, n)
	return true
}
