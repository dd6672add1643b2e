package train

import (
	"math"
	"strings"

	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// Optimizer takes the steps of a run: Muon on the matrices inside the layers,
// AdamW (arXiv:1711.05101) on the embedding, the norms and the gate bias, which
// are no linear maps between features. Both decay matrices only, decoupled from
// the gradient, whose global norm is clipped. RATIONALE.md says why not AdamW alone.
type Optimizer struct {
	Beta1, Beta2, Eps, Decay, Clip float64
	M, V                           *model.Weights // running moments; Muon keeps no V
	Steps                          int            // taken so far
	muon                           *muon
}

// NewOptimizer returns the optimiser with the shipped models' settings.
func NewOptimizer(cfg model.Config, k *ops.Kernels) *Optimizer {
	return &Optimizer{
		Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, Decay: 0.05, Clip: 1,
		M: model.NewWeights(cfg), V: model.NewWeights(cfg), muon: newMuon(cfg, k),
	}
}

const firstProjection = "backbone.layers.0.seq_layer.in_proj.weight"

// queryKey are the parts of an input projection that make queries and keys.
var queryKey = []int{model.PartQuery, model.PartKey}

// Update takes one step on the gradients of n and returns their norm. With hold the
// queries and keys of the first layer stay as they are.
func (o *Optimizer) Update(n *Replica, lr float64, hold bool) float64 {
	params, grads := n.Weights.Params(n.Config), n.Grads.Params(n.Config)
	m, v := o.M.Params(n.Config), o.V.Params(n.Config)
	norm := normOf(dataOf(grads)...)
	scale := 1.0
	if norm > o.Clip {
		scale = o.Clip / norm
	}
	o.Steps++
	h := ops.AdamWStep{
		LR: float32(lr), Beta1: float32(o.Beta1), Beta2: float32(o.Beta2), Eps: float32(o.Eps), GradScale: float32(scale),
		Correction1: float32(1 - math.Pow(o.Beta1, float64(o.Steps))),
		Correction2: float32(1 - math.Pow(o.Beta2, float64(o.Steps))),
	}
	for i, p := range params {
		if p.IsMatrix() && strings.HasPrefix(p.Name, "backbone.") {
			var held []int
			if hold && p.Name == firstProjection {
				held = queryKey
			}
			o.muon.update(p, m[i].Data, grads[i].Data, lr, o.Decay, scale, held)
			continue
		}
		h.Decay = 0
		if p.IsMatrix() {
			h.Decay = float32(o.Decay)
		}
		n.kernels.AdamW(p.Data, m[i].Data, v[i].Data, grads[i].Data, h)
	}
	return norm
}

// normOf is the Euclidean norm of all numbers together.
func normOf(parts ...[]float32) float64 {
	var sum float64
	for _, part := range parts {
		for _, x := range part {
			sum += float64(x) * float64(x)
		}
	}
	return math.Sqrt(sum)
}

// dataOf are the numbers of parameters.
func dataOf(params []model.Param) [][]float32 {
	out := make([][]float32, len(params))
	for i, p := range params {
		out[i] = p.Data
	}
	return out
}
