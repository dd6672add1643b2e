package train

import (
	"math"

	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// AdamW is the optimiser's state: Adam with decoupled weight decay
// (arXiv:1711.05101), decay on matrices only, gradients clipped to a global norm.
type AdamW struct {
	Beta1, Beta2, Eps, Decay, Clip float64
	M, V                           *model.Weights // running moments
	Steps                          int            // taken so far
}

// NewAdamW returns the optimiser with the shipped models' settings.
func NewAdamW(cfg model.Config) *AdamW {
	return &AdamW{
		Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, Decay: 0.05, Clip: 1,
		M: model.NewWeights(cfg), V: model.NewWeights(cfg),
	}
}

// Update takes one step on the gradients of n and returns their norm.
func (a *AdamW) Update(n *Net, lr float64) float64 {
	params, grads := n.Weights.Params(n.Config), n.Grads.Params(n.Config)
	m, v := a.M.Params(n.Config), a.V.Params(n.Config)
	var sum float64
	for _, g := range grads {
		for _, x := range g.Data {
			sum += float64(x) * float64(x)
		}
	}
	norm := math.Sqrt(sum)
	scale := 1.0
	if norm > a.Clip {
		scale = a.Clip / norm
	}
	a.Steps++
	h := ops.AdamWStep{
		LR: float32(lr), Beta1: float32(a.Beta1), Beta2: float32(a.Beta2), Eps: float32(a.Eps), GradScale: float32(scale),
		Correction1: float32(1 - math.Pow(a.Beta1, float64(a.Steps))),
		Correction2: float32(1 - math.Pow(a.Beta2, float64(a.Steps))),
	}
	for i, p := range params {
		h.Decay = 0
		if p.IsMatrix() {
			h.Decay = float32(a.Decay)
		}
		n.kernels.AdamW(p.Data, m[i].Data, v[i].Data, grads[i].Data, h)
	}
	return norm
}
