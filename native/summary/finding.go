package summary

import (
	"cmp"
	"slices"

	"gonum.org/v1/gonum/stat"

	"kvscope/engine/experiment"
	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/web/api"
)

// topHeads is how many heads the paper's hit-rate curves show.
const topHeads = 50

// Findings says what cells tell of the three questions, for every method, budget and
// block that both backbones were measured at.
func Findings(cells []experiment.Measured) []api.Finding {
	whole := keep(cells, func(m experiment.Measured) bool { return m.Cell.Swap == experiment.Swap{} })
	out := append(backbones(whole), swaps(cells)...)
	slices.SortStableFunc(out, func(a, b api.Finding) int { return cmp.Compare(rank(a.Question), rank(b.Question)) })
	return out
}

func keep(cells []experiment.Measured, want func(experiment.Measured) bool) []experiment.Measured {
	var out []experiment.Measured
	for _, m := range cells {
		if want(m) {
			out = append(out, m)
		}
	}
	return out
}

// backbones compares the two models of the pair.
func backbones(cells []experiment.Measured) []api.Finding {
	out, baseline := []api.Finding{}, false
	p := pairOf(cells)
	if p.without == "" || p.with == "" {
		return out
	}
	for _, s := range settings(cells) {
		of := func(model string) []experiment.Measured {
			return keep(cells, func(m experiment.Measured) bool { return m.Cell.Model == model && s.holds(m) })
		}
		a, r := of(p.without), of(p.with)
		question := api.Accuracy
		if s.selector == sparse.SelectorRandom && !s.whole {
			question = api.H2
		}
		// Reading everything, all methods are the same, and so is chance.
		if st, ok := p.compare(question, s, scores(a), scores(r)); ok && !(s.whole && baseline) {
			out = append(out, st)
			baseline = baseline || s.whole
		}
		info, _ := sparse.Method(s.method)
		if s.selector == sparse.SelectorOwn && !s.whole && info.Phase != sparse.PhasePrefill {
			if st, ok := p.compare(api.H1, s, headHits(a), headHits(r)); ok {
				out = append(out, st)
			}
		}
	}
	return out
}

// swaps compares the first model with a memory with itself where one use of the
// memory is taken away.
func swaps(cells []experiment.Measured) []api.Finding {
	p := pairOf(cells)
	cells = keep(cells, func(m experiment.Measured) bool { return m.Cell.Model == p.with })
	var out []api.Finding
	baseline := false
	for _, s := range settings(cells) {
		of := func(w experiment.Swap) []experiment.Measured {
			return keep(cells, func(m experiment.Measured) bool { return m.Cell.Swap == w && s.holds(m) })
		}
		trained, keys, states := of(experiment.Swap{}), of(experiment.Swap{SelectWith: run.WithPlain}), of(experiment.Swap{ComputeWith: run.WithPlain})
		add := func(q api.Question, without, with map[example]figure) {
			if st, ok := p.compare(q, s, without, with); ok {
				out = append(out, st)
			}
		}
		if s.whole {
			// All keys select everything, and all methods are the same.
			if !baseline {
				add(api.SwapStates, scores(states), scores(trained))
				baseline = len(out) > 0 && out[len(out)-1].Verdict == api.Baseline
			}
			continue
		}
		if info, _ := sparse.Method(s.method); info.Phase != sparse.PhasePrefill {
			add(api.SwapHits, headHits(keys), headHits(trained))
		}
		add(api.SwapKeys, scores(keys), scores(trained))
		add(api.SwapStates, scores(states), scores(trained))
	}
	return out
}

func rank(q api.Question) int {
	return slices.Index([]api.Question{api.Accuracy, api.H1, api.H2, api.SwapHits, api.SwapKeys, api.SwapStates}, q)
}

// pair is the two models that are compared: their names, and what they are called.
type pair struct {
	without, with             string
	withoutTitle, memoryTitle string
}

// pairOf is the first model with a memory, and the first without of the same shape, or
// else the first without.
func pairOf(cells []experiment.Measured) pair {
	var with, without *experiment.Measured
	for i := range cells {
		if cells[i].Outcome.HasMemory() && with == nil {
			with = &cells[i]
		}
	}
	alike := func(o *experiment.Outcome) bool {
		return with != nil && o.Layers == with.Outcome.Layers && o.Heads == with.Outcome.Heads
	}
	for i := range cells {
		o := cells[i].Outcome
		if !o.HasMemory() && (without == nil || alike(o) && !alike(without.Outcome)) {
			without = &cells[i]
		}
	}
	var p pair
	if with != nil {
		p.with, p.memoryTitle = with.Cell.Model, cmp.Or(with.Outcome.ArchTitle(), with.Cell.Model)
	}
	if without != nil {
		p.without, p.withoutTitle = without.Cell.Model, cmp.Or(without.Outcome.ArchTitle(), without.Cell.Model)
	}
	return p
}

// setting is a method with its parameters under which both backbones are compared.
type setting struct {
	method, selector string
	params           sparse.Setting
	budget           float64
	whole            bool // nothing is left out
	block            int  // of the cache
}

func (s setting) holds(m experiment.Measured) bool {
	return m.Cell.Method == s.method && m.Cell.Selector == s.selector && m.Cell.Params == s.params
}

// resolved are the parameters of s, defaults among them.
func (s setting) resolved() sparse.Values {
	return experiment.Cell{Method: s.method, Selector: s.selector, Params: s.params}.Resolved()
}

func settings(cells []experiment.Measured) []setting {
	var list []setting
	for _, m := range cells {
		c := m.Cell
		known := func(s setting) bool { return s.method == c.Method && s.selector == c.Selector && s.params == c.Params }
		if !slices.ContainsFunc(list, known) {
			params := c.Resolved()
			info, _ := sparse.Method(c.Method)
			list = append(list, setting{c.Method, c.Selector, c.Params, params.Budget(), info.ReadsEverything(params), m.Outcome.Block})
		}
	}
	return list
}

// example names what is paired across the backbones: a prompt, or some.
type example struct {
	task    string
	context int // see contextOf
	first   int // number of the example, or of the first of a chunk
}

// contextOf is the context that the prompts of c were made for: 0 for those of a file, which
// are what they are whatever context reads them.
func contextOf(c experiment.Cell) int {
	if _, err := niah.ByID(c.Task); err != nil {
		return 0
	}
	return c.Context
}

// figure adds up the values of one example, or of a chunk of them.
type figure struct {
	sum float64 // in 0..n
	n   float64 // values summed: selectors tried on an example, examples of a chunk
}

func (f figure) mean() float64 { return f.sum / f.n }

// scores are the scores of cells by example. What several random selectors make of
// one example is no news of other examples: it is one figure.
func scores(cells []experiment.Measured) map[example]figure {
	out := map[example]figure{}
	for _, m := range cells {
		for i, score := range m.Outcome.Scores {
			k := example{m.Cell.Task, contextOf(m.Cell), m.Cell.First + i}
			out[k] = figure{out[k].sum + score, out[k].n + 1}
		}
	}
	return out
}

// headHits is, by chunk of examples, the hit rate averaged over the heads that hit
// most: the mean height of the paper's curve.
func headHits(cells []experiment.Measured) map[example]figure {
	if len(cells) == 0 {
		return nil
	}
	total := make([]int, len(cells[0].Outcome.Hits))
	for _, m := range cells {
		for i, n := range m.Outcome.Hits {
			total[i] += n
		}
	}
	heads := make([]int, len(total))
	for i := range heads {
		heads[i] = i
	}
	slices.SortStableFunc(heads, func(a, b int) int { return cmp.Compare(total[b], total[a]) })
	heads = heads[:min(topHeads, len(heads))]
	out := map[example]figure{}
	for _, m := range cells {
		sum := 0
		for _, h := range heads {
			sum += m.Outcome.Hits[h]
		}
		out[example{m.Cell.Task, contextOf(m.Cell), m.Cell.First}] = figure{float64(sum) / float64(len(heads)), float64(len(m.Outcome.Scores))}
	}
	return out
}

// pairs are the figures of the same examples without and with a memory, and the
// examples behind each.
type pairs struct {
	without, with, examples []float64
	n                       int // examples
}

// pairUp pairs figures by example. Those of chunks count for all their examples.
func pairUp(without, with map[example]figure, chunks bool) pairs {
	var keys []example
	for k, f := range without {
		if g, ok := with[k]; ok && (!chunks || f.n == g.n) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b example) int {
		return cmp.Or(cmp.Compare(a.task, b.task), cmp.Compare(a.context, b.context), cmp.Compare(a.first, b.first))
	})
	var p pairs
	for _, k := range keys {
		examples := 1.0
		if chunks {
			examples = without[k].n
		}
		p.without, p.with, p.examples = append(p.without, without[k].mean()), append(p.with, with[k].mean()), append(p.examples, examples)
		p.n += int(examples)
	}
	return p
}

// compare puts paired figures without and with a memory against each other.
func (pair pair) compare(q api.Question, s setting, without, with map[example]figure) (api.Finding, bool) {
	p := pairUp(without, with, q == api.H1 || q == api.SwapHits)
	if p.n == 0 {
		return api.Finding{}, false
	}
	f := api.Finding{
		Question: q, Method: s.method, Params: s.resolved(), Budget: s.budget, Block: s.block, Selector: s.selector, Pairs: p.n,
		Without: stat.Mean(p.without, p.examples), With: stat.Mean(p.with, p.examples), CI95: [2]float64{-1, 1},
	}
	f.Difference = f.With - f.Without
	if p.n >= minPairs {
		f.CI95[0], f.CI95[1] = newcombe(p.without, p.with, p.examples)
	}
	switch {
	case (q == api.Accuracy || q == api.SwapStates) && s.whole:
		f.Verdict = api.Baseline
	case p.n < minPairs:
		f.Verdict = api.TooFew
	case f.CI95[0] > 0:
		f.Verdict = api.Supports
	case f.CI95[1] < 0:
		f.Verdict = api.Contradicts
	default:
		f.Verdict = api.Undecided
	}
	f.Text = pair.words(f)
	return f, true
}
