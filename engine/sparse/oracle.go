package sparse

// oracleBlockMethod is the entry of OracleBlocks in the list of methods.
func oracleBlockMethod() Info {
	return Info{
		ID: "oracle-block", Name: "Oracle (block)", Family: FamilyOracle, Unit: UnitBlock, Phase: PhaseDecode, Scores: ScoresAttention,
		Help:   "the blocks that hold the most of the query's true attention: the ceiling for block methods",
		Params: append([]Param{budgetParam(), blockParam(), blocksParam()}, jointParams()...),
		plan: func(s Settings) (Plan, error) {
			return s.blockPlan(s.blocks(), NoneForced, func(limit int) Selector { return OracleBlocks{Blocks: limit} }), nil
		},
	}
}

// oracleTokenMethod is the entry of OracleTokens in the list of methods.
func oracleTokenMethod() Info {
	return Info{
		ID: "oracle-token", Name: "Oracle (token)", Family: FamilyOracle, Unit: UnitToken, Phase: PhaseDecode, Scores: ScoresAttention,
		Help:   "the tokens with the most of the query's true attention: the ceiling for token methods",
		Params: append([]Param{budgetParam(), tokensParam()}, jointParams()...),
		plan: func(s Settings) (Plan, error) {
			k := s.tokens()
			return Plan{Selector: OracleTokens{Tokens: s.limit(k)}, K: k, Joint: s.joint()}, nil
		},
	}
}

// OracleBlocks selects the K blocks that hold the most of the query's true
// attention, Σ_{j in b} softmax(q·k_j/√Dh). No selector of K blocks keeps more
// mass: it is the ceiling the others are measured against, and reads every key, so that it
// takes seven times what Quest does. Nothing is forced. Scores are the mass, [blocks].
//
// Time O(P·Dh) a query, memory O(P).
type OracleBlocks struct {
	Blocks int // K
}

// Select implements Selector.
func (m OracleBlocks) Select(dst *Selection, q Query, h *KVCache) { m.top().Select(dst, q, h) }

// Reselect implements Reselector.
func (m OracleBlocks) Reselect(dst *Selection, q Query, h *KVCache, scores []float32) bool {
	return m.top().Reselect(dst, q, h, scores)
}

func (m OracleBlocks) top() topBlocks { return topBlocks{m.Blocks, NoneForced, massScores} }

// massScores fills dst.Scores with the attention that q pays to every block it may read.
func massScores(dst *Selection, q Query, h *KVCache) {
	n := blocksBefore(q, h)
	dst.weights = attention(dst.weights, q, h)
	dst.Scores = resize(dst.Scores, n)
	for b := range dst.Scores {
		var mass float32
		for _, w := range dst.weights[b*h.Block : min((b+1)*h.Block, q.Position+1)] {
			mass += w
		}
		dst.Scores[b] = mass
	}
}

// OracleTokens selects the positions with the most of the query's true attention,
// softmax(q·k_j/√Dh): the ceiling for methods that pick tokens, which like it reads every
// key and takes nine times what Quest does. Scores are the weights, [Position+1].
//
// Time O(P·Dh) a query, memory O(P).
type OracleTokens struct {
	Tokens int
}

// Select implements Selector.
func (m OracleTokens) Select(dst *Selection, q Query, h *KVCache) {
	blocksBefore(q, h)
	dst.reset(1)
	dst.Scores = attention(dst.Scores, q, h)
	m.pick(dst, h)
}

// Reselect implements Reselector.
func (m OracleTokens) Reselect(dst *Selection, q Query, h *KVCache, scores []float32) bool {
	if !dst.rescore(1, q.Position+1, scores) {
		return false
	}
	m.pick(dst, h)
	return true
}

// pick picks by dst.Scores.
func (m OracleTokens) pick(dst *Selection, h *KVCache) {
	dst.picked = TopK(h.kernels, dst.picked, dst.Scores, m.Tokens)
	for _, j := range dst.picked {
		dst.add(j, j+1)
	}
}

// attention computes the dense attention weights of q, [Position+1].
func attention(dst []float32, q Query, h *KVCache) []float32 {
	n := q.Position + 1
	dst = resize(dst, n)
	h.kernels.DotRows(dst, q.Q, h.Keys[:n*h.Dim])
	h.kernels.Softmax(dst, n, headScale(h))
	return dst
}

// headScale is the scale of the softmax.
func headScale(h *KVCache) float32 { return h.Scale }
