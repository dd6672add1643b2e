package sparse

import (
	"math"
	"slices"

	"kvscope/engine/ops"
)

// Reselector is a Selector that can choose again for a query after the keys are gone,
// from the scores that it gave the candidates: another budget changes how many of
// them are taken, not what they scored.
type Reselector interface {
	// Reselect writes to dst what Select would, given the scores that Select left for
	// the same candidates and of h and q no more than the shape and the place. It is
	// false, and dst of no use, where the scores do not tell.
	Reselect(dst *Selection, q Query, h *KVCache, scores []float32) bool
}

// Reevictor is an Evictor that can decide again in the same way.
type Reevictor interface {
	// Reevict writes to dst what Keep would, given the scores that Keep left, [h.Len].
	// It is false, and dst of no use, where the scores do not tell.
	Reevict(dst *Selection, layer, head int, h *KVCache, scores []float32) bool
}

// Shape is a cache of n positions in blocks of which nothing else is known: what
// Reselect and Reevict are asked with, and queries without a vector.
func Shape(k *ops.Kernels, block, n int) *KVCache { return &KVCache{Block: block, Len: n, kernels: k} }

// rescore empties s for n candidates of unit positions and gives them scores, or says
// that these are not theirs.
func (s *Selection) rescore(unit, n int, scores []float32) bool {
	if len(scores) != n {
		return false
	}
	s.reset(unit)
	s.Scores = append(s.Scores, scores...)
	return true
}

// keepTop keeps the n positions before past of the highest dst.Scores, and all from
// past on, which it marks as kept without being scored.
func keepTop(dst *Selection, h *KVCache, past, n int) {
	always(dst.Scores[past:])
	dst.picked = TopK(h.kernels, dst.picked, dst.Scores[:past], n)
	for _, j := range dst.picked {
		dst.add(j, j+1)
	}
	dst.add(past, h.Len)
}

// always marks scores of positions that are kept without being scored.
func always(scores []float32) {
	for j := range scores {
		scores[j] = float32(math.Inf(1))
	}
}

// reevictTop is keepTop by scores of before. They do not tell when one of those that
// compete now was kept without being scored then.
func reevictTop(dst *Selection, h *KVCache, past, n int, scores []float32) bool {
	if !dst.rescore(1, h.Len, scores) || slices.Contains(scores[:past], float32(math.Inf(1))) {
		return false
	}
	keepTop(dst, h, past, n)
	return true
}
