package sparse

import "math"

// pyramidKVMethod is the entry of PyramidKV in the list of methods.
func pyramidKVMethod() Info {
	return Info{
		ID: "pyramidkv", Name: "PyramidKV", Family: FamilyEviction, Unit: UnitToken, Phase: PhaseEvict, Scores: ScoresAttention, Random: true,
		Help:  "SnapKV with a budget that shrinks from the first layer to the last",
		Paper: "arXiv:2406.02069",
		Params: []Param{
			budgetParam(), capacityParam(), observedParam(), kernelParam("5"),
			{
				Name: "beta", Title: "Beta", Kind: KindInt, Default: "20", Min: 1, Max: 1024, Extent: true,
				Help: "steepness: the last layer's share of the budget is 1/beta of the mean",
			},
			groupParam(groupMean),
			whoseParam(WhoseHead, map[string]string{WhoseAll: "it gives every layer a budget of its own"}),
		},
		plan: func(s Settings) (Plan, error) {
			p, snap, err := planObserved(s)
			if p.Evictor == nil && err == nil {
				snap.Pooling = AvgPool
				p.Evictor = PyramidKV{Scorer: snap, Capacity: snap.Capacity, Beta: s.Int("beta"), Group: s.Choice("group"), Whose: s.Choice(whoseName)}
			}
			return p, err
		},
	}
}

// PyramidKV keeps, once after the prefill, what SnapKV scores highest, more of it in the
// first layers than in the last (Cai et al., arXiv:2406.02069, section 4, with the budgets
// of the authors' code). With C = Capacity on average over L layers, w queries observed of P,
//
//	min = C/Beta, max = 2·C − min;  max = P − w, min = 2·C − max  where max ≥ P − w
//	n_l = max − l·(max − min)/(L − 1)                [L], rounded to even at halves
//
// positions stay in layer l, the window included, and C everywhere where not P ≥ max ≥ min ≥ w,
// or in a layer that is alone. Scores are SnapKV's, [P].
//
// Time O(w·P·Dh), memory O(w·P) a head of queries. A step costs what one of SnapKV does.
type PyramidKV struct {
	Scorer   SnapKV
	Capacity int // C
	Beta     int
	Group    string // each, mean or max
	Whose    string // WhoseHead, which "" is too, or WhoseLayer
}

// Window implements Evictor.
func (m PyramidKV) Window() int { return m.Scorer.Window() }

// Keep implements Evictor.
func (m PyramidKV) Keep(dst *Selection, window []float32, layer, _ int, h *KVCache) {
	keepAlone(m, dst, window, layer, h)
}

// KeepLayer implements LayerEvictor.
func (m PyramidKV) KeepLayer(dst []Selection, l Layer) {
	n := m.capacity(l.Index, l.Count, l.Caches[0].Len)
	Grouped{Scorer: m.Scorer, Capacity: n, Group: m.Group, Whose: m.Whose}.KeepLayer(dst, l)
}

// capacity is n_l of layer l of so many, for a prompt of p positions.
func (m PyramidKV) capacity(l, layers, p int) int {
	w := float64(m.Scorer.Observed)
	mean := float64(min(m.Capacity, p))
	least := mean / float64(m.Beta)
	most := 2*mean - least
	if room := float64(p) - w; most >= room {
		most, least = room, 2*mean-room
	}
	if layers == 1 || !(float64(p) >= most && most >= least && least >= w) {
		return min(m.Capacity, p)
	}
	return int(math.RoundToEven(most - float64(l)*(most-least)/float64(layers-1)))
}
