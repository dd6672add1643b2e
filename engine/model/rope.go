package model

import (
	"math"
	"sync"

	"kvscope/engine/input"
)

// Rope is a rotary position embedding (RoFormer, arXiv:2104.09864) and what it does
// beyond the context it was trained on. Names are those of Hugging Face's
// rope_parameters.
type Rope struct {
	Base    float64 // rope_theta
	Scaling string  // rope_type: "" for default
	Factor  float64 // of "linear"
}

// Validate reports the first field that cannot be.
func (r Rope) Validate() error {
	if !(r.Base > 1) {
		return input.Errorf("rope_theta", "%g, want more than 1", r.Base)
	}
	switch r.Scaling {
	case "", "linear":
	default:
		return input.Errorf("rope_type", "%q, want default or linear", r.Scaling)
	}
	if r.Scaling != "" && !(r.Factor >= 1) {
		return input.Errorf("factor", "%g of rope_type %s, want at least 1", r.Factor, r.Scaling)
	}
	return nil
}

// frequencies are the angles by which the channel pairs of a head turn from one
// position to the next, [Dh/2]: base^(−2i/Dh) before any scaling.
func (r Rope) frequencies(headDim int) []float64 {
	out := make([]float64, headDim/2)
	for i := range out {
		out[i] = math.Pow(r.Base, -2*float64(i)/float64(headDim))
		if r.Scaling == "linear" {
			out[i] /= r.Factor
		}
	}
	return out
}

// Tables returns the cosines and sines of positions 0..n-1, [n, Dh/2] each, in the
// rotate-half layout: the angle of channel pair i at position t is t·frequency_i.
func (r Rope) Tables(headDim, n int) (cos, sin []float32) {
	frequencies := r.frequencies(headDim)
	half := len(frequencies)
	cos, sin = make([]float32, n*half), make([]float32, n*half)
	for t := range n {
		for i, f := range frequencies {
			s, c := math.Sincos(float64(t) * f)
			cos[t*half+i], sin[t*half+i] = float32(c), float32(s)
		}
	}
	return cos, sin
}

// rotary holds the tables of a model, as far as sessions have needed them.
type rotary struct {
	rope    Rope
	headDim int

	mu     sync.Mutex
	tables rotations
}

// rotations are the tables of positions 0..n-1, [n, Dh/2] each.
type rotations struct {
	n, half  int
	cos, sin []float32
}

// upTo returns tables that reach position n-1 at least.
func (r *rotary) upTo(n int) rotations {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tables.n < n {
		cos, sin := r.rope.Tables(r.headDim, n)
		r.tables = rotations{n, r.headDim / 2, cos, sin}
	}
	return r.tables
}

// at returns the cosines and sines of position t.
func (r rotations) at(t int) (cos, sin []float32) {
	return r.cos[t*r.half : (t+1)*r.half], r.sin[t*r.half : (t+1)*r.half]
}
