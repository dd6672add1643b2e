package train

import (
	"math"
	"math/rand/v2"

	"kvscope/engine/model"
)

// The gate bias of every head starts spread linearly over its channels, so that
// the memory begins with a range of time scales: sigmoid(−5) forgets at once,
// sigmoid(2.5) remembers about a dozen tokens.
const gateBiasLow, gateBiasHigh = -5.0, 2.5

// Initialise draws fresh weights: normal with standard deviation 0.08 for the
// embedding, plus one vector of the same size common to all tokens (without biases,
// only what tokens share can make a head look at a fixed distance), 1/sqrt(2D) for projections that read the residual stream, that divided
// by sqrt(2L) for those that write to it, norms at one, and the spread gate bias.
func Initialise(cfg model.Config, seed uint64) *model.Weights {
	w := model.NewWeights(cfg)
	rng := rand.New(rand.NewPCG(seed, 0x6b7673636f7065))
	normal := func(x []float32, std float64) {
		for i := range x {
			x[i] = float32(rng.NormFloat64() * std)
		}
	}
	ones := func(x []float32) {
		for i := range x {
			x[i] = 1
		}
	}
	const embedding = 0.08
	projection := 1 / math.Sqrt(2*float64(cfg.Dim))
	branch := projection / math.Sqrt(2*float64(cfg.Layers))
	normal(w.Embedding, embedding)
	common := make([]float32, cfg.Dim)
	normal(common, embedding)
	for i := range w.Embedding {
		w.Embedding[i] += common[i%cfg.Dim]
	}
	for l := range w.Layers {
		layer := &w.Layers[l]
		ones(layer.InputNorm)
		normal(layer.In, projection)
		normal(layer.Out, branch)
		ones(layer.HiddenNorm)
		normal(layer.FC1, projection)
		normal(layer.FC2, branch)
		for i := range layer.GateBias {
			dh := cfg.HeadDim()
			layer.GateBias[i] = float32(gateBiasLow + (gateBiasHigh-gateBiasLow)*float64(i%dh)/float64(dh-1))
		}
	}
	ones(w.FinalNorm)
	if !cfg.Tied {
		normal(w.Head, embedding)
	}
	return w
}
