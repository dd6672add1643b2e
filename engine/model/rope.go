package model

import (
	"fmt"
	"math"
	"sync"

	"kvscope/engine/input"
)

// Rope is a rotary position embedding (RoFormer, arXiv:2104.09864) and what it does
// beyond the context it was trained on. Names are those of Hugging Face's
// rope_parameters. Fields of other scalings than its own are zero.
type Rope struct {
	Base     float64 // rope_theta
	Scaling  string  // rope_type: "" for default; see ropeScalings
	Factor   float64 // how many times longer the context becomes
	Original int     // original_max_position_embeddings: the context before, of "llama3" and "yarn"

	LowFreq, HighFreq  float64 // low_freq_factor and high_freq_factor of "llama3"
	BetaSlow, BetaFast float64 // turns within the original context between which "yarn" passes over
	Attention          float64 // attention_factor of "yarn": cosines and sines are multiplied by it

	// Divided: each frequency is divided by a number of its own, Weights.RopeDivisors, as
	// GGUF has the rotation of Llama 3.1.
	Divided bool
}

// String is the base, and the scaling with its factor.
func (r Rope) String() string {
	text := fmt.Sprintf("of base %g", r.Base)
	if r.Scaling != "" {
		text += fmt.Sprintf(", stretched %g times as %s", r.Factor, r.Scaling)
	}
	if r.Divided {
		text += ", each frequency divided by its own"
	}
	return text
}

// Validate reports the first field that cannot be.
func (r Rope) Validate() error {
	if !(r.Base > 1 && r.Base <= 1e12) {
		return input.Errorf("rope_theta", "%g, want more than 1, at most 1e12", r.Base)
	}
	s, err := r.scaling()
	if err != nil || s.name == "" {
		return err
	}
	if !(r.Factor >= 1 && r.Factor <= 1e6) {
		return input.Errorf("factor", "%g of rope_type %s, want at least 1", r.Factor, r.Scaling)
	}
	if s.check == nil {
		return nil
	}
	return s.check(r)
}

// frequencies are the angles by which the channel pairs of a head turn from one
// position to the next, [Dh/2]: base^(−2i/Dh) before any scaling.
func (r Rope) frequencies(headDim int) []float64 {
	out := make([]float64, headDim/2)
	for i := range out {
		out[i] = math.Pow(r.Base, -2*float64(i)/float64(headDim))
	}
	if s, err := r.scaling(); err == nil && s.scale != nil {
		s.scale(r, out)
	}
	return out
}

// Tables returns the cosines and sines of positions 0..n-1, [n, Dh/2] each, in the
// rotate-half layout: the angle of channel pair i at position t is t·frequency_i. Both
// are multiplied by Attention where there is one.
func (r Rope) Tables(headDim, n int) (cos, sin []float32) {
	return r.tables(r.frequencies(headDim), n)
}

// tables is Tables of other frequencies.
func (r Rope) tables(frequencies []float64, n int) (cos, sin []float32) {
	half, strength := len(frequencies), 1.0
	if r.Attention != 0 {
		strength = r.Attention
	}
	cos, sin = make([]float32, n*half), make([]float32, n*half)
	for t := range n {
		for i, f := range frequencies {
			s, c := math.Sincos(float64(t) * f)
			cos[t*half+i], sin[t*half+i] = float32(strength*c), float32(strength*s)
		}
	}
	return cos, sin
}

// rotary holds the tables of a model, as far as sessions have needed them.
type rotary struct {
	rope        Rope
	frequencies []float64 // [Dh/2]

	mu     sync.Mutex
	tables rotations
}

// rotations are the tables of positions 0..n-1, [n, Dh/2] each.
type rotations struct {
	n, half  int
	cos, sin []float32
}

// newRotary is the rotation of heads of a size, with divisors where r has them.
func newRotary(r Rope, headDim int, divisors []float32) *rotary {
	out := &rotary{rope: r, frequencies: r.frequencies(headDim)}
	for i, d := range divisors {
		out.frequencies[i] /= float64(d)
	}
	return out
}

// Rotations are the cosines and sines of positions 0..n-1, [n, Dh/2] each, as m has them;
// see Rope.Tables.
func (m *Model) Rotations(n int) (cos, sin []float32) {
	r := m.rotary.upTo(n)
	return r.cos[:n*r.half], r.sin[:n*r.half]
}

// upTo returns tables that reach position n-1 at least.
func (r *rotary) upTo(n int) rotations {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tables.n < n {
		cos, sin := r.rope.tables(r.frequencies, n)
		r.tables = rotations{n, len(r.frequencies), cos, sin}
	}
	return r.tables
}

// at returns the cosines and sines of position t.
func (r rotations) at(t int) (cos, sin []float32) {
	return r.cos[t*r.half : (t+1)*r.half], r.sin[t*r.half : (t+1)*r.half]
}
