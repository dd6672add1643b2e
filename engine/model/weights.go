package model

import "fmt"

// Weights are the parameters of a model, every matrix [outputs, inputs]. What an
// architecture does not have is empty.
type Weights struct {
	Embedding Matrix    // [V, D]
	Layers    []Layer   // [L]
	FinalNorm []float32 // [D]
	Head      Matrix    // [V, D]; the Embedding itself when tied

	RopeDivisors []float32 // [Dh/2], of Rope.Divided: each frequency is divided by its own

	// PairedRows: of every head of Query and Key, rows 2i and 2i+1 turn together, as in
	// llama files of GGUF, not i and Dh/2+i.
	PairedRows bool
}

// Layer are the parameters of one layer.
type Layer struct {
	InputNorm []float32 // [D], of what the projections read

	// The projections are one matrix of the stacked parts o, q, k, v (, g), or one each.
	In                            Matrix    // [Parts*D, D]
	Query, Key, Value             Matrix    // [H*Dh, D], [Hkv*Dh, D], [Hkv*Dh, D]
	Gate                          Matrix    // [Hkv*Dh, D], of the memory
	QueryBias, KeyBias, ValueBias []float32 // as their projections have outputs
	GateBias                      []float32 // [Hkv*Dh]
	QueryNorm, KeyNorm            []float32 // [Dh], of each head, or of all together, [H*Dh] and [Hkv*Dh]
	Out                           Matrix    // [D, H*Dh]
	OutBias                       []float32 // [D]
	AttentionPostNorm             []float32 // [D], of what is added to the residual stream
	HiddenNorm                    []float32 // [D], of what the feed-forward layer reads
	UpGate                        Matrix    // [Hidden, D], of SwiGLU; without it the layer is GELU's
	Up                            Matrix    // [Hidden, D]
	Down                          Matrix    // [D, Hidden]
	HiddenPostNorm                []float32 // [D], of what is added to the residual stream
}

// Param is one named parameter tensor.
type Param struct {
	Name   string // in the architecture's own checkpoints
	Shape  []int
	Data   []float32 // nil for a matrix that is not kept in float32
	Matrix *Matrix   // nil for a vector
}

// Len is the number of elements of p, in whatever form they are kept.
func (p Param) Len() int { return size(p.Shape) }

// IsMatrix reports whether a parameter is a matrix, not a norm or a bias.
func (p Param) IsMatrix() bool { return p.Matrix != nil }

// NewWeights returns zero weights of the shape of c, in one allocation.
func NewWeights(c Config) *Weights {
	w, n := &Weights{Layers: make([]Layer, c.Layers)}, 0
	ts := w.tensors(c)
	for _, t := range ts {
		n += size(t.shape)
	}
	all := make([]float32, n)
	for _, t := range ts {
		n := size(t.shape)
		t.set(all[:n:n])
		all = all[n:]
	}
	w.tie(c)
	return w
}

// Params lists the parameters of w in checkpoint order; a tied head is not listed
// apart.
func (w *Weights) Params(c Config) []Param {
	var ps []Param
	for _, t := range w.tensors(c) {
		ps = append(ps, t.param())
	}
	return ps
}

// Len is the number of parameters, an adapter's with them; a tied head is counted once.
func (w *Weights) Len(c Config) int {
	n := 0
	for _, t := range w.tensors(c) {
		if t.matrix == nil || !t.matrix.hollow() {
			n += size(t.shape)
		}
		if t.matrix != nil && t.matrix.Delta != nil {
			n += len(t.matrix.Delta.A.F32) + len(t.matrix.Delta.B.F32)
		}
	}
	return n
}

// Bytes is the memory, or the part of the file, that the parameters take.
func (w *Weights) Bytes(c Config) int {
	n := 0
	for _, t := range w.tensors(c) {
		if t.matrix != nil {
			n += t.matrix.bytes()
		} else {
			n += 4 * len(*t.vector)
		}
	}
	return n
}

// param is the parameter at t as it is now.
func (t tensor) param() Param {
	p := Param{Name: t.own, Shape: t.shape, Matrix: t.matrix}
	if t.matrix != nil {
		p.Data = t.matrix.F32
	} else {
		p.Data = *t.vector
	}
	return p
}

// set makes x the values of t.
func (t tensor) set(x []float32) {
	if t.matrix != nil {
		*t.matrix = Matrix{Rows: t.shape[0], Cols: t.shape[1], F32: x}
	} else {
		*t.vector = x
	}
}

// Unpaired is w with the rows of queries and keys, and their biases, as Hugging Face has them, which are
// copied where PairedRows has them otherwise; everything else is shared.
func (w *Weights) Unpaired(c Config) *Weights {
	if !w.PairedRows {
		return w
	}
	out := *w
	out.PairedRows, out.Layers = false, append([]Layer(nil), w.Layers...)
	from := func(r int) int { return pairedRow(r, c.HeadDim) }
	for i := range out.Layers {
		l := &out.Layers[i]
		l.Query, l.Key = l.Query.reordered(from), l.Key.reordered(from)
		l.QueryBias, l.KeyBias = column(l.QueryBias).reordered(from).F32, column(l.KeyBias).reordered(from).F32
	}
	return &out
}

// Widened is w with its matrices in float32; everything else is shared.
func (w *Weights) Widened(c Config) *Weights {
	out := *w
	out.Layers = append([]Layer(nil), w.Layers...)
	for _, t := range out.tensors(c) {
		if m := t.matrix; m != nil && !m.Empty() && !m.isFloat32() && !m.hollow() {
			wide := Matrix{Rows: m.Rows, Cols: m.Cols, Delta: m.Delta, F32: make([]float32, m.Rows*m.Cols)}
			m.Dequantize(wide.F32)
			*m = wide
		}
	}
	out.tie(c)
	return &out
}

// pairedRow is where row r of queries or keys lies in Weights.PairedRows: rows i and
// Dh/2+i of a head are 2i and 2i+1.
func pairedRow(r, headDim int) int {
	half, i := headDim/2, r%headDim
	return r - i + 2*(i%half) + i/half
}

// tie lets the head be the embedding where c says so.
func (w *Weights) tie(c Config) {
	if c.Tied {
		w.Head = w.Embedding
	}
}

// tensors lists every parameter tensor of a model of shape c, in checkpoint order.
func (w *Weights) tensors(c Config) []tensor {
	a, err := c.Arch.find()
	if err != nil {
		panic("model: " + err.Error())
	}
	ts := []tensor{{names: a.embedding, shape: []int{c.Vocab, c.Dim}, matrix: &w.Embedding}}
	for i := range w.Layers {
		for _, t := range a.layer(c, &w.Layers[i]) {
			t.own = fmt.Sprintf(a.layerPrefix, i) + t.own
			t.gguf = fmt.Sprintf(ggufLayer, i) + t.gguf
			ts = append(ts, t)
		}
	}
	if c.Rope.Divided {
		ts = append(ts, tensor{names: ropeDivisors, shape: []int{c.HeadDim / 2}, vector: &w.RopeDivisors})
	}
	ts = append(ts, tensor{names: a.finalNorm, shape: []int{c.Dim}, vector: &w.FinalNorm})
	if !c.Tied {
		ts = append(ts, tensor{names: a.head, shape: []int{c.Vocab, c.Dim}, matrix: &w.Head})
	}
	return ts
}

func size(shape []int) int {
	n := 1
	for _, s := range shape {
		n *= s
	}
	return n
}
