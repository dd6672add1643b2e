package sparse

import (
	"slices"

	"kvscope/engine/ops"
)

// expectedAttentionMethod is the entry of ExpectedAttention in the list of methods.
func expectedAttentionMethod() Info {
	standard := standardExpected()
	return Info{
		ID: "expected-attention", Name: "Expected Attention", Family: FamilyEviction, Unit: UnitToken, Phase: PhaseEvict, Scores: ScoresAttention, Random: true,
		Help:  "keeps the tokens that the queries to come are expected to attend to most, if they are spread as the prompt's are",
		Paper: "arXiv:2510.00636",
		Params: []Param{
			budgetParam(), capacityParam(),
			{
				Name: "initial", Title: "First tokens", Kind: KindInt, Default: formatNumber(float64(standard.Initial)), Max: mostUnits,
				Help:    "first tokens, always kept; their queries, which are unlike the others, are left out",
				Aliases: []string{"n_sink"},
			},
			{
				Name: "future", Title: "Positions ahead", Kind: KindInt, Default: formatNumber(float64(standard.Future)), Min: 1, Max: 1 << 16,
				Help:    "positions after the prompt that the queries to come are expected at",
				Aliases: []string{"n_future_positions"},
			},
			{
				Name: "epsilon", Title: "Epsilon", Kind: KindFloat, Default: formatNumber(standard.Epsilon), Max: 1,
				Help: "added to the expected attention, so that long values count where little attention is expected",
			},
			groupParam(groupMean), whoseParam(WhoseHead, nil),
		},
		plan: func(s Settings) (Plan, error) {
			m := ExpectedAttention{Initial: s.Int("initial"), Future: s.Int("future"), Epsilon: s.Float("epsilon")}
			if k := s.tokens(); k <= m.Initial && k < s.Tokens {
				return Plan{}, s.tooSmall(k, m.Initial, "initial")
			}
			p := s.evictPlan(func(capacity int) Evictor {
				return Grouped{Scorer: m, Capacity: capacity, Group: s.Choice("group"), Whose: s.Choice(whoseName)}.evictor()
			})
			p.NeedsModel = !s.Random
			return p, nil
		},
	}
}

// standardExpected is ExpectedAttention where nothing else is asked for.
func standardExpected() ExpectedAttention {
	return ExpectedAttention{Initial: 4, Future: 512, Epsilon: 0.02}
}

// ExpectedAttention scores positions, once after the prefill, by the attention that queries
// to come will pay to them if they are normally distributed as those of the prompt are
// (Devoto et al., arXiv:2510.00636, section 3). With u the queries of the prompt before
// their rotation, those of the first Initial left out, and R the mean of the rotations of
// the next Future positions,
//
//	μ = R·mean(u), Σ = R·cov(u)·Rᵀ                   [Dh], [Dh, Dh]
//	z_j = k_j·μ/√Dh + k_jᵀ·Σ·k_j/(2·Dh), j ≥ Initial [P − Initial]
//	s_j = (softmax(z)_j + Epsilon)·‖v_j‖₂            [P − Initial]
//
// on rotated keys; exp(z_j) is the mean of exp(q·k_j/√Dh) over such queries q. The softmax,
// which makes Epsilon a share of the attention, is kvpress's. Scores are s, and +Inf for the
// first positions, which are always kept, [P].
//
// Time O(P·Dh²), memory O(P·Dh + Dh²) a head of queries. A step costs what one of SnapKV does.
type ExpectedAttention struct {
	Initial int
	Future  int
	Epsilon float64
}

// Window implements Evictor: every query counts.
func (m ExpectedAttention) Window() int { return everyQuery }

func (m ExpectedAttention) score(dst, window []float32, h *KVCache) {
	first := min(m.Initial, h.Len)
	always(dst[:first])
	if dst = dst[first:]; len(dst) == 0 {
		return
	}
	n, d, k := len(dst), h.Dim, h.kernels
	mean, cov := m.future(window, h)
	keys := h.Keys[first*d : h.Len*d]
	k.DotRows(dst, mean, keys)
	spread := make([]float32, n*d)
	k.MatMul(ops.Dense(spread, n, d), ops.Dense(keys, n, d), ops.Dense(cov, d, d), false)
	scale := headScale(h)
	for j := range dst {
		var sum float32
		for c, v := range keys[j*d : (j+1)*d] {
			sum += v * spread[j*d+c]
		}
		dst[j] += scale / 2 * sum
	}
	k.Softmax(dst, n, scale)
	for j := range dst {
		dst[j] = (dst[j] + float32(m.Epsilon)) * float32(norm(h.Values[(first+j)*d:(first+j+1)*d]))
	}
}

// future is the mean μ [Dh] and the covariance Σ [Dh, Dh] of the queries to come, given the
// last ones of h, [w, Dh].
func (m ExpectedAttention) future(window []float32, h *KVCache) (mean, cov []float32) {
	d, k := h.Dim, h.kernels
	skipped := max(0, m.Initial-(h.Len-len(window)/d))
	u := unrotated(window[skipped*d:], h)
	mean = columnMeans(u, d)
	for i := range u {
		u[i] -= mean[i%d]
	}
	n := len(u) / d
	cov = make([]float32, d*d)
	rows := ops.Dense(u, n, d)
	k.MatMul(ops.Dense(cov, d, d), rows.T(), rows, false)
	cos, sin := meanRotation(h, h.Len, m.Future)
	k.RoPE(mean, cos, sin)
	for range 2 { // R·C·Rᵀ is (C·Rᵀ)ᵀ·Rᵀ, transposed, and C is its own transpose
		for row := range d {
			k.RoPE(cov[row*d:(row+1)*d], cos, sin)
		}
		transpose(cov, d)
	}
	for i := range cov {
		cov[i] /= float32(n)
	}
	return mean, cov
}

// unrotated is the queries of the last positions of h, [w, Dh], before their rotation.
func unrotated(queries []float32, h *KVCache) []float32 {
	if h.Rotations == nil {
		panic("BUG: the cache does not know how its keys are rotated")
	}
	d, half := h.Dim, h.Dim/2
	out, back := slices.Clone(queries), make([]float32, half)
	cos, sin := h.Rotations(h.Len)
	// A rotation that stretches does so everywhere as at position 0: that is undone once
	// for the query and once for the inverse.
	stretch := cos[0] * cos[0]
	first := h.Len - len(queries)/d
	for t := first; t < h.Len; t++ {
		row := out[(t-first)*d:][:d]
		for i, s := range sin[t*half : (t+1)*half] {
			back[i] = -s
		}
		h.kernels.RoPE(row, cos[t*half:(t+1)*half], back)
		for c := range row {
			row[c] /= stretch
		}
	}
	return out
}

// meanRotation is the mean of the cosines and sines of n positions from first on, [Dh/2].
func meanRotation(h *KVCache, first, n int) (cos, sin []float32) {
	half := h.Dim / 2
	c, s := h.Rotations(first + n)
	return columnMeans(c[first*half:], half), columnMeans(s[first*half:], half)
}

// columnMeans is the mean of the rows of x [n, d], added up in float64.
func columnMeans(x []float32, d int) []float32 {
	sums := make([]float64, d)
	for i, v := range x {
		sums[i%d] += float64(v)
	}
	mean := make([]float32, d)
	for c, sum := range sums {
		mean[c] = float32(sum / float64(len(x)/d))
	}
	return mean
}

// transpose turns x [d, d] over.
func transpose(x []float32, d int) {
	for r := range d {
		for c := range r {
			x[r*d+c], x[c*d+r] = x[c*d+r], x[r*d+c]
		}
	}
}
