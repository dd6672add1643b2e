package sparse

// mobaMethod is the entry of MoBA in the list of methods.
func mobaMethod() Info {
	return Info{
		ID: "moba", Name: "MoBA", Family: FamilyBlocks, Unit: UnitBlock, Phase: PhasePrefill, Scores: ScoresKeys, Random: true,
		Help:  "blocks whose mean key has the greatest dot product with the query",
		Paper: "arXiv:2502.13189",
		Params: append([]Param{
			budgetParam(), blockParam("moba_chunk_size"), blocksParam("moba_topk"),
			publicParam("as the authors' code: only the local block is forced; else the first one too"),
		}, jointParams()...),
		Summaries: Summaries{Mean: true},
		plan: func(s Settings) (Plan, error) {
			forced, public := FirstAndLocal, s.Bool("public_code")
			if public {
				forced = LocalOnly
			}
			return s.blockPlan(s.blocks(), forced, func(limit int) Selector { return MoBA{Blocks: limit, AsReleased: public} }), nil
		},
	}
}

// MoBA selects, for each query of the prefill, the K blocks whose mean key has the
// greatest dot product with it (Lu et al., arXiv:2502.13189, section 2.2):
//
//	s_b = q · mean(keys of block b)
//
// over the keys the query may read, [blocks]. The query's own block is always
// among the K, so what competes are complete past blocks, and no mean ever holds
// a key from the query's future.
//
// Time O(P/B·Dh + K·B·Dh) a query, memory O(P/B·Dh) a head of keys.
type MoBA struct {
	Blocks int // K

	// AsReleased follows the authors' code: nothing but the query's own block is
	// forced. Otherwise the first block is too.
	AsReleased bool
}

// Select implements Selector.
func (m MoBA) Select(dst *Selection, q Query, h *KVCache) { m.top().Select(dst, q, h) }

// Reselect implements Reselector.
func (m MoBA) Reselect(dst *Selection, q Query, h *KVCache, scores []float32) bool {
	return m.top().Reselect(dst, q, h, scores)
}

func (m MoBA) top() topBlocks {
	if m.AsReleased {
		return topBlocks{m.Blocks, LocalOnly, meanScores}
	}
	return topBlocks{m.Blocks, FirstAndLocal, meanScores}
}
