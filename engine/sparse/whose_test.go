package sparse

import (
	"math"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/input"
)

// heads64 are two groups of two heads of n positions, other ones for every layer, and their
// queries.
func heads64(layer, n int) (caches []*KVCache, queries [][]float32) {
	for g := range 2 {
		h, _ := cache(uint64(200+10*layer+g), 8, 16, n)
		for i := range 2 {
			_, q := cache(uint64(300+10*layer+2*g+i), 8, 16, n)
			caches, queries = append(caches, h), append(queries, q)
		}
	}
	return caches, queries
}

// pool64 is the mean, or the maximum, of lists of scores.
func pool64(scores [][]float64, greatest bool) []float64 {
	out := slices.Clone(scores[0])
	for j := range out {
		sum := 0.0
		for _, own := range scores {
			sum += own[j]
			out[j] = max(out[j], own[j])
		}
		if !greatest {
			out[j] = sum / float64(len(scores))
		}
	}
	return out
}

// score64 computes the scores of the candidates of a query at p by the definition of s.
func score64(s Selector, head int, q []float32, p int, h *KVCache) []float64 {
	x, ok := s.(Indexer)
	if !ok {
		_, scores := naive(s, q, p, h)
		return scores
	}
	var out []float64
	for b := range p / h.Block {
		out = append(out, naiveIndex(x.Index, 0, head, q, h, b))
	}
	return append(out, math.Inf(1))
}

// TestHeadsSelectTogether: heads of a group or of a layer read the candidates of the greatest
// mean, or maximum, of the scores that each gives by the definition, in float64.
func TestHeadsSelectTogether(t *testing.T) {
	const n = 131
	caches, queries := heads64(0, n)
	for _, c := range []struct {
		Selector
		k, unit int
		forced  Forced
	}{
		{Quest{Blocks: 4}, 4, 16, FirstAndLocal}, {Quest{Blocks: 4, AsReleased: true}, 4, 16, NoneForced}, {MoBA{Blocks: 3}, 3, 16, FirstAndLocal},
		{MoBA{Blocks: 3, AsReleased: true}, 3, 16, LocalOnly}, {OracleBlocks{Blocks: 3}, 3, 16, NoneForced}, {OracleTokens{Tokens: 30}, 30, 1, NoneForced},
		{Indexer{Blocks: 4, Index: randomIndex(1, 4, 8, 5, 16)}, 4, 16, FirstAndLocal},
	} {
		for _, j := range []Joint{{Group: groupMean}, {Group: groupMax}, {Whose: WhoseLayer}, {Group: groupMax, Whose: WhoseLayer}} {
			for _, p := range []int{n - 1, 95, 3} {
				one, got := make([]Query, 4), make([]Selection, 4)
				var scores [][]float64
				for h := range one {
					one[h] = Query{Q: queries[h][p*8 : (p+1)*8], Position: p, Head: h}
					scores = append(scores, score64(c.Selector, h, one[h].Q, p, caches[h]))
				}
				j.Select(c.Selector, got, one, caches)
				for h := range got {
					first, end := h/2*2, h/2*2+2
					if j.Whose == WhoseLayer {
						first, end = 0, 4
					}
					if j.First(h, 2) != first {
						t.Errorf("%+v: head %d chooses with %d, want %d", j, h, j.First(h, 2), first)
					}
					pooled := pool64(scores[first:end], j.Group == groupMax)
					last, ranked := len(pooled)-1, slices.Clone(pooled)
					if c.forced == FirstAndLocal {
						ranked[0] = math.MaxFloat64
					}
					if c.forced != NoneForced {
						ranked[last] = math.Inf(1)
					}
					var want []int
					for b := range ranked {
						want = append(want, b)
					}
					want = heaviest(want, func(b int) float64 { return ranked[b] }, c.k)
					var read []int
					for _, b := range want {
						for i := b * c.unit; i < min((b+1)*c.unit, p+1); i++ {
							read = append(read, i)
						}
					}
					if !slices.Equal(positions(&got[h]), read) {
						t.Errorf("%T, %+v at %d: head %d reads %v, want %v", c.Selector, j, p, h, positions(&got[h]), read)
					}
					for b, want := range pooled {
						if got := float64(got[h].Scores[b]); got != want && !(math.Abs(got-want) < 1e-4*(1+math.Abs(want))) {
							t.Errorf("%T, %+v at %d: head %d gives %g to %d, want %g", c.Selector, j, p, h, got, b, want)
						}
					}
				}
			}
		}
	}
}

// TestHeadsKeepTogether: heads of a layer, or of all layers, keep the positions of the
// greatest mean, or maximum, of what the scorer gives by its definition, in float64.
func TestHeadsKeepTogether(t *testing.T) {
	const n, layers, capacity = 90, 3, 31
	for _, s := range []scorer{SnapKV{Observed: 9, Kernel: 5, Capacity: 1}, H2O{Recent: 7}, standardExpected(), Knorm{}, KeyDiff{}} {
		for _, m := range []Grouped{{Whose: WhoseLayer}, {Whose: WhoseLayer, Group: groupMax}, {Whose: WhoseAll}, {Whose: WhoseAll, Group: groupMax}} {
			m.Scorer, m.Capacity = s, capacity
			var all [layers]Layer
			var scores [][]float64 // by layer and head
			for l := range all {
				caches, queries := heads64(l, n)
				all[l] = Layer{Index: l, Count: layers, Caches: caches}
				for h, q := range queries {
					all[l].Windows = append(all[l].Windows, q[(n-min(n, s.Window()))*8:])
					scores = append(scores, scores64(s, q, caches[h]))
				}
			}
			kept := make([][]Selection, layers)
			for l := range kept {
				kept[l] = make([]Selection, 4)
			}
			KeepModel(m.evictor(), kept, func(l int) (Layer, bool) { return all[l], true })
			for l := range kept {
				own := scores[4*l : 4*l+4]
				if m.Whose == WhoseAll {
					own = scores
				}
				pooled := pool64(own, m.Group == groupMax)
				every := make([]int, n)
				for j := range every {
					every[j] = j
				}
				want := heaviest(every, func(j int) float64 { return float64(float32(pooled[j])) }, capacity)
				for h := range kept[l] {
					if got := positions(&kept[l][h]); !slices.Equal(got, want) {
						t.Fatalf("%T, %s %s: layer %d head %d keeps %v, want %v", s, m.Whose, m.Group, l, h, got, want)
					}
				}
			}
			// By hand a block goes in all layers, and an eviction that is told to end does.
			edited := EditedOnce{m.evictor(), Edit{Drop: []int{2}}}
			KeepModel(edited, kept, func(l int) (Layer, bool) { return all[l], true })
			if kept[2][3].Has(40) || kept[0][0].Count() == 0 {
				t.Errorf("%T, %s: an edit leaves %v", s, m.Whose, kept[2][3].Spans)
			}
			asked := 0
			KeepModel(edited, kept, func(int) (Layer, bool) { asked++; return Layer{}, false })
			if asked != 1 {
				t.Errorf("%T, %s: %d layers asked for after the end", s, m.Whose, asked)
			}
		}
	}
}

// TestChanceChoosesTogether: one draw, that of the first head, or of the first of all layers.
func TestChanceChoosesTogether(t *testing.T) {
	const n = 200
	caches, queries := heads64(0, n)
	one, got := make([]Query, 4), make([]Selection, 4)
	for h := range one {
		one[h] = Query{Q: queries[h][(n-1)*8:], Position: n - 1, Layer: 3, Head: h}
	}
	m := RandomBlocks{Blocks: 5, Seed: 9}
	for _, j := range []Joint{{}, {Group: groupMean}, {Whose: WhoseLayer}} {
		j.Select(m, got, one, caches)
		for h := range got {
			var want Selection
			m.Select(&want, one[j.First(h, 2)], caches[h])
			if !slices.Equal(got[h].Spans, want.Spans) {
				t.Errorf("%+v: head %d reads %v, want %v", j, h, got[h].Spans, want.Spans)
			}
		}
	}
	draw := func(whose string, layer, head int) []int {
		var s Selection
		RandomTokens{Capacity: 40, Recent: 4, Seed: 9, Whose: whose}.Keep(&s, nil, layer, head, caches[0])
		return positions(&s)
	}
	if same := slices.Equal(draw("", 1, 0), draw("", 1, 2)); same || !slices.Equal(draw("", 1, 0), draw(WhoseLayer, 1, 2)) {
		t.Error("heads of a layer do not draw as the first of them, or always did")
	}
	if same := slices.Equal(draw(WhoseLayer, 1, 0), draw(WhoseLayer, 2, 0)); same || !slices.Equal(draw("", 0, 0), draw(WhoseAll, 2, 3)) {
		t.Error("layers do not draw as the first of them, or always did")
	}
}

// TestWhoseBudget: every method has the switch, or a reason against it, or reads in all heads
// the same by what it is; what cannot be is refused with the reason.
func TestWhoseBudget(t *testing.T) {
	for _, m := range Methods() {
		_, has := find(m.Params, whoseName)
		if fixed := m.ID == "dense" || m.ID == "dilated" || m.ID == "streaming"; has == (m.Alone != "" || fixed) || fixed && m.Alone != "" {
			t.Errorf("%s: whose_budget is a parameter: %v, its heads are alone: %q", m.ID, has, m.Alone)
		}
		for _, whose := range []string{WhoseHead, WhoseLayer, WhoseAll} {
			c := Config{Method: m.ID, Values: Values{"budget": "1/2", "window": "9", whoseName: whose}}
			p, err := New(c, 100)
			allowed := whose == WhoseHead || m.Alone == "" && m.ID != "pyramidkv" && whose == WhoseAll && m.Phase == PhaseEvict || m.Alone == "" && whose == WhoseLayer ||
				m.ID == "dense" || m.ID == "dilated" || m.ID == "streaming"
			if m.ID == "tova" || m.ID == "h2o-decode" {
				allowed = whose != WhoseAll
			}
			if (err == nil) != allowed {
				t.Errorf("%s %s: %v", m.ID, whose, err)
			}
			if err != nil && (input.Field(err) != whoseName || !strings.Contains(err.Error(), "want head") || !strings.Contains(err.Error(), ": ")) {
				t.Errorf("%s %s: refused by %v", m.ID, whose, err)
			}
			if _, across := p.Evictor.(ModelEvictor); err == nil && m.Phase == PhaseEvict && across != (whose == WhoseAll) {
				t.Errorf("%s %s: layers keep together: %v", m.ID, whose, across)
			}
			if err == nil && m.Phase != PhaseEvict && has && m.ID != "duoattention" && p.Joint.Any() != (whose == WhoseLayer) {
				t.Errorf("%s %s: heads select together: %+v", m.ID, whose, p.Joint)
			}
		}
	}
	_, err := New(Config{Method: "quest", Values: Values{whoseName: WhoseAll}}, 100)
	if want := `whose_budget: "all", want head or layer of this method: ` + layerByLayer; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	_, err = New(Config{Method: "twilight", Values: Values{whoseName: WhoseLayer}}, 100)
	if want := `whose_budget: "layer", want head with Twilight: how many tokens a query reads follows from its own attention`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
