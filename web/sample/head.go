package sample

import (
	"math"
	"math/rand/v2"

	"kvscope/engine/lens"
	"kvscope/engine/trace"
)

// headDim is Dh of a made-up head.
const headDim = 16

// Head makes up what a head saw in the run of h: queries that look at the first
// token, at their neighbours and, where the answer is copied, at what it is copied
// from. Its gates keep more from channel to channel; there are none without a memory.
func Head(h *trace.Header, seed uint64) *lens.HeadTensors {
	draw := rand.New(rand.NewPCG(seed, uint64(len(h.Tokens))))
	n := len(h.Tokens) + len(h.Answer)
	out := &lens.HeadTensors{Dim: headDim, Prompt: len(h.Tokens), Q: make([]float32, n*headDim), K: make([]float32, n*headDim)}
	for t := range n {
		q, k := out.Q[t*headDim:][:headDim], out.K[t*headDim:][:headDim]
		for c := range headDim {
			q[c], k[c] = float32(draw.NormFloat64()), float32(draw.NormFloat64())
		}
		q[0], k[0] = 4, 0
		if t == 0 {
			k[0] = 5
		}
		for i, length := range []float64{9, 31, 120} { // neighbours, in turns that fade
			sin, cos := math.Sincos(2 * math.Pi * float64(t) / length)
			q[1+2*i], q[2+2*i] = float32(3*sin), float32(3*cos)
			k[1+2*i], k[2+2*i] = float32(sin), float32(cos)
		}
	}
	for step, gold := range h.Gold {
		if at := len(h.Tokens) - 1 + step; gold >= 0 && at < n {
			out.Q[at*headDim+8+step%8] = 8
			out.K[gold*headDim+8+step%8] = 6
		}
	}
	if h.HasMemory() {
		out.Gate = make([]float32, n*headDim)
		for i := range out.Gate {
			keeps := float64(i%headDim)/headDim*4 - 2 + 0.7*draw.NormFloat64()
			out.Gate[i] = float32(1 / (1 + math.Exp(-keeps)))
		}
		remember(out)
	}
	return out
}

// remember makes up what went into the memory, of keys that nothing rotated.
func remember(h *lens.HeadTensors) {
	h.State, h.Plain = h.K, make([]float32, len(h.K))
	for i, g := range h.Gate {
		before := float32(0)
		if i >= h.Dim {
			before = h.K[i-h.Dim]
		}
		h.Plain[i] = (h.K[i] - g*before) / (1 - g)
	}
}
