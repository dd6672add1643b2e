package model

import (
	"fmt"

	"kvscope/engine/ops"
)

// Model is a backbone ready to run: immutable, shared by any number of sessions.
type Model struct {
	cfg     Config
	weights *Weights
	kernels *ops.Kernels
	rope    *rope
}

// New makes a model of the given shape, weights and kernels.
func New(cfg Config, w *Weights, k *ops.Kernels) (*Model, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if len(w.Layers) != cfg.Layers {
		return nil, fmt.Errorf("model: weights of %d layers, config of %d", len(w.Layers), cfg.Layers)
	}
	for _, p := range w.Params(cfg) {
		if len(p.Data) != size(p.Shape) {
			return nil, fmt.Errorf("model: %s holds %d values, its shape %v wants %d", p.Name, len(p.Data), p.Shape, size(p.Shape))
		}
	}
	return &Model{cfg: cfg, weights: w, kernels: k, rope: newRope(cfg.HeadDim(), cfg.Context, cfg.RopeBase)}, nil
}

// Config is the shape of m.
func (m *Model) Config() Config { return m.cfg }

// Kernels is the kernel table m runs on.
func (m *Model) Kernels() *ops.Kernels { return m.kernels }

// Weights are the parameters of m, not to be changed.
func (m *Model) Weights() *Weights { return m.weights }

// project computes dst [T, out] = x [T, in] · wᵀ for w [out, in].
func (m *Model) project(dst, w, x []float32, rows int) {
	in, out := len(x)/rows, len(dst)/rows
	if rows == 1 {
		m.kernels.MatVec(dst, w, x)
		return
	}
	m.kernels.MatMul(ops.Dense(dst, rows, out), ops.Dense(x, rows, in), ops.Dense(w, out, in).T(), false)
}

// feedForward adds W₂ gelu(W₁ RMSNorm(x)) to x [T, D].
func (m *Model) feedForward(l *Layer, b *buffers) {
	k := m.kernels
	k.RMSNorm(b.h, b.x, l.HiddenNorm, m.cfg.Eps)
	m.project(b.hidden, l.FC1, b.h, b.rows)
	k.GELU(b.hidden, b.hidden)
	m.project(b.h, l.FC2, b.hidden, b.rows)
	k.Add(b.x, b.h)
}

// buffers are the activations of a chunk of rows tokens.
type buffers struct {
	rows   int
	x      []float32 // [T, D] residual stream
	h      []float32 // [T, D] normed input, then a branch's output
	parts  []float32 // [T, Parts*D] o, q, k, v (, g)
	attn   []float32 // [T, D]
	hidden []float32 // [T, Hidden]
	logits []float32 // [V]
}

// resize fits b to a chunk of rows tokens, keeping its memory.
func (b *buffers) resize(c Config, rows int) {
	fit := func(s *[]float32, n int) {
		if cap(*s) < n {
			*s = make([]float32, n)
		}
		*s = (*s)[:n]
	}
	b.rows = rows
	fit(&b.x, rows*c.Dim)
	fit(&b.h, rows*c.Dim)
	fit(&b.parts, rows*c.Parts()*c.Dim)
	fit(&b.attn, rows*c.Dim)
	fit(&b.hidden, rows*c.Hidden)
	fit(&b.logits, c.Vocab)
}
