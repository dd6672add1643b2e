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

const embeddingStd = 0.08

// Initialise draws fresh weights: normal with standard deviation 0.08 for the
// embedding, plus one vector of the same size common to all tokens, 1/sqrt(2D) for
// projections that read the residual stream, that divided by sqrt(2L) for those
// that write to it, norms at one, the spread gate bias, and in the first layer
// heads that look back by fixed distances.
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
	projection := 1 / math.Sqrt(2*float64(cfg.Dim))
	branch := projection / math.Sqrt(2*float64(cfg.Layers))
	normal(w.Embedding.F32, embeddingStd)
	common := make([]float32, cfg.Dim)
	normal(common, embeddingStd)
	for i := range w.Embedding.F32 {
		w.Embedding.F32[i] += common[i%cfg.Dim]
	}
	for l := range w.Layers {
		layer := &w.Layers[l]
		ones(layer.InputNorm)
		normal(layer.In.F32, projection)
		normal(layer.Out.F32, branch)
		ones(layer.HiddenNorm)
		normal(layer.Up.F32, projection)
		normal(layer.Down.F32, branch)
		for i := range layer.GateBias {
			dh := cfg.HeadDim
			layer.GateBias[i] = float32(gateBiasLow + (gateBiasHigh-gateBiasLow)*float64(i%dh)/float64(dh-1))
		}
	}
	for h, look := range lookBacks[:min(cfg.Heads, len(lookBacks))] {
		lookBack(cfg, w.Layers[0].In.F32, common, h, look)
	}
	ones(w.FinalNorm)
	if !cfg.Tied {
		normal(w.Head.F32, embeddingStd)
	}
	return w
}

// look is where a head of the first layer looks in the beginning: a distance back,
// and the fastest of the rotary pairs that carry it. The faster, the sharper.
type look struct{ distance, fastest int }

// lookBacks are one, two and three tokens back, and whatever is about five back.
var lookBacks = []look{{1, 0}, {2, 0}, {3, 0}, {5, 2}}

// lookBackPairs is how many neighbouring rotary pairs carry a distance, and
// lookBackScore how much each adds to the score at that distance.
const lookBackPairs, lookBackScore = 4, 4.4

// lookBack makes head h of an input projection begin by reading the token a fixed
// distance back. Without biases, only what all tokens share can point at a
// position: the common vector is mapped to a query (u, 0) and a key
// (u·cos dθ, u·sin dθ) in each of its rotary pairs, so that the score at distance Δ
// gains Σ_i s·cos((Δ−d)θ_i). Copying what followed a token takes a head that looks
// one back, matching the key of a value heads that look further; found by descent
// alone they cost millions of tokens.
func lookBack(cfg model.Config, in, common []float32, h int, look look) {
	dh, half := cfg.HeadDim, cfg.HeadDim/2
	length := normOf(common)
	// A normed token's component along the common direction, as tokens are drawn.
	along := length / (embeddingStd * math.Sqrt2)
	u := math.Sqrt(lookBackScore*math.Sqrt(float64(dh))) / along
	add := func(part, channel int, size float64) {
		row := in[((part*cfg.Dim)+h*dh+channel)*cfg.Dim:][:cfg.Dim]
		for c, v := range common {
			row[c] += float32(size * float64(v) / length)
		}
	}
	for i := look.fastest; i < min(look.fastest+lookBackPairs, half); i++ {
		angle := float64(look.distance) * math.Pow(cfg.Rope.Base, -float64(i)/float64(half))
		add(model.PartQuery, i, u)
		add(model.PartKey, i, u*math.Cos(angle))
		add(model.PartKey, i+half, u*math.Sin(angle))
	}
}
