package sparse

import "math"

// adaKVMethod is the entry of AdaKV in the list of methods.
func adaKVMethod() Info {
	return Info{
		ID: "adakv", Name: "Ada-KV", Family: FamilyEviction, Unit: UnitToken, Phase: PhaseEvict, Scores: ScoresAttention, Random: true,
		Alone: "it divides the budget of a layer among its heads, each of which has a choice of its own",
		Help:  "an eviction whose heads share the budget of a layer: more goes to those with the higher scores",
		Paper: "arXiv:2407.11550",
		Params: []Param{
			budgetParam(), capacityParam(),
			{
				Name: "scorer", Title: "Scores of", Kind: KindChoice, Default: "snapkv", Choices: []string{"snapkv", "h2o", "expected-attention", "keydiff", "knorm"},
				Help: "the method whose scores compete",
			},
			observedParam(), kernelParam("7"),
			{
				Name: "safe", Title: "Safe share", Kind: KindFloat, Default: "0.2", Max: 1, Extent: true,
				Help:    "share of the budget that every head has for itself",
				Aliases: []string{"alpha_safeguard", "floor_alpha"},
			},
			groupParam(groupMean),
		},
		plan: func(s Settings) (Plan, error) {
			p, snap, err := planObserved(s)
			if p.Evictor == nil && err == nil {
				p.Evictor = AdaKV{Scorer: s.scorer(snap), Capacity: snap.Capacity, Safe: s.Float("safe"), Group: s.Choice("group")}
				p.NeedsModel = s.Choice("scorer") == "expected-attention"
				if first := standardExpected().Initial; p.NeedsModel && p.K <= first && p.K < s.Tokens {
					return Plan{}, s.tooSmall(p.K, first, "first tokens, which Expected Attention always keeps")
				}
			}
			return p, err
		},
	}
}

// scorer is the one that a method wraps, snap being SnapKV as it is set.
func (s Settings) scorer(snap SnapKV) scorer {
	switch s.Choice("scorer") {
	case "h2o":
		return H2O{Capacity: snap.Capacity, Recent: snap.Observed}
	case "expected-attention":
		return standardExpected()
	case "keydiff":
		return KeyDiff{Capacity: snap.Capacity}
	case "knorm":
		return Knorm{Capacity: snap.Capacity}
	}
	return snap
}

// AdaKV keeps, once after the prefill, the positions of the highest scores of all heads of a
// layer together (Feng et al., arXiv:2407.11550, section 3.3). H heads, or groups where those
// choose together, with scores s of another method have H·Capacity positions among them: of
// each the ⌊Safe·Capacity⌋ of its greatest s, at least one where Safe is above 0, and then
// the greatest s of all, ties to the first head and the lower position. Scores are s, [P].
//
// Time and memory are the scorer's, and O(H·P) to choose. A step costs what one of SnapKV does.
type AdaKV struct {
	Scorer   scorer
	Capacity int // positions kept of a head, on average
	Safe     float64
	Group    string // each, mean or max
}

// Window implements Evictor.
func (m AdaKV) Window() int { return m.Scorer.Window() }

// Keep implements Evictor.
func (m AdaKV) Keep(dst *Selection, window []float32, layer, _ int, h *KVCache) {
	keepAlone(m, dst, window, layer, h)
}

// KeepLayer implements LayerEvictor.
func (m AdaKV) KeepLayer(dst []Selection, l Layer) {
	scores := groupScores(m.Scorer, Joint{Group: m.Group}, l)
	p, kernels := l.Caches[0].Len, l.Caches[0].kernels
	capacity := min(m.Capacity, p)
	var all []float32 // of every head or group that chooses, one after the other
	for h, own := range scores {
		if h > 0 && &own[0] == &scores[h-1][0] {
			continue
		}
		all = append(all, own...)
		marked := all[len(all)-p:]
		for _, j := range TopK(kernels, nil, own, m.safe(capacity)) {
			marked[j] = float32(math.Inf(1))
		}
	}
	picked := TopK(kernels, nil, all, len(all)/p*capacity)
	unit := -1
	for h := range dst {
		if h == 0 || &scores[h][0] != &scores[h-1][0] {
			unit++
		}
		dst[h].reset(1)
		dst[h].Scores = append(dst[h].Scores, scores[h]...)
		for _, i := range picked {
			if i/p == unit {
				dst[h].add(i%p, i%p+1)
			}
		}
	}
}

// safe is how many positions of every head stay whatever the others score.
func (m AdaKV) safe(capacity int) int {
	if m.Safe == 0 {
		return 0
	}
	return max(1, int(m.Safe*float64(capacity)))
}
