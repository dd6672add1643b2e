package model

import (
	"math"
	"strings"

	"kvscope/engine/input"
)

// ropeScaling is a way to stretch a rotary embedding over a longer context.
type ropeScaling struct {
	name  string
	check func(r Rope) error
	// scale changes the frequencies, [Dh/2], of channel pairs that turn fast first.
	scale func(r Rope, frequencies []float64)
}

// ropeScalings lists the known ways to scale, by their rope_type.
var ropeScalings = []ropeScaling{
	{name: ""},
	{name: "linear", scale: scaleLinear},
	{name: "llama3", check: checkLlama3, scale: scaleLlama3},
	{name: "yarn", check: checkYarn, scale: scaleYarn},
}

// scaling is the scaling that r names.
func (r Rope) scaling() (ropeScaling, error) {
	var names []string
	for _, s := range ropeScalings {
		if s.name == r.Scaling {
			return s, nil
		}
		names = append(names, s.name)
	}
	names[0] = "default"
	return ropeScaling{}, input.Errorf("rope_type", "%q, want one of %s", r.Scaling, strings.Join(names, ", "))
}

// scaleLinear turns everything slower by the factor (arXiv:2306.15595).
func scaleLinear(r Rope, frequencies []float64) {
	for i := range frequencies {
		frequencies[i] /= r.Factor
	}
}

func checkLlama3(r Rope) error {
	if r.Original < 1 {
		return input.Errorf("original_max_position_embeddings", "%d of rope_type llama3, want at least 1", r.Original)
	}
	if !(r.LowFreq > 0 && r.HighFreq > r.LowFreq) {
		return input.Errorf("high_freq_factor", "%g above low_freq_factor %g, want both above 0 and the first larger", r.HighFreq, r.LowFreq)
	}
	return nil
}

// scaleLlama3 is Llama 3.1's (arXiv:2407.21783): pairs that turn fewer than LowFreq
// times within the original context turn slower by the factor, those with more than
// HighFreq turns stay, and the others pass over.
func scaleLlama3(r Rope, frequencies []float64) {
	for i, f := range frequencies {
		turns := float64(r.Original) * f / (2 * math.Pi)
		keep := (turns - r.LowFreq) / (r.HighFreq - r.LowFreq)
		frequencies[i] = blend(f/r.Factor, f, keep)
	}
}

func checkYarn(r Rope) error {
	if r.Original < 1 {
		return input.Errorf("original_max_position_embeddings", "%d of rope_type yarn, want at least 1", r.Original)
	}
	if !(r.BetaSlow > 0 && r.BetaFast > r.BetaSlow) {
		return input.Errorf("beta_fast", "%g above beta_slow %g, want both above 0 and the first larger", r.BetaFast, r.BetaSlow)
	}
	if !(r.Attention > 0 && r.Attention < 100) {
		return input.Errorf("attention_factor", "%g, want more than 0 and less than 100", r.Attention)
	}
	return nil
}

// scaleYarn is YaRN's (arXiv:2309.00071, section 3.2): as llama3's, the passage being
// linear in the number of the pair, from the one with BetaFast turns to that with
// BetaSlow.
func scaleYarn(r Rope, frequencies []float64) {
	dim := float64(2 * len(frequencies))
	pairWithTurns := func(turns float64) float64 {
		return dim * math.Log(float64(r.Original)/(turns*2*math.Pi)) / (2 * math.Log(r.Base))
	}
	low := max(math.Floor(pairWithTurns(r.BetaFast)), 0)
	high := min(math.Ceil(pairWithTurns(r.BetaSlow)), dim-1)
	if high == low {
		high += 0.001
	}
	for i, f := range frequencies {
		slow := (float64(i) - low) / (high - low)
		frequencies[i] = blend(f, f/r.Factor, slow)
	}
}

// yarnAttention is the attention_factor of a stretch by factor where nothing says
// another: 0.1·ln factor + 1.
func yarnAttention(factor float64) float64 { return 0.1*math.Log(max(factor, 1)) + 1 }

// blend goes from a at share 0 to b at 1, and no further.
func blend(a, b, share float64) float64 {
	share = max(0, min(1, share))
	return a*(1-share) + b*share
}
