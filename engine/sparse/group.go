package sparse

import "math"

// How query heads that share keys choose, as groupParam has it.
const (
	groupEach = "each"
	groupMean = "mean"
	groupMax  = "max"
)

// groupParam is how the query heads of a group choose.
func groupParam(otherwise string) Param {
	return Param{
		Name: "group", Title: "Heads of a group", Kind: KindChoice, Default: otherwise, Choices: []string{groupEach, groupMean, groupMax},
		Help: "query heads that share keys choose each for itself, or together by the mean or the maximum of their scores, as serving engines must",
	}
}

// groupScores are the scores that s gives to the positions of every head, by query head,
// [P] each; heads that choose together have one slice.
func groupScores(s scorer, j Joint, l Layer) [][]float32 {
	out := make([][]float32, len(l.Caches))
	members := 1
	for h, cache := range l.Caches {
		own := make([]float32, cache.Len)
		s.score(own, l.Windows[h], cache)
		if !j.with(h, l.Caches) {
			out[h], members = own, 1
			continue
		}
		out[h] = out[h-1]
		members++
		join(out[h], own, j.Group == groupMax, members)
	}
	return out
}

// join adds the scores of the n-th of those who choose together to the ones of those before.
func join(all, own []float32, greatest bool, n int) {
	for j, v := range own {
		switch {
		case math.IsInf(float64(v), 1):
			all[j] = v
		case greatest:
			all[j] = max(all[j], v)
		default:
			all[j] += (v - all[j]) / float32(n)
		}
	}
}

// Grouped is an eviction by scores whose heads of a group, or of a layer, keep one set of
// positions: those of the greatest mean, or maximum, of what the scorer gives them.
type Grouped struct {
	Scorer   scorer
	Capacity int
	Group    string // each, mean or max
	Whose    string // WhoseHead, which "" is too, or WhoseLayer
}

func (m Grouped) joint() Joint { return Joint{Group: m.Group, Whose: m.Whose} }

// Window implements Evictor.
func (m Grouped) Window() int { return m.Scorer.Window() }

// Keep implements Evictor.
func (m Grouped) Keep(dst *Selection, window []float32, layer, _ int, h *KVCache) {
	keepAlone(m, dst, window, layer, h)
}

// KeepLayer implements LayerEvictor.
func (m Grouped) KeepLayer(dst []Selection, l Layer) {
	for h, scores := range groupScores(m.Scorer, m.joint(), l) {
		dst[h].reset(1)
		dst[h].Scores = append(dst[h].Scores, scores...)
		keepBest(&dst[h], l.Caches[h], m.Capacity)
	}
}

// Reevict implements Reevictor: the scores are those of all who choose together.
func (m Grouped) Reevict(dst *Selection, _, _ int, h *KVCache, scores []float32) bool {
	return rekeepBest(dst, h, m.Capacity, scores)
}

// keepAlone is Keep of an evictor that decides layer by layer.
func keepAlone(m LayerEvictor, dst *Selection, window []float32, layer int, h *KVCache) {
	one := []Selection{*dst}
	m.KeepLayer(one, Layer{Index: layer, Count: 1, Windows: [][]float32{window}, Caches: []*KVCache{h}})
	*dst = one[0]
}
