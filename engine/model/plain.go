package model

import "kvscope/engine/ops"

// Plain takes the memory out of the keys that a head of queries reads. state [T, Dh] is k̃
// before it was rotated; plain [T, Dh] is k, rotated as the keys of the cache are. Of gates
// [T, Dh], those that the memory had, it solves
//
//	k̃_t = g_t ∘ k̃_{t−1} + (1 − g_t) ∘ k_t
//
// for k_t in float64, so that no plain keys need be kept with every run: what is lost is
// the rounding of k̃ over 1 − g. Both are nil where the keys are not of that recurrence,
// without a memory, with one that is capped or with plain keys in the cache, and where a
// gate lets nothing of k_t through that could be told.
func (s *Session) Plain(layer, head int, gate ops.Matrix) (state, plain []float32) {
	if m := s.opt.Memory; !s.model.cfg.Memory || m != nil && (m.Cap > 0 || m.ComputePlain) {
		return nil, nil
	}
	cache := s.Cache(layer, head)
	n, dim := min(cache.Len, gate.Rows), cache.Dim
	state, plain = make([]float32, n*dim), make([]float32, n*dim)
	before, now, own := make([]float64, dim), make([]float64, dim), make([]float64, dim)
	for t := range n {
		cos, sin := s.rotations.at(t)
		unrotate(now, cache.Keys[t*dim:(t+1)*dim], cos, sin)
		for c, g := range gate.Row(t) {
			if g >= 1 {
				return nil, nil
			}
			own[c] = (now[c] - float64(g)*before[c]) / (1 - float64(g))
			state[t*dim+c] = float32(now[c])
		}
		rotate(plain[t*dim:(t+1)*dim], own, cos, sin)
		before, now = now, before
	}
	return state, plain
}

// rotate rotates x [Dh] by the rotate-half rule.
func rotate(dst []float32, x []float64, cos, sin []float32) {
	half := len(cos)
	for i := range half {
		c, s := float64(cos[i]), float64(sin[i])
		dst[i], dst[i+half] = float32(x[i]*c-x[i+half]*s), float32(x[i+half]*c+x[i]*s)
	}
}

// unrotate undoes it, whatever cos² + sin² is.
func unrotate(dst []float64, x, cos, sin []float32) {
	half := len(cos)
	for i := range half {
		c, s := float64(cos[i]), float64(sin[i])
		a, b, size := float64(x[i]), float64(x[i+half]), c*c+s*s
		dst[i], dst[i+half] = (a*c+b*s)/size, (b*c-a*s)/size
	}
}
