package sparse

import (
	"math"
	"slices"
)

// twilightMethod is the entry of Twilight in the list of methods.
func twilightMethod() Info {
	return Info{
		ID: "twilight", Name: "Twilight", Family: FamilyTokens, Unit: UnitToken, Phase: PhaseDecode, Scores: ScoresKeys,
		Alone: "how many tokens a query reads follows from its own attention",
		Help:  "of the blocks that Quest hands on, the fewest tokens that hold a share p of the attention, as estimated from keys of 4 bits",
		Paper: "arXiv:2502.02770",
		Params: []Param{
			budgetParam(), blockParam(), blocksParam(),
			{
				Name: "top_p", Title: "Share of attention, p", Kind: KindFloat, Max: 1, Above: true, Restricts: true,
				Help:    "p, the share of the estimated attention that is read; 0.95, or 1 where the budget leaves nothing out",
				Aliases: []string{"p"},
			},
		},
		Summaries: Summaries{Bounds: true, Rounded: true},
		plan: func(s Settings) (Plan, error) {
			k := s.blocks()
			m := Twilight{Blocks: s.limit(k), TopP: defaultTopP}
			switch {
			case s.Given("top_p"):
				m.TopP = s.Float("top_p")
			case s.everything():
				m.TopP = 1 // nothing was asked that would leave anything out
			}
			return Plan{Selector: m, K: min(k*s.Int("block"), s.Tokens)}, nil
		},
	}
}

// defaultTopP is p where none is given and the budget leaves something out.
const defaultTopP = 0.95

// Twilight lets the attention itself say how much of it is worth reading (Lin et
// al., arXiv:2502.02770, section 4). Quest first hands on its Blocks; among their
// positions the weights are estimated from keys rounded to 4 bits,
//
//	â = softmax_j(q·k̂_j/√Dh), k̂_j = s_j·round(k_j/s_j), s_j = max_c |k_j[c]| / 7
//
// and the fewest positions whose weights add up to at least TopP are read, heaviest
// first. Scores are â, and 0 for what was not handed on, [Position+1]. With a TopP of 1 the
// selection is the one handed on, blocks with their bounds as scores.
//
// Time Quest's, and O(n·Dh) for the n positions handed on and as much for those that are read;
// memory O(P·Dh) a head of keys, since the rounded keys are kept beside the cache: in four bits
// in a deployment, in as many as the keys here. A step takes three times what Quest's does: it
// reads what Quest does, sorts it, and then jumps to what is left.
type Twilight struct {
	Blocks int     // K of the first stage
	TopP   float64 // within (0, 1]; 1 reads all that is handed on
}

// Select implements Selector.
func (m Twilight) Select(dst *Selection, q Query, h *KVCache) {
	Quest{Blocks: m.Blocks}.Select(dst, q, h)
	if m.TopP >= 1 {
		return
	}
	if h.Rounded == nil {
		panic("BUG: the cache keeps no rounded keys")
	}
	at := dst.picked[:0]
	for _, span := range dst.Spans {
		for j := span.Start; j < span.End; j++ {
			at = append(at, j)
		}
	}
	dst.weights = resize(dst.weights, len(at))
	rest := dst.weights
	for _, span := range dst.Spans {
		h.kernels.DotRows(rest[:span.Len()], q.Q, h.Rounded[span.Start*h.Dim:span.End*h.Dim])
		rest = rest[span.Len():]
	}
	h.kernels.Softmax(dst.weights, len(at), headScale(h))

	dst.reset(1)
	dst.Scores = resize(dst.Scores, q.Position+1)
	clear(dst.Scores)
	for i, j := range at {
		dst.Scores[j] = dst.weights[i]
	}
	dst.picked = fewest(at, dst.Scores, m.TopP)
	for _, j := range dst.picked {
		dst.add(j, j+1)
	}
}

// even added to a float32 below 2^22 and taken off again leaves it rounded, halves to even.
const even float32 = 3 << 22

// round4 writes the key rounded to 4 bits, on a scale of its own.
func round4(dst, key []float32) {
	var top float32
	for _, v := range key {
		top = max(top, float32(math.Abs(float64(v))))
	}
	scale := top / 7
	for c, v := range key {
		dst[c] = 0
		if scale > 0 {
			dst[c] = scale * (v/scale + even - even)
		}
	}
}

// fewest puts in front the fewest of the positions at whose weights add up to share,
// and returns them, ascending. Of equal weights the lower position comes first.
func fewest(at []int, weights []float32, share float64) []int {
	slices.SortFunc(at, func(a, b int) int {
		switch {
		case weights[a] > weights[b]:
			return -1
		case weights[a] < weights[b]:
			return 1
		}
		return a - b
	})
	var sum float64
	n := 0
	for n < len(at) && sum < share {
		sum += float64(weights[at[n]])
		n++
	}
	at = at[:n]
	slices.Sort(at)
	return at
}
