package sparse

import (
	"fmt"

	"kvscope/engine/ops"
)

// tovaMethod is the entry of TOVA in the list of methods.
func tovaMethod() Info {
	return Info{
		ID: "tova", Name: "TOVA", Family: FamilyEviction, Unit: UnitToken, Phase: PhaseEvict, Scores: ScoresAttention, Random: true,
		Help:   "keeps, the same for all heads of a layer, the tokens that the newest query attends to most; for each new token one leaves",
		Paper:  "arXiv:2401.06104",
		Params: []Param{budgetParam(), capacityParam(), groupParam(groupEach), whoseParam(WhoseLayer, map[string]string{WhoseAll: stepByStep})},
		plan: func(s Settings) (Plan, error) {
			return s.evictPlan(func(capacity int) Evictor { return TOVA{Capacity: capacity, Joint: s.joint()} }), nil
		},
	}
}

// TOVA keeps one set of positions for all H heads of a layer, those that the newest query
// attends to most (Oren et al., arXiv:2401.06104, section 4). After the prefill, whose last
// query is q_P, and after every step of decoding, with R the positions that are there:
//
//	s_j = 1/H·Σ_h softmax_{j in R}(q_h·k_j/√Dh)      [R]
//
// and the Capacity positions of the greatest s stay. The newest one always does, as in
// kvpress; the authors let it compete, which its own attention almost always wins. H may also
// count the heads that share keys, or be one, and the mean be a maximum. When everything fits
// nothing is dropped. Scores are s of the step that dropped a position, or of the last, [P].
//
// Time O(H·P·Dh) after the prefill and O(H·Capacity) a step, which has attended by the weights
// of s, memory O(P) a layer. A step takes three times what Quest's does: what stayed lies apart,
// and which of it leaves is chosen anew.
type TOVA struct {
	Capacity int // positions kept
	Joint        // who keeps one set: the heads of a layer, as published, where Whose is WhoseLayer
}

// Window implements Evictor.
func (m TOVA) Window() int { return 1 }

// Keep implements Evictor.
func (m TOVA) Keep(dst *Selection, window []float32, layer, _ int, h *KVCache) {
	keepAlone(m, dst, window, layer, h)
}

// KeepLayer implements LayerEvictor.
func (m TOVA) KeepLayer(dst []Selection, l Layer) {
	for h := range dst {
		dst[h].reset(1)
		dst[h].add(0, l.Caches[h].Len-1)
		dst[h].Scores = resize(dst[h].Scores, l.Caches[h].Len-1)
		clear(dst[h].Scores)
	}
	m.EvictStep(dst, l)
}

// EvictStep implements StepEvictor.
func (m TOVA) EvictStep(kept []Selection, l Layer) {
	for first, end := 0, 0; first < len(kept); first = end {
		end = m.end(first, l.Caches)
		m.step(kept[first:end], l.part(first, end))
	}
}

// step lets heads go on evicting that keep one set.
func (m TOVA) step(kept []Selection, l Layer) {
	newest := l.Caches[0].Len - 1
	there := append(kept[0].positions(), newest)
	pooled := make([]float32, len(there))
	for h := range kept {
		for i, v := range l.paid(h, there) {
			if m.Group == groupMax {
				pooled[i] = max(pooled[i], v)
			} else {
				pooled[i] += v / float32(len(kept))
			}
		}
	}
	rivals := pooled[:len(there)-1] // of the newest, which stays
	picked := TopK(l.Caches[0].kernels, nil, rivals, m.Capacity-1)
	for h := range kept {
		s := &kept[h]
		s.Scores = append(s.Scores, 0)
		for i, j := range there {
			s.Scores[j] = pooled[i]
		}
		s.Spans = s.Spans[:0]
		for _, i := range picked {
			s.add(there[i], there[i]+1)
		}
		s.add(newest, newest+1)
	}
}

// positions lists what is selected, ascending.
func (s *Selection) positions() []int { return s.last(s.Count()) }

// last lists the last n of the positions that are selected, ascending.
func (s *Selection) last(n int) []int {
	out := make([]int, n, n+1) // and room for one that came
	for i := len(s.Spans) - 1; n > 0; i-- {
		for j := s.Spans[i].End - 1; n > 0 && j >= s.Spans[i].Start; j-- {
			n--
			out[n] = j
		}
	}
	return out
}

// paid is the attention that the query of a step pays with a head to the positions at among
// nothing but those, softmax(q·k_j/√Dh), ascending: that by which it attended, where it is known.
func (l Layer) paid(head int, at []int) []float32 {
	if l.Paid != nil {
		if len(l.Paid[head]) != len(at) {
			panic(fmt.Sprintf("BUG: a step paid to %d positions, and %d were there", len(l.Paid[head]), len(at)))
		}
		return l.Paid[head]
	}
	q, h, out := l.Windows[head], l.Caches[head], make([]float32, len(at))
	rest := out
	for _, span := range spansOf(at) {
		h.kernels.DotRows(rest[:span.Len()], q, h.Keys[span.Start*h.Dim:span.End*h.Dim])
		rest = rest[span.Len():]
	}
	h.kernels.Softmax(out, len(out), headScale(h))
	return out
}

func spansOf(at []int) []ops.Span {
	var s Selection
	for _, j := range at {
		s.add(j, j+1)
	}
	return s.Spans
}
