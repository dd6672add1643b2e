package train

import (
	"math"
	"slices"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// Frozen is a pretrained model whose weights no step changes: a decoder with RMSNorm
// before its branches, rotary embedding, grouped heads and SwiGLU. Its matrices are rounded to
// bfloat16, which tiles of AMX multiply by in two thirds of the time; of a large model they
// stay in the form they lie in, and are widened tile by tile.
type Frozen struct {
	Config  model.Config
	weights *model.Weights
	cos     []float32 // [Context, Dh/2]
	sin     []float32
	unsin   []float32 // −sin: the inverse rotation
}

// mostWide is how many bytes all weights may take as float32 to be rounded and widened once
// instead of widened at every use.
const mostWide = 2 << 30

// NewFrozen prepares m for sequences of up to context tokens.
func NewFrozen(m *model.Model, context int) (*Frozen, error) {
	c := m.Config()
	f := &Frozen{Config: c, weights: m.Weights().Unpaired(c)}
	l := &f.weights.Layers[0]
	switch {
	case c.Memory:
		return nil, input.Errorf("base", "%s has a memory already", c.Title())
	case l.UpGate.Empty() || !l.In.Empty():
		return nil, input.Errorf("base", "%s has other layers than a llama, want llama, mistral or qwen2", c.Title())
	case l.QueryNorm != nil || l.KeyNorm != nil || l.AttentionPostNorm != nil || l.HiddenPostNorm != nil || l.InputNorm == nil:
		return nil, input.Errorf("base", "%s has norms that a llama has not, want llama, mistral or qwen2", c.Title())
	case slices.ContainsFunc(f.weights.Params(c), func(p model.Param) bool { return p.IsMatrix() && p.Matrix.Delta != nil }):
		return nil, input.Errorf("base", "an adapter lies over it, want a model without")
	case context > c.Context:
		return nil, input.Errorf("context", "%d, want at most the model's %d", context, c.Context)
	}
	if 4*m.Weights().Len(c) <= mostWide {
		rounded, err := f.weights.Compress(c, checkpoint.BF16)
		if err != nil {
			return nil, err
		}
		f.weights = rounded.Widened(c)
	}
	f.cos, f.sin = m.Rotations(context)
	f.unsin = make([]float32, len(f.sin))
	for i, s := range f.sin {
		f.unsin[i] = -s
	}
	return f, nil
}

// kept is how many bytes the activations of a sequence of length tokens take.
func (f *Frozen) kept(length int) int {
	c := f.Config
	return 4 * c.Layers * length * (2*c.Dim + 2*c.QueryDim() + 6*c.KVDim() + 2*c.Hidden + c.Heads)
}

// head is the matrix that makes logits, [V, D].
func (f *Frozen) head() *model.Matrix {
	if f.Config.Tied {
		return &f.weights.Embedding
	}
	return &f.weights.Head
}

// scale is the factor of scores before the softmax, Dh^-1/2.
func (f *Frozen) scale() float32 { return float32(1 / math.Sqrt(float64(f.Config.HeadDim))) }

// tiled multiplies by frozen matrices and low-rank deltas.
type tiled struct {
	kernels *ops.Kernels
	tile    []float32
	stack   []float32 // see stacked
}

// linear computes dst [T, out] = x [T, in] · (W + B·A)ᵀ, either of the two nil for zero. r is
// what reduce made of x for the delta among others.
func (t *tiled) linear(dst, x []float32, w *model.Matrix, d *model.LowRank, r *reduced, rows int) {
	out := ops.Dense(dst, rows, len(dst)/rows)
	if w == nil {
		clear(dst)
	} else {
		t.tile = w.Tiles(t.tile, func(lo int, part []float32) {
			n := len(part) / w.Cols
			t.kernels.MatMul(out.Slice(0, rows, lo, lo+n), ops.Dense(x, rows, w.Cols), ops.Dense(part, n, w.Cols).T(), false)
		})
	}
	if d != nil {
		t.kernels.MatMul(out, r.of(d, rows), ops.Dense(d.B.F32, d.B.Rows, d.B.Cols).T(), true)
	}
}

// backward adds to dx [T, in] the gradient of linear given dy [T, out], and to g that of the
// delta's B; that of its A is left to reduceBackward, for which it replaces the delta's part of
// r by its gradient. dx is nil where nobody asks for it.
func (t *tiled) backward(dx, dy []float32, w *model.Matrix, d, g *model.LowRank, r *reduced, rows int) {
	to, up := ops.Matrix{}, ops.Dense(dy, rows, len(dy)/rows)
	if dx != nil {
		to = ops.Dense(dx, rows, len(dx)/rows)
	}
	if dx != nil && w != nil {
		t.tile = w.Tiles(t.tile, func(lo int, part []float32) {
			n := len(part) / w.Cols
			t.kernels.MatMul(to, up.Slice(0, rows, lo, lo+n), ops.Dense(part, n, w.Cols), true)
		})
	}
	if d == nil {
		return
	}
	part := r.of(d, rows)
	t.kernels.MatMul(ops.Dense(g.B.F32, g.B.Rows, g.B.Cols), up.T(), part, true)
	t.kernels.MatMul(part, up, ops.Dense(d.B.F32, d.B.Rows, d.B.Cols), false)
	if dx != nil {
		t.kernels.MatMul(to, part, ops.Dense(d.A.F32, d.A.Rows, d.A.Cols), true)
	}
}

// room gives held n values, a new slice where it was too small.
func room(held *[]float32, n int) {
	if cap(*held) < n {
		*held = make([]float32, n)
	}
	*held = (*held)[:n]
}
