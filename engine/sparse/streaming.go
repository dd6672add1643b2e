package sparse

import "math"

// streamingMethod is the entry of Streaming in the list of methods.
func streamingMethod() Info {
	return Info{
		ID: "streaming", Name: "StreamingLLM", Family: FamilyPattern, Unit: UnitToken, Phase: PhaseDecode, Scores: ScoresNone,
		Help:  "the first tokens and the most recent ones",
		Paper: "arXiv:2309.17453",
		Params: []Param{
			budgetParam(), tokensParam().madeOf("start_size", "recent_size"),
			{
				Name: "initial", Title: "First tokens", Kind: KindInt, Default: "4", Max: mostUnits,
				Help:    "first tokens, always read; the rest of the budget is the recent window",
				Aliases: []string{"start_size", "n_sink"},
			},
		},
		plan: func(s Settings) (Plan, error) {
			k, initial := s.tokens(), s.Int("initial")
			if s.everything() {
				return Plan{Selector: Streaming{Initial: initial, Window: math.MaxInt}, K: k}, nil
			}
			if k <= initial {
				return Plan{}, s.tooSmall(k, initial, "initial")
			}
			return Plan{Selector: Streaming{Initial: initial, Window: k - initial}, K: k}, nil
		},
	}
}

// Streaming reads the first positions, the attention sinks, and the most recent
// ones (StreamingLLM, Xiao et al., arXiv:2309.17453, section 3.2): a query at
// position q reads j <= q when j < Initial or q − j < Window.
//
// Time O((Initial + Window)·Dh) a query, memory nothing.
type Streaming struct {
	Pattern
	Initial int
	Window  int // counts the query's own position
}

// Select implements Selector.
func (m Streaming) Select(dst *Selection, q Query, h *KVCache) {
	blocksBefore(q, h)
	dst.reset(1)
	end := q.Position + 1
	dst.add(0, min(m.Initial, end))
	dst.add(max(0, end-m.Window), end)
}
