package sparse

import (
	"slices"

	"kvscope/engine/input"
)

// Whose choice a budget is spent on: the values of the parameter whose_budget.
const (
	WhoseHead  = "head"  // each head's own; heads of a group may still share theirs, see groupParam
	WhoseLayer = "layer" // one for all heads of a layer, as one page table a layer forces
	WhoseAll   = "all"   // one for all heads of all layers, as one page table a sequence forces
)

const whoseName = "whose_budget"

// whoseParam lets a method say whose choice its budget is spent on. The reasons say why a method cannot
// have the others.
func whoseParam(otherwise string, reasons map[string]string) Param {
	across := ", or those of all layers"
	if reasons[WhoseAll] != "" {
		across = ""
	}
	p := Param{
		Name: whoseName, Title: "Whose budget", Kind: KindChoice, Default: otherwise, Refused: reasons,
		Help: "each head has a choice of its own, or all heads of a layer have one together" + across + ", by the mean of their scores, or the maximum where group is max, as an engine with one page table for them must",
	}
	for _, choice := range []string{WhoseHead, WhoseLayer, WhoseAll} {
		if reasons[choice] == "" {
			p.Choices = append(p.Choices, choice)
		}
	}
	return p
}

// jointParams lists those of a method that scores anew for every query.
func jointParams() []Param {
	return []Param{groupParam(groupEach), whoseParam(WhoseHead, map[string]string{WhoseAll: layerByLayer})}
}

// layerByLayer is why a method that chooses for every query has no choice for all layers.
const layerByLayer = "it chooses by the queries of a layer before those of later layers are there"

// stepByStep is why a method that goes on evicting has no choice for all layers.
const stepByStep = "it goes on evicting in a layer before the queries of later layers are there"

// alone reports whether text asks for heads that choose together of a method whose heads
// cannot.
func (m Info) alone(name, text string) error {
	if name != whoseName || m.Alone == "" || text == WhoseHead {
		return nil
	}
	return input.Errorf(name, "%q, want %s with %s: %s", text, WhoseHead, m.Name, m.Alone)
}

// Joint says which query heads choose together. They are given the candidates with the
// greatest mean, or maximum, of their scores. The zero value lets each choose for itself.
type Joint struct {
	Group string // each, mean or max, of heads that share keys; "" is each
	Whose string // WhoseHead, WhoseLayer or WhoseAll; "" is WhoseHead
}

// whose says whose choice the budget is spent on where that is not each head's, else "".
func (s Settings) whose() string {
	if _, ok := s.Method.Param(whoseName); !ok || s.Choice(whoseName) == WhoseHead {
		return ""
	}
	return s.Choice(whoseName)
}

// joint says how the heads of s's method choose.
func (s Settings) joint() Joint {
	j := Joint{Whose: s.whose()}
	if _, ok := s.Method.Param("group"); ok && s.Choice("group") != groupEach {
		j.Group = s.Choice("group")
	}
	return j
}

// Any reports whether heads choose together at all.
func (j Joint) Any() bool { return j != Joint{} }

// with reports whether head h chooses with the one before.
func (j Joint) with(h int, caches []*KVCache) bool {
	switch {
	case h == 0:
		return false
	case j.Whose == WhoseLayer || j.Whose == WhoseAll:
		return true
	}
	return (j.Group == groupMean || j.Group == groupMax) && caches[h] == caches[h-1]
}

// end is the end of the heads that choose together, of which first is the first.
func (j Joint) end(first int, caches []*KVCache) int {
	end := first + 1
	for end < len(caches) && j.with(end, caches) {
		end++
	}
	return end
}

// First is the first of the heads that head chooses together with, members of them sharing
// keys.
func (j Joint) First(head, members int) int {
	switch {
	case j.Whose == WhoseLayer || j.Whose == WhoseAll:
		return 0
	case j.Group == groupMean || j.Group == groupMax:
		return head / members * members
	}
	return head
}

// Select lets m write to dst, by query head of a layer, what the queries of one position may
// read of what each head reads: heads that choose together the same, by their scores pooled,
// and where chance chooses by the draw of the first of them.
func (j Joint) Select(m Selector, dst []Selection, queries []Query, caches []*KVCache) {
	for first, end := 0, 0; first < len(dst); first = end {
		end = j.end(first, caches)
		for h := first; h < end; h++ {
			m.Select(&dst[h], queries[h], caches[h])
		}
		if end == first+1 {
			continue
		}
		pooled := slices.Clone(dst[first].Scores)
		for h := first + 1; h < end; h++ {
			join(pooled, dst[h].Scores, j.Group == groupMax, h-first+1)
		}
		for h := first; h < end; h++ {
			if !Reselect(m, &dst[h], queries[first], caches[h], pooled) {
				panic("BUG: heads choose together by a method whose scores do not tell")
			}
		}
	}
}

// together returns the evictor that keeps capacity positions by the scores of e, pooled over
// the heads that choose together: e itself where each head chooses for itself.
func (s Settings) together(e interface {
	Evictor
	scorer
}, capacity int) Evictor {
	if j := s.joint(); j.Any() {
		return Grouped{Scorer: e, Capacity: capacity, Group: j.Group, Whose: j.Whose}.evictor()
	}
	return e
}

// evictor returns m where its layers choose apart, and else lets them choose together.
func (m Grouped) evictor() Evictor {
	if m.Whose == WhoseAll {
		return Across{m}
	}
	return m
}

// ModelEvictor is an Evictor whose layers decide together: one set of positions for all heads
// of the model. Its KeepLayer decides for a model of one layer.
type ModelEvictor interface {
	LayerEvictor
	// KeepModel writes to dst, by layer and query head, the positions that stay, as Keep
	// does, given the layers one after the other; it ends early where there is none to give.
	KeepModel(dst [][]Selection, layer func(l int) (Layer, bool))
}

// KeepModel lets e decide for every head of every layer, together or layer by layer.
func KeepModel(e Evictor, dst [][]Selection, layer func(l int) (Layer, bool)) {
	if m, ok := e.(ModelEvictor); ok {
		m.KeepModel(dst, layer)
		return
	}
	for l := range dst {
		of, ok := layer(l)
		if !ok {
			return
		}
		KeepLayer(e, dst[l], of)
	}
}

// Across is an eviction by scores that keeps one set of positions for all heads of all layers:
// those of the greatest mean, or maximum, over the heads of what the scorer gives them.
type Across struct{ Grouped }

// KeepModel implements ModelEvictor. Time is the scorer's, memory O(P) beside it.
func (m Across) KeepModel(dst [][]Selection, layer func(l int) (Layer, bool)) {
	var scores []float32
	var cache *KVCache
	for l := range dst {
		of, ok := layer(l)
		if !ok {
			return
		}
		cache = of.Caches[0]
		if cache.Len == 0 {
			KeepLayer(m, dst[l], of)
			continue
		}
		own := groupScores(m.Scorer, m.joint(), of)[0]
		if scores == nil {
			scores = own
		} else {
			join(scores, own, m.Group == groupMax, l+1) // every layer has as many heads
		}
	}
	if scores == nil {
		return
	}
	for _, heads := range dst {
		for h := range heads {
			rekeepBest(&heads[h], cache, m.Capacity, scores)
		}
	}
}
