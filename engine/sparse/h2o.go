package sparse

import (
	"fmt"
	"math"

	"kvscope/engine/ops"
)

// h2oMethod is the entry of H2O in the list of methods.
func h2oMethod() Info {
	return Info{
		ID: "h2o", Name: "H2O", Family: FamilyEviction, Unit: UnitToken, Phase: PhaseEvict, Scores: ScoresAttention, Random: true,
		Help:  "keeps the most recent tokens and those that the whole prompt attends to most, and drops the rest",
		Paper: "arXiv:2306.14048",
		Params: append(h2oParams(),
			Param{
				Name: "average", Title: "Mean of those that can see it", Kind: KindBool, Default: "false",
				Help: "attention to a token is divided by the number of queries that can see it, as in kvpress's observed attention; else it is summed, which favours the first tokens",
			},
			groupParam(groupEach), whoseParam(WhoseHead, nil)),
		plan: func(s Settings) (Plan, error) {
			p, err := planH2O(s)
			if m, ok := p.Evictor.(H2O); ok {
				m.Average = s.Bool("average")
				p.Evictor = s.together(m, m.Capacity)
			}
			return p, err
		},
	}
}

// h2oParams are those of H2O once and while decoding.
func h2oParams() []Param {
	return []Param{
		budgetParam(), capacityParam().madeOf("hh_size", "recent_size"),
		{
			Name: "window", Title: "Window, tokens", Kind: KindInt, Max: mostUnits,
			Help:    "last tokens of the prompt, always kept; half of those kept when not set",
			Aliases: []string{"recent_size", "window_size"},
		},
	}
}

// planH2O keeps half of what may stay for the most recent positions where nothing else
// is asked.
func planH2O(s Settings) (Plan, error) {
	k := s.tokens()
	capacity, recent := k, k/2
	if s.Given("window") {
		recent = s.Int("window")
	}
	if capacity == s.Tokens {
		capacity = max(capacity, recent) // nothing is dropped, as with SnapKV
	}
	if capacity < recent {
		return Plan{}, s.tooSmall(capacity, recent-1, "window")
	}
	if s.Random {
		return Plan{K: k, Evictor: RandomTokens{Capacity: capacity, Recent: recent, Seed: s.Seed, Whose: s.whose()}}, nil
	}
	return Plan{K: k, Evictor: H2O{Capacity: capacity, Recent: recent}}, nil
}

// H2O keeps, once after the prefill, the heavy hitters: the positions that all
// queries of the prompt together attend to most (Zhang et al., arXiv:2306.14048,
// section 4), beside the most recent ones:
//
//	A   = softmax(Q·Kᵀ/√Dh), causal       [P, P]
//	s_j = Σ_i A[i, j], j < P − Recent     [P − Recent]
//
// It keeps the Capacity − Recent positions of the greatest s and the last Recent.
// The authors' code evicts while the prompt is read, one position for each that
// comes; here the sums are those of the whole prompt, so that the method differs
// from SnapKV in who votes and in nothing else. Nothing is dropped from a prompt of
// at most Capacity positions. Scores are s, and +Inf for the recent ones, [P].
//
// Time O(P²·Dh), memory O(P) a head of queries.
type H2O struct {
	Capacity int // positions kept, the recent ones included
	Recent   int

	// Average divides s_j by the number of queries that can see j, P − j, as kvpress's
	// observed attention does.
	Average bool
}

// everyQuery is more queries than any prompt has.
const everyQuery = 1 << 30

// Window implements Evictor: every query votes.
func (m H2O) Window() int { return everyQuery }

// Keep implements Evictor.
func (m H2O) Keep(dst *Selection, window []float32, _, _ int, h *KVCache) {
	if want := h.Len * h.Dim; len(window) != want {
		panic(fmt.Sprintf("sparse: window of %d values for %d queries of size %d", len(window), h.Len, h.Dim))
	}
	dst.reset(1)
	past := max(0, h.Len-m.Recent)
	dst.Scores = resize(dst.Scores, h.Len)
	m.score(dst.Scores, window, h)
	keepTop(dst, h, past, m.Capacity-m.Recent)
}

func (m H2O) score(dst, window []float32, h *KVCache) {
	accumulated(dst, window, h)
	if m.Average {
		for j := range dst {
			dst[j] /= float32(h.Len - j)
		}
	}
	always(dst[max(0, h.Len-m.Recent):])
}

// Reevict implements Reevictor. Where Recent is less than before, the positions between
// were never scored.
func (m H2O) Reevict(dst *Selection, _, _ int, h *KVCache, scores []float32) bool {
	return reevictTop(dst, h, max(0, h.Len-m.Recent), m.Capacity-m.Recent, scores)
}

// accumulateRows is how many rows of weights exist at a time: a long prompt's whole
// matrix of them would be larger than its cache by far.
const accumulateRows = 64

// accumulated writes to dst [P] the attention that the queries [P, Dh] of all of
// h's positions pay to each, summed.
func accumulated(dst, queries []float32, h *KVCache) {
	clear(dst)
	weights := make([]float32, accumulateRows*h.Len)
	for first := 0; first < h.Len; first += accumulateRows {
		n := min(accumulateRows, h.Len-first)
		seen := first + n
		a := ops.Dense(weights[:n*seen], n, seen)
		h.kernels.MatMul(a, ops.Dense(queries[first*h.Dim:seen*h.Dim], n, h.Dim), ops.Dense(h.Keys[:seen*h.Dim], seen, h.Dim).T(), false)
		for i := range n {
			for j := first + i + 1; j < seen; j++ {
				a.Row(i)[j] = float32(math.Inf(-1))
			}
		}
		h.kernels.Softmax(a.Data[:n*seen], seen, headScale(h))
		for i := range n {
			h.kernels.Add(dst[:seen], a.Row(i))
		}
	}
}
