package model

import "fmt"

// Weights are the parameters of a model, every matrix [outputs, inputs].
type Weights struct {
	// Compact holds the matrices that are kept in fewer bits, by name; their
	// float32 slices are nil. Only a Model computes with them, training does not.
	Compact map[string]Compact

	Embedding []float32 // [V, D]
	Layers    []Layer   // [L]
	FinalNorm []float32 // [D]
	Head      []float32 // [V, D]; the Embedding itself when tied
}

// Layer are the parameters of one layer.
type Layer struct {
	InputNorm  []float32 // [D]
	In         []float32 // [Parts*D, D]: o, q, k, v (, g) stacked
	GateBias   []float32 // [D], or nil
	Out        []float32 // [D, D]
	HiddenNorm []float32 // [D]
	FC1        []float32 // [Hidden, D]
	FC2        []float32 // [D, Hidden]
}

// Param is one named parameter tensor.
type Param struct {
	Name  string // as in the public RAT+ checkpoints
	Shape []int
	Data  []float32 // nil for a matrix in Weights.Compact
}

// Len is the number of elements of p, in whatever form they are kept.
func (p Param) Len() int { return size(p.Shape) }

// NewWeights returns zero weights of the shape of c, in one allocation.
func NewWeights(c Config) *Weights {
	w := &Weights{Layers: make([]Layer, c.Layers)}
	n := 0
	w.each(c, func(_ string, shape []int, _ *[]float32) { n += size(shape) })
	all := make([]float32, n)
	w.each(c, func(_ string, shape []int, data *[]float32) {
		n := size(shape)
		*data, all = all[:n:n], all[n:]
	})
	if c.Tied {
		w.Head = w.Embedding
	}
	return w
}

// Params lists the parameters of w in checkpoint order; a tied head is not listed
// apart.
func (w *Weights) Params(c Config) []Param {
	var ps []Param
	w.each(c, func(name string, shape []int, data *[]float32) {
		ps = append(ps, Param{Name: name, Shape: shape, Data: *data})
	})
	return ps
}

// each visits every parameter of a model of shape c.
func (w *Weights) each(c Config, visit func(name string, shape []int, data *[]float32)) {
	visit("embedding.wte.weight", []int{c.Vocab, c.Dim}, &w.Embedding)
	for i := range w.Layers {
		l := &w.Layers[i]
		seq := fmt.Sprintf("backbone.layers.%d.seq_layer.", i)
		hidden := fmt.Sprintf("backbone.layers.%d.hidden_layer.", i)
		visit(seq+"input_norm.weight", []int{c.Dim}, &l.InputNorm)
		visit(seq+"in_proj.weight", []int{c.Parts() * c.Dim, c.Dim}, &l.In)
		if c.GateBias {
			visit(seq+"gate_bias", []int{c.Dim}, &l.GateBias)
		}
		visit(seq+"out_proj.weight", []int{c.Dim, c.Dim}, &l.Out)
		visit(hidden+"ln.weight", []int{c.Dim}, &l.HiddenNorm)
		visit(hidden+"fc1.weight", []int{c.Hidden, c.Dim}, &l.FC1)
		visit(hidden+"fc2.weight", []int{c.Dim, c.Hidden}, &l.FC2)
	}
	visit("backbone.ln.weight", []int{c.Dim}, &w.FinalNorm)
	if !c.Tied {
		visit("head.lm_head.weight", []int{c.Vocab, c.Dim}, &w.Head)
	}
}

func size(shape []int) int {
	n := 1
	for _, s := range shape {
		n *= s
	}
	return n
}
