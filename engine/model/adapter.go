package model

import (
	"encoding/hex"
	"fmt"
	"hash"
	"math"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
)

// Adapter holds weights that were trained beside a frozen model: low-rank deltas of its
// projections (LoRA, arXiv:2106.09685), and the gates of a memory for its keys and values.
// It lies over an opened model, whose own weights stay where they are.
type Adapter struct {
	Base   string // the model it was trained on, for people
	Rank   int    // of the deltas, the largest where they differ
	Layers []AdapterLayer
}

// AdapterLayer is the part of an adapter over one layer. A delta that is nil changes
// nothing.
type AdapterLayer struct {
	Query, Key, Value, Out *LowRank
	UpGate, Up, Down       *LowRank
	Gate                   Matrix    // [Hkv*Dh, D], or empty with a Delta where it is of low rank
	GateBias               []float32 // [Hkv*Dh]
}

// LowRank is the product B·A of two matrices of float32, added to a matrix [out, in]:
// A is [r, in], B [out, r].
type LowRank struct{ A, B Matrix }

// NewLowRank is a product of zeros.
func NewLowRank(outputs, inputs, rank int) *LowRank {
	return &LowRank{
		A: Matrix{Rows: rank, Cols: inputs, F32: make([]float32, rank*inputs)},
		B: Matrix{Rows: outputs, Cols: rank, F32: make([]float32, outputs*rank)},
	}
}

// GateModule is the name of the gate's projection in the files of adapters.
const GateModule = "self_attn.g_proj"

// adapted are the projections that an adapter may have deltas of.
var adapted = []struct {
	module string
	delta  func(*AdapterLayer) **LowRank
	over   func(*Layer) *Matrix
	paired bool // rows lie as Weights.PairedRows has them
}{
	{"self_attn.q_proj", func(a *AdapterLayer) **LowRank { return &a.Query }, func(l *Layer) *Matrix { return &l.Query }, true},
	{"self_attn.k_proj", func(a *AdapterLayer) **LowRank { return &a.Key }, func(l *Layer) *Matrix { return &l.Key }, true},
	{"self_attn.v_proj", func(a *AdapterLayer) **LowRank { return &a.Value }, func(l *Layer) *Matrix { return &l.Value }, false},
	{"self_attn.o_proj", func(a *AdapterLayer) **LowRank { return &a.Out }, func(l *Layer) *Matrix { return &l.Out }, false},
	{"mlp.gate_proj", func(a *AdapterLayer) **LowRank { return &a.UpGate }, func(l *Layer) *Matrix { return &l.UpGate }, false},
	{"mlp.up_proj", func(a *AdapterLayer) **LowRank { return &a.Up }, func(l *Layer) *Matrix { return &l.Up }, false},
	{"mlp.down_proj", func(a *AdapterLayer) **LowRank { return &a.Down }, func(l *Layer) *Matrix { return &l.Down }, false},
}

// Gated reports whether the adapter adds a memory.
func (a *Adapter) Gated() bool { return len(a.Layers) > 0 && a.Layers[0].Gate.Rows > 0 }

// Like is an adapter of zeros of the shape of a.
func (a *Adapter) Like() *Adapter {
	out := &Adapter{Base: a.Base, Rank: a.Rank, Layers: make([]AdapterLayer, len(a.Layers))}
	zeros := func(d *LowRank) *LowRank {
		if d == nil {
			return nil
		}
		return NewLowRank(d.B.Rows, d.A.Cols, d.A.Rows)
	}
	for i := range a.Layers {
		from, to := &a.Layers[i], &out.Layers[i]
		for _, at := range adapted {
			*at.delta(to) = zeros(*at.delta(from))
		}
		to.Gate = Matrix{Rows: from.Gate.Rows, Cols: from.Gate.Cols, Delta: zeros(from.Gate.Delta)}
		if from.Gate.isFloat32() {
			to.Gate.F32 = make([]float32, len(from.Gate.F32))
		}
		if from.GateBias != nil {
			to.GateBias = make([]float32, len(from.GateBias))
		}
	}
	return out
}

// Params lists the tensors of a, layer by layer, under their names in a file.
func (a *Adapter) Params() []Param {
	var ps []Param
	for i := range a.Layers {
		l := &a.Layers[i]
		matrix := func(module, what string, m *Matrix) {
			ps = append(ps, Param{Name: fmt.Sprintf("layers.%d.%s.%s", i, module, what), Shape: []int{m.Rows, m.Cols}, Data: m.F32, Matrix: m})
		}
		lowRank := func(module string, d *LowRank) {
			if d != nil {
				matrix(module, "lora_A.weight", &d.A)
				matrix(module, "lora_B.weight", &d.B)
			}
		}
		for _, to := range adapted {
			lowRank(to.module, *to.delta(l))
		}
		if l.Gate.isFloat32() {
			matrix(GateModule, "weight", &l.Gate)
		}
		lowRank(GateModule, l.Gate.Delta)
		if l.GateBias != nil {
			ps = append(ps, Param{Name: fmt.Sprintf("layers.%d.%s.bias", i, GateModule), Shape: []int{len(l.GateBias)}, Data: l.GateBias})
		}
	}
	return ps
}

// over is the shape of a model of shape c with a over it.
func (a *Adapter) over(c Config) (Config, error) {
	arch, err := c.Arch.find()
	switch {
	case err != nil:
		return c, err
	case arch.layerPrefix != hfLayer:
		return c, input.Errorf("adapter", "%s has no projections of its own for queries, keys and values, want one of the decoders", c.Title())
	case len(a.Layers) > c.Layers:
		return c, input.Errorf("adapter", "it is for %d layers, the model has %d: want the adapter's own base, %q", len(a.Layers), c.Layers, a.Base)
	case !a.Gated():
		return c, nil
	case c.Memory:
		return c, input.Errorf("adapter", "it brings a memory, and the model has one already")
	case len(a.Layers) < c.Layers:
		return c, input.Errorf("adapter", "its gates are for %d layers, the model has %d: want the adapter's own base, %q", len(a.Layers), c.Layers, a.Base)
	}
	c.Memory, c.GateBias = true, a.Layers[0].GateBias != nil
	return c, nil
}

// lay puts a over w, the weights of a model that has the shape c with it.
func (a *Adapter) lay(w *Weights, c Config) error {
	for i := range a.Layers {
		from, to := &a.Layers[i], &w.Layers[i]
		for _, at := range adapted {
			d, m := *at.delta(from), at.over(to)
			if d == nil {
				continue
			}
			if d.A.Cols != m.Cols || d.B.Rows != m.Rows {
				return a.misfit(i, at.module, d.B.Rows, d.A.Cols, m.Rows, m.Cols)
			}
			if at.paired && w.PairedRows {
				d = &LowRank{A: d.A, B: pairRows(d.B, c.HeadDim)}
			}
			m.Delta = d
		}
		if g := from.Gate; g.Rows > 0 && (g.Rows != c.KVDim() || g.Cols != c.Dim) {
			return a.misfit(i, GateModule, g.Rows, g.Cols, c.KVDim(), c.Dim)
		}
		if a.Gated() {
			to.Gate, to.GateBias = from.Gate, from.GateBias
		}
	}
	return nil
}

func (a *Adapter) misfit(layer int, module string, outputs, inputs, wantOutputs, wantInputs int) error {
	return input.Errorf("adapter", "layers.%d.%s is for %d outputs of %d inputs, the model has %d of %d: want the adapter's own base, %q",
		layer, module, outputs, inputs, wantOutputs, wantInputs, a.Base)
}

// pairRows is m with its rows as Weights.PairedRows has them.
func pairRows(m Matrix, headDim int) Matrix {
	out := Matrix{Rows: m.Rows, Cols: m.Cols, F32: make([]float32, len(m.F32))}
	for r := range m.Rows {
		to := pairedRow(r, headDim)
		copy(out.F32[to*m.Cols:(to+1)*m.Cols], m.F32[r*m.Cols:(r+1)*m.Cols])
	}
	return out
}

// hashInto adds names and values to h.
func (a *Adapter) hashInto(h hash.Hash) {
	for _, p := range a.Params() {
		h.Write([]byte(p.Name))
		for _, v := range p.Data {
			bits := math.Float32bits(v)
			h.Write([]byte{byte(bits), byte(bits >> 8), byte(bits >> 16), byte(bits >> 24)})
		}
	}
}

// hexOf returns the first 8 bytes of a hash in hexadecimal, short enough for a name.
func hexOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)[:8]) }

// Save writes a to path in bfloat16, the form adapters ship in; metadata is added to
// what says of its base and rank.
func (a *Adapter) Save(path string, metadata map[string]string) error {
	all := map[string]string{"base": a.Base, "rank": fmt.Sprint(a.Rank)}
	for k, v := range metadata {
		all[k] = v
	}
	var ts []checkpoint.Tensor
	for _, p := range a.Params() {
		ts = append(ts, checkpoint.NewBF16(p.Name, p.Shape, p.Data))
	}
	return checkpoint.Save(path, all, ts)
}
