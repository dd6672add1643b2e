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

	embedding, head matrix
	layers          []layer
}

// layer is the parameters of a Layer with its matrices in their forms.
type layer struct {
	*Layer
	in, out, fc1, fc2 matrix
}

// New makes a model of the given shape, weights and kernels.
func New(cfg Config, w *Weights, k *ops.Kernels) (*Model, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if len(w.Layers) != cfg.Layers {
		return nil, fmt.Errorf("model: weights of %d layers, config of %d", len(w.Layers), cfg.Layers)
	}
	var failed error
	matrices := map[*[]float32]matrix{}
	w.each(cfg, func(name string, shape []int, data *[]float32) {
		m := matrix{*data, w.Compact[name]}
		if err := m.check(name, shape); failed == nil {
			failed = err
		}
		matrices[data] = m
	})
	if failed != nil {
		return nil, failed
	}
	m := &Model{cfg: cfg, weights: w, kernels: k, rope: newRope(cfg.HeadDim(), cfg.Context, cfg.RopeBase)}
	m.embedding, m.head = matrices[&w.Embedding], matrices[&w.Head]
	if cfg.Tied {
		m.head = m.embedding
	}
	for i := range w.Layers {
		l := &w.Layers[i]
		m.layers = append(m.layers, layer{l, matrices[&l.In], matrices[&l.Out], matrices[&l.FC1], matrices[&l.FC2]})
	}
	return m, nil
}

// Config is the shape of m.
func (m *Model) Config() Config { return m.cfg }

// Kernels is the kernel table m runs on.
func (m *Model) Kernels() *ops.Kernels { return m.kernels }

// Weights are the parameters of m, not to be changed.
func (m *Model) Weights() *Weights { return m.weights }

// feedForward adds W₂ gelu(W₁ RMSNorm(x)) to x [T, D].
func (m *Model) feedForward(l *layer, b *buffers) {
	k := m.kernels
	k.RMSNorm(b.h, b.x, l.HiddenNorm, m.cfg.Eps)
	m.project(b.hidden, l.fc1, b.h, b.rows)
	k.GELU(b.hidden, b.hidden)
	m.project(b.h, l.fc2, b.hidden, b.rows)
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
