package sparse

import (
	"math"
	"slices"
)

// duoAttentionMethod is the entry of DuoAttention in the list of methods.
func duoAttentionMethod() Info {
	return Info{
		ID: "duoattention", Name: "DuoAttention", Family: FamilyPattern, Unit: UnitToken, Phase: PhaseDecode, Scores: ScoresNone,
		Help:  "heads that found needles in a probe of the model read everything, the others the first tokens and the most recent ones",
		Paper: "arXiv:2410.10819",
		Params: []Param{
			budgetParam(), tokensParam(),
			{
				Name: "initial", Title: "First tokens", Kind: KindInt, Default: "4", Max: mostUnits,
				Help:    "first tokens, which every head reads",
				Aliases: []string{"sink_size"},
			},
			{
				Name: "window", Title: "Window, tokens", Kind: KindInt, Min: 1, Max: mostUnits,
				Help:    "most recent tokens, which every head reads; half of K with the first ones when not set, and what is left of K decides how many heads read everything",
				Aliases: []string{"recent_size"},
			},
			groupParam(groupMean),
			whoseParam(WhoseHead, map[string]string{WhoseAll: "all heads would read everything, or none"}),
		},
		plan: planDuoAttention,
	}
}

// planDuoAttention gives to heads that read everything what the others leave of the budget.
func planDuoAttention(s Settings) (Plan, error) {
	k := s.tokens()
	m := DuoAttention{Initial: s.Int("initial"), Window: max(1, k/2-s.Int("initial")), Share: 1, Group: s.Choice("group"), Whose: s.whose()}
	if s.Given("window") {
		m.Window = s.Int("window")
	}
	p := Plan{K: k, NeedsModel: true}
	if few := m.Initial + m.Window; k < s.Tokens {
		if k <= few {
			return Plan{}, s.tooSmall(k, few, "initial and window")
		}
		m.Share = float64(k-few) / float64(s.Tokens-few)
	}
	p.Selector = m
	return p, nil
}

// Rated is a Selector that treats heads by how often they found needles.
type Rated interface {
	Selector
	// Rate returns what selects in a model whose heads have the hit rates [L][H], group
	// of them sharing keys.
	Rate(rates [][]float64, group int) Selector
}

// DuoAttention lets retrieval heads read everything and all others the first positions and
// the most recent ones (Xiao et al., arXiv:2410.10819, section 2): a query at position q of
// another head reads j <= q when j < Initial or q − j < Window. Retrieval heads are the
// ⌊Share·heads⌋ of the highest hit rates of all layers together, ties to the first layer and
// head; those that share keys, or a layer, are one by the mean, or the maximum, of their rates,
// unless Group is each and Whose a head. With Share = (K − n)/(P − n), n = Initial + Window, heads read K of P
// positions on average. The authors find retrieval heads by optimising a gate on each; here
// they are measured.
//
// Time O(P·Dh) a query of a retrieval head and O(n·Dh) of another; memory nothing, and in a
// deployment a cache of n positions for a head that is none.
type DuoAttention struct {
	Initial, Window int
	Share           float64
	Group           string // each, mean or max
	Whose           string // WhoseHead, which "" is too, or WhoseLayer

	retrieval [][]bool // [L][H]; nil before Rate
}

// Rate implements Rated.
func (m DuoAttention) Rate(rates [][]float64, group int) Selector {
	switch {
	case m.Whose == WhoseLayer:
		group = len(rates[0])
	case m.Group == groupEach:
		group = 1
	}
	var units []float64
	for _, heads := range rates {
		for members := range slices.Chunk(heads, group) {
			units = append(units, m.joint(members))
		}
	}
	best := make([]int, len(units))
	for i := range best {
		best[i] = i
	}
	slices.SortStableFunc(best, func(a, b int) int {
		switch {
		case units[a] > units[b]:
			return -1
		case units[a] < units[b]:
			return 1
		}
		return 0
	})
	chosen := make([]bool, len(units))
	for _, i := range best[:int(m.Share*float64(len(units)))] {
		chosen[i] = true
	}
	m.retrieval = nil
	at := 0
	for _, heads := range rates {
		layer := make([]bool, len(heads))
		for h := range layer {
			layer[h] = chosen[at+h/group]
		}
		at += len(heads) / group
		m.retrieval = append(m.retrieval, layer)
	}
	return m
}

// joint is the rate of heads that share keys.
func (m DuoAttention) joint(rates []float64) float64 {
	if m.Group == groupMax {
		return slices.Max(rates)
	}
	var sum float64
	for _, r := range rates {
		sum += r
	}
	return sum / float64(len(rates))
}

// Select implements Selector.
func (m DuoAttention) Select(dst *Selection, q Query, h *KVCache) {
	if m.retrieval == nil {
		panic("BUG: heads without hit rates")
	}
	window := m.Window
	if m.retrieval[q.Layer][q.Head] {
		window = math.MaxInt
	}
	Streaming{Initial: m.Initial, Window: window}.Select(dst, q, h)
}

// rate tells s hit rates, where it wants them.
func rate(s Selector, rates [][]float64, group int) Selector {
	if m, ok := s.(Rated); ok {
		return m.Rate(rates, group)
	}
	return s
}

// Rated is p with its method told the hit rates [L][H] of a model's heads, group of them
// sharing keys.
func (p Plan) Rated(rates [][]float64, group int) Plan {
	p.Selector = rate(p.Selector, rates, group)
	return p
}
