package sparse

// dilatedMethod is the entry of Dilated in the list of methods.
func dilatedMethod() Info {
	return Info{
		ID: "dilated", Name: "Dilated", Family: FamilyPattern, Unit: UnitToken, Phase: PhaseDecode, Scores: ScoresNone,
		Help:  "every D-th token, a local window and the first tokens, as RAT+ is trained",
		Paper: "arXiv:2602.18196",
		Params: []Param{
			budgetParam(), tokensParam(),
			{Name: "dilation", Title: "Every n-th token", Kind: KindInt, Min: 1, Max: mostUnits, Restricts: true, Help: "D; from the budget when not set"},
			{Name: "window", Title: "Window, tokens", Kind: KindInt, Default: "0", Max: mostUnits, Help: "tokens before the query that are always read", Aliases: []string{"window_size", "local"}},
			{Name: "initial", Title: "First tokens", Kind: KindInt, Default: "0", Max: mostUnits, Help: "first tokens, always read"},
		},
		plan: planDilated,
	}
}

// planDilated spends on every D-th position what the window and the initial positions
// leave of the budget, where D is not set.
func planDilated(s Settings) (Plan, error) {
	m := Dilated{Dilation: s.Int("dilation"), Window: s.Int("window"), Initial: s.Int("initial")}
	switch k := s.tokens(); {
	case s.Given("dilation"):
	case s.everything():
		m.Dilation = 1
	case k-m.Window-m.Initial < 1:
		return Plan{}, s.tooSmall(k, m.Window+m.Initial, "window and initial")
	default:
		rest := k - m.Window - m.Initial
		m.Dilation = (s.Tokens + rest - 1) / rest
	}
	return Plan{Selector: m, K: min(s.Tokens, s.Tokens/m.Dilation+m.Window+1+m.Initial)}, nil
}

// Dilated reads a fixed pattern: every D-th position, a local window, and the
// first positions. It is the mask that RAT+ is trained and run with
// (arXiv:2602.18196): a query at position q reads j <= q when
//
//	(j+1) mod Dilation = 0  or  q − j <= Window  or  j < Initial
//
// Time O((P/Dilation + Window + Initial)·Dh) a query, memory nothing. A step takes up to 2.2 times what Quest's of the same budget does: every D-th position is a
// jump in memory, where a deployment would store them together.
type Dilated struct {
	Pattern
	Dilation int // D; 1 reads everything
	Window   int // W, positions before the query's own
	Initial  int
}

// Select implements Selector.
func (m Dilated) Select(dst *Selection, q Query, h *KVCache) {
	blocksBefore(q, h)
	dst.reset(1)
	end := q.Position + 1
	local := max(0, q.Position-m.Window)
	dst.add(0, min(m.Initial, end))
	// Those among the initial ones join their span.
	for j := m.Dilation - 1; j < local; j += m.Dilation {
		dst.add(j, j+1)
	}
	dst.add(local, end)
}
