package sparse

import (
	"fmt"
	"math"

	"kvscope/engine/ops"
)

// snapKVMethod is the entry of SnapKV in the list of methods.
func snapKVMethod() Info {
	return Info{
		ID: "snapkv", Name: "SnapKV", Family: FamilyEviction, Unit: UnitToken, Phase: PhaseEvict, Scores: ScoresAttention, Random: true,
		Help:  "keeps the tokens that the last queries of the prompt attend to most, and drops the rest",
		Paper: "arXiv:2404.14469",
		Params: []Param{
			budgetParam(), capacityParam(), observedParam(), kernelParam("7"),
			{
				Name: "pooling", Title: "Pooling", Kind: KindChoice, Default: "avg", Choices: []string{"avg", "max"},
				Help:      "how votes are pooled",
				Spellings: map[string]string{"avgpool": "avg", "maxpool": "max"}, // as PyTorch calls them
			},
			groupParam(groupEach), whoseParam(WhoseHead, nil),
		},
		plan: planSnapKV,
	}
}

// observedParam is the window of a method whose last queries vote.
func observedParam() Param {
	return Param{
		Name: "window", Title: "Window, tokens", Kind: KindInt, Default: "32", Min: 1, Max: 4096,
		Help:    "last queries of the prompt that vote; their own tokens are always kept",
		Aliases: []string{"window_size"},
	}
}

// kernelParam is how far votes are pooled.
func kernelParam(otherwise string) Param {
	return Param{
		Name: "kernel", Title: "Kernel, tokens", Kind: KindInt, Default: otherwise, Min: 1, Max: 255, Odd: true,
		Help:    "neighbouring tokens over which votes are pooled; 1 does not pool",
		Aliases: []string{"kernel_size"},
	}
}

func planSnapKV(s Settings) (Plan, error) {
	p, m, err := planObserved(s)
	if p.Evictor != nil || err != nil {
		return p, err
	}
	if s.Choice("pooling") == "max" {
		m.Pooling = MaxPool
	}
	p.Evictor = s.together(m, m.Capacity)
	return p, nil
}

// planObserved is the plan of a method whose last queries vote, as SnapKV's do, which the
// method is to make of the SnapKV given; or chance in its place.
func planObserved(s Settings) (Plan, SnapKV, error) {
	k, window := s.tokens(), s.Int("window")
	capacity := k
	if capacity == s.Tokens {
		// Nothing is dropped, also where the prompt is no longer than the window.
		capacity = max(capacity, window+1)
	}
	if capacity <= window {
		return Plan{}, SnapKV{}, s.tooSmall(capacity, window, "the observation window")
	}
	if s.Random {
		return Plan{K: k, Evictor: RandomTokens{Capacity: capacity, Recent: window, Seed: s.Seed, Whose: s.whose()}}, SnapKV{}, nil
	}
	return Plan{K: k}, SnapKV{Capacity: capacity, Observed: window, Kernel: s.Int("kernel")}, nil
}

// Pooling smooths SnapKV's votes over neighbouring positions.
type Pooling uint8

// The two poolings of the public code.
const (
	AvgPool Pooling = iota // mean over the kernel, positions outside counting as zero
	MaxPool                // maximum over the kernel
)

// SnapKV keeps, once after the prefill, the positions that the last queries of the
// prompt attend to most (Li et al., arXiv:2404.14469, section 4):
//
//	A   = softmax(Q_w·Kᵀ/√Dh), causal               [w, P]
//	s_j = pool over j of Σ_i A[i, j], j < P − w      [P − w]
//
// It keeps the Capacity − w positions of the greatest s and the last w, w =
// Observed. Nothing is dropped from a prompt of at most Capacity positions. Scores
// are s, and +Inf for the window, [P].
//
// Time O(w·P·Dh), memory O(w·P) a head of queries. A step takes up to 2.2 times Quest's, as
// all do that read single positions; see the package's doc.
type SnapKV struct {
	Capacity int // positions kept, the window included
	Observed int // w, the observation window
	Kernel   int // odd size of the pooling kernel; 1 does not pool
	Pooling  Pooling
}

// Window implements Evictor.
func (m SnapKV) Window() int { return m.Observed }

// Keep implements Evictor.
func (m SnapKV) Keep(dst *Selection, window []float32, _, _ int, h *KVCache) {
	if want := min(m.Observed, h.Len) * h.Dim; len(window) != want {
		panic(fmt.Sprintf("sparse: window of %d values for %d queries of size %d", len(window), min(m.Observed, h.Len), h.Dim))
	}
	dst.reset(1)
	dst.Scores = resize(dst.Scores, h.Len)
	m.score(dst.Scores, window, h)
	keepTop(dst, h, max(0, h.Len-m.Observed), m.Capacity-m.Observed)
}

func (m SnapKV) score(dst, window []float32, h *KVCache) {
	past := max(0, h.Len-m.Observed)
	m.pool(h.kernels, dst[:past], votes(window, h)[:past])
	always(dst[past:])
}

// Reevict implements Reevictor.
func (m SnapKV) Reevict(dst *Selection, _, _ int, h *KVCache, scores []float32) bool {
	return reevictTop(dst, h, max(0, h.Len-m.Observed), m.Capacity-m.Observed, scores)
}

// votes computes for every position the attention weight that the last w queries
// of the cache pay to it, summed, [P]. The w rows of weights are not kept in a
// Selection, which lives as long as the eviction does.
func votes(window []float32, h *KVCache) []float32 {
	a := observed(window, h)
	for i := 1; i < a.Rows; i++ {
		h.kernels.Add(a.Row(0), a.Row(i))
	}
	return a.Row(0)
}

// observed is the attention that the last w queries of the cache pay to its positions,
// causal, [w, P].
func observed(window []float32, h *KVCache) ops.Matrix {
	w, p := len(window)/h.Dim, h.Len
	dst := make([]float32, w*p)
	a := ops.Dense(dst, w, p)
	h.kernels.MatMul(a, ops.Dense(window, w, h.Dim), ops.Dense(h.Keys, p, h.Dim).T(), false)
	for i := range w {
		for j := p - w + i + 1; j < p; j++ {
			a.Row(i)[j] = float32(math.Inf(-1))
		}
	}
	h.kernels.Softmax(dst, p, headScale(h))
	return a
}

// pool computes dst[j] from the votes of the kernel centred at j: one pass for each
// place in the kernel, from the lowest to the highest.
func (m SnapKV) pool(k *ops.Kernels, dst, votes []float32) {
	for j := range dst {
		dst[j] = 0
		if m.Pooling == MaxPool {
			dst[j] = float32(math.Inf(-1))
		}
	}
	var unused []float32 // the lower bounds, which MinMax keeps too
	if m.Pooling == MaxPool {
		unused = make([]float32, len(dst))
	}
	half := m.Kernel / 2
	for shift := -half; shift <= half; shift++ {
		lo, hi := max(0, -shift), len(dst)-max(0, shift)
		if lo >= hi {
			continue
		}
		near := votes[lo+shift : hi+shift]
		if m.Pooling == MaxPool {
			k.MinMax(unused[lo:hi], dst[lo:hi], near)
		} else {
			k.Add(dst[lo:hi], near)
		}
	}
	if m.Pooling == AvgPool {
		for j := range dst {
			dst[j] /= float32(m.Kernel)
		}
	}
}
