package sparse

// questMethod is the entry of Quest in the list of methods.
func questMethod() Info {
	return Info{
		ID: "quest", Name: "Quest", Family: FamilyBlocks, Unit: UnitBlock, Phase: PhaseDecode, Scores: ScoresKeys, Random: true,
		Help:  "blocks with the greatest bound on their keys' dot product with the query",
		Paper: "arXiv:2406.10774",
		Params: append([]Param{
			budgetParam(), blockParam(), blocksParam("page_budget"),
			publicParam("as the authors' code: at least 3 blocks, none forced; else the first and the local block are among them"),
			{
				Name: "dense_layers", Title: "Dense layers", Kind: KindInt, Default: "0", Max: 1024, Extent: true,
				Help: "first layers that read everything; the authors' code has 2, the paper's runs none",
			},
		}, jointParams()...),
		Summaries: Summaries{Bounds: true},
		plan: func(s Settings) (Plan, error) {
			k, forced, public := s.blocks(), FirstAndLocal, s.Bool("public_code")
			if public {
				k, forced = max(questLeast, k), NoneForced
			}
			p := s.blockPlan(k, forced, func(limit int) Selector { return Quest{Blocks: limit, AsReleased: public} })
			if n := s.Int("dense_layers"); n > 0 {
				p.Selector = DenseFirst{Layers: n, Rest: p.Selector}
			}
			return p, nil
		},
	}
}

// questLeast is how many blocks Quest's public code reads at least.
const questLeast = 3

// Quest selects, for each query, the K blocks with the greatest upper bound on
// their keys' dot products with it (Tang et al., arXiv:2406.10774, section 3.3):
//
//	s_b = Σ_c max(q[c]·min_b[c], q[c]·max_b[c])
//
// with min_b and max_b [Dh] the per-channel bounds of the keys of block b that the
// query may read. Scores are unscaled, [blocks].
//
// Time O(P/B·Dh + K·B·Dh) a query, memory O(P/B·Dh) a head of keys.
type Quest struct {
	Blocks int // K

	// AsReleased follows the authors' evaluation code: at least 3 blocks, none forced.
	// Otherwise the first and the query's own block are among the K.
	AsReleased bool
}

// Select implements Selector.
func (m Quest) Select(dst *Selection, q Query, h *KVCache) { m.top().Select(dst, q, h) }

// Reselect implements Reselector.
func (m Quest) Reselect(dst *Selection, q Query, h *KVCache, scores []float32) bool {
	return m.top().Reselect(dst, q, h, scores)
}

func (m Quest) top() topBlocks {
	if m.AsReleased {
		return topBlocks{max(questLeast, m.Blocks), NoneForced, boundScores}
	}
	return topBlocks{m.Blocks, FirstAndLocal, boundScores}
}
