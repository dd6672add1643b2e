package model

import "math"

// RopeTables returns the rotary cosines and sines of positions 0..n-1, [n, Dh/2]
// each (RoFormer, arXiv:2104.09864, in the rotate-half layout): the angle of
// channel pair i at position t is t · base^(−2i/Dh).
func RopeTables(headDim, n int, base float64) (cos, sin []float32) {
	half := headDim / 2
	cos, sin = make([]float32, n*half), make([]float32, n*half)
	for t := range n {
		for i := range half {
			s, c := math.Sincos(float64(t) * math.Pow(base, -2*float64(i)/float64(headDim)))
			cos[t*half+i], sin[t*half+i] = float32(c), float32(s)
		}
	}
	return cos, sin
}

// rope holds the tables of a model.
type rope struct {
	half     int
	cos, sin []float32
}

func newRope(headDim, n int, base float64) *rope {
	cos, sin := RopeTables(headDim, n, base)
	return &rope{half: headDim / 2, cos: cos, sin: sin}
}

// at returns the cosines and sines of position t.
func (r *rope) at(t int) (cos, sin []float32) {
	return r.cos[t*r.half : (t+1)*r.half], r.sin[t*r.half : (t+1)*r.half]
}
