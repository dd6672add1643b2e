package model

import "math"

// rope holds the rotary angles of positions 0..n-1 (RoFormer, arXiv:2104.09864,
// in the rotate-half layout): angle of channel pair i at position t is
// t · base^(−2i/Dh).
type rope struct {
	half     int
	cos, sin []float32 // [n, Dh/2]
}

func newRope(headDim, n int, base float64) *rope {
	r := &rope{half: headDim / 2, cos: make([]float32, n*headDim/2), sin: make([]float32, n*headDim/2)}
	for t := range n {
		for i := range r.half {
			s, c := math.Sincos(float64(t) * math.Pow(base, -2*float64(i)/float64(headDim)))
			r.cos[t*r.half+i], r.sin[t*r.half+i] = float32(c), float32(s)
		}
	}
	return r
}

// at returns the cosines and sines of position t.
func (r *rope) at(t int) (cos, sin []float32) {
	return r.cos[t*r.half : (t+1)*r.half], r.sin[t*r.half : (t+1)*r.half]
}
