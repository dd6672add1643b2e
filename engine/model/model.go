package model

import (
	"fmt"
	"sync"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
)

// Model is a model ready to run: immutable, shared by any number of sessions.
type Model struct {
	cfg     Config
	weights *Weights
	kernels *ops.Kernels
	rotary  *rotary
	tiles   tiles
	rounded sync.Pool // of *ops.Rounded
	layout  layout
	layers  []layer
	head    *Matrix
	file    *checkpoint.File // whose memory the weights are views of, or nil
}

// layer is the parameters of a Layer with what its input is projected by.
type layer struct {
	*Layer
	projections []projection
}

// projection is a matrix that writes columns [at, at+Rows) of the parts.
type projection struct {
	*Matrix
	at int
}

// layout says where in a row of a layer's parts each begins: o, q, k, v, g. Those
// that a model does not have are empty.
type layout struct{ query, key, value, gate, width int }

func newLayout(c Config, outputGate bool) layout {
	var l layout
	if outputGate {
		l.query = c.QueryDim()
	}
	l.key = l.query + c.QueryDim()
	l.value = l.key + c.KVDim()
	l.gate = l.value + c.KVDim()
	l.width = l.gate
	if c.Memory {
		l.width += c.KVDim()
	}
	return l
}

// New makes a model of the given shape, weights and kernels.
func New(cfg Config, w *Weights, k *ops.Kernels) (*Model, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if len(w.Layers) != cfg.Layers {
		return nil, fmt.Errorf("model: weights of %d layers, config of %d", len(w.Layers), cfg.Layers)
	}
	for _, t := range w.tensors(cfg) {
		if err := t.check(); err != nil {
			return nil, err
		}
	}
	for i, d := range w.RopeDivisors {
		if !(d > 0) {
			return nil, fmt.Errorf("model: %s holds %g at %d, want numbers above 0", ropeDivisors.own, d, i)
		}
	}
	a, err := cfg.Arch.find()
	if err != nil {
		return nil, err
	}
	m := &Model{cfg: cfg, weights: w, kernels: k, layout: newLayout(cfg, a.outputGate)}
	m.rotary = newRotary(cfg.Rope, cfg.HeadDim, w.RopeDivisors)
	m.head = &w.Head
	if cfg.Tied {
		m.head = &w.Embedding
	}
	for i := range w.Layers {
		m.layers = append(m.layers, layer{&w.Layers[i], m.layout.projections(&w.Layers[i])})
	}
	return m, nil
}

// projections lists what makes the parts of a layer.
func (l layout) projections(w *Layer) []projection {
	var ps []projection
	for _, p := range []projection{{&w.In, 0}, {&w.Query, l.query}, {&w.Key, l.key}, {&w.Value, l.value}, {&w.Gate, l.gate}} {
		if !p.Empty() {
			ps = append(ps, p)
		}
	}
	return ps
}

// check holds the values of t to its shape.
func (t tensor) check() error {
	if t.matrix != nil {
		return t.matrix.check(t.own, t.shape)
	}
	if n := len(*t.vector); n != t.shape[0] {
		return fmt.Errorf("model: %s holds %d values, its shape %v wants %d", t.own, n, t.shape, t.shape[0])
	}
	return nil
}

// Config is the shape of m.
func (m *Model) Config() Config { return m.cfg }

// Kernels is the kernel table m runs on.
func (m *Model) Kernels() *ops.Kernels { return m.kernels }

// Weights are the parameters of m, not to be changed.
func (m *Model) Weights() *Weights { return m.weights }

// Close releases the file that the weights lie in. No session of m may run after it.
func (m *Model) Close() error {
	if m.file == nil {
		return nil
	}
	return m.file.Close()
}

// normed is x after a norm, in dst, or x itself where there is none.
func (m *Model) normed(dst, x, norm []float32) []float32 {
	if norm == nil {
		return x
	}
	m.kernels.RMSNorm(dst, x, norm, m.cfg.Eps)
	return dst
}

// join adds a branch, in b.h, to the residual stream, after its norm if it has one.
func (m *Model) join(b *buffers, norm []float32) {
	if norm != nil {
		m.kernels.RMSNorm(b.h, b.h, norm, m.cfg.Eps)
	}
	m.kernels.Add(b.x, b.h)
}

// multiply computes dst[i] *= x[i].
func multiply(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] *= x[i]
	}
}

// buffers are the activations of a chunk of rows tokens.
type buffers struct {
	rows   int
	x      []float32 // [T, D] residual stream
	h      []float32 // [T, D] normed input, then a branch's output
	parts  []float32 // [T, layout.width] o, q, k, v, g
	attn   []float32 // [T, H*Dh]
	hidden []float32 // [T, Hidden]
	upGate []float32 // [T, Hidden], of SwiGLU
	logits []float32 // [V]
}

// resize fits b to a chunk of rows tokens, keeping its memory.
func (b *buffers) resize(m *Model, rows int) {
	fit := func(s *[]float32, n int) {
		if cap(*s) < n {
			*s = make([]float32, n)
		}
		*s = (*s)[:n]
	}
	c := m.cfg
	b.rows = rows
	fit(&b.x, rows*c.Dim)
	fit(&b.h, rows*c.Dim)
	fit(&b.parts, rows*m.layout.width)
	fit(&b.attn, rows*c.QueryDim())
	fit(&b.hidden, rows*c.Hidden)
	if !m.layers[0].UpGate.Empty() {
		fit(&b.upGate, rows*c.Hidden)
	}
	fit(&b.logits, c.Vocab)
}
