package summary

import (
	"slices"

	"gonum.org/v1/gonum/stat"

	"kvscope/engine/experiment"
	"kvscope/engine/sparse"
)

// combination is the key of a row: the settings that its cells have in common.
type combination struct {
	model, hash, task, method, selector string
	swap                                experiment.Swap
	params                              sparse.Setting
	context                             int
	version                             string
}

func of(c experiment.Cell) combination {
	return combination{
		c.Model, c.ModelHash, c.Task, c.Method, c.Selector, c.Swap, c.Params, c.Context, c.Version,
	}
}

// group is the cells of one row.
type group struct {
	cells  []experiment.Measured
	scores []float64            // of all examples
	bySeed map[uint64][]float64 // of the examples of one random selector
	asked  map[int]bool         // numbers of the examples
	hits   []int                // examples that each head hit
	off    []float64            // sum of each head's output errors; nil where one is not known

	logLiks, errors []float64 // of the examples where they are known
	heads           int       // of a layer
	row             experiment.Row
}

// groups gathers cells by their combination, in the order they come.
func groups(cells []experiment.Measured) []*group {
	var list []*group
	at := map[combination]*group{}
	for _, m := range cells {
		key := of(m.Cell)
		g := at[key]
		if g == nil {
			g = &group{bySeed: map[uint64][]float64{}, asked: map[int]bool{}}
			at[key] = g
			list = append(list, g)
		}
		g.add(m)
	}
	return list
}

func (g *group) add(m experiment.Measured) {
	c, o := m.Cell, m.Outcome
	if g.cells == nil {
		g.heads, g.hits, g.off = o.Heads, make([]int, len(o.Hits)), make([]float64, len(o.Hits))
		params := c.Resolved()
		g.row = experiment.Row{
			Model: c.Model, Arch: o.Arch, Title: o.ArchTitle(), Memory: o.HasMemory(), Task: c.Task, Method: c.Method, Selector: c.Selector, Swap: c.Swap,
			Params: params, Budget: params.Budget(), Block: o.Block, K: o.K, Context: c.Context,
			ModelHash: c.ModelHash, Version: c.Version, Kernels: o.Kernels,
		}
	}
	g.cells = append(g.cells, m)
	g.scores = append(g.scores, o.Scores...)
	for i := range o.Scores {
		g.asked[c.First+i] = true
	}
	g.logLiks, g.errors = append(g.logLiks, o.LogLiks...), append(g.errors, o.Errors...)
	g.bySeed[c.SelectorSeed] = append(g.bySeed[c.SelectorSeed], o.Scores...)
	for i, n := range o.Hits {
		g.hits[i] += n
	}
	if len(o.HeadErrors) == 0 {
		g.off = nil
	}
	for i := range g.off {
		g.off[i] += o.HeadErrors[i] * float64(len(o.Scores))
	}
	g.row.Read += o.Read * float64(len(o.Scores))
	g.row.Seconds += o.Seconds
	if g.row.Kernels != o.Kernels {
		g.row.Kernels = "mixed"
	}
}

// finish computes the row's figures.
func (g *group) finish() experiment.Row {
	r := g.row
	r.Examples, r.Prompts, r.Seeds = len(g.scores), len(g.asked), len(g.bySeed)
	r.Accuracy = stat.Mean(g.scores, nil)
	// What several random selectors make of one prompt is no news of other prompts.
	r.CI95[0], r.CI95[1] = experiment.Wilson(r.Accuracy, r.Prompts)
	r.Read /= float64(r.Examples)
	r.LogLik, r.Error = g.mean(g.logLiks), g.mean(g.errors)
	if means := g.seedMeans(); len(means) > 1 {
		r.Std = stat.StdDev(means, nil)
	}
	return r
}

// mean averages a figure that is known of every example; it is nil where one lacks it.
func (g *group) mean(values []float64) *float64 {
	if len(values) != len(g.scores) {
		return nil
	}
	return new(stat.Mean(values, nil))
}

// seedMeans is the accuracy of each random selector, by its number.
func (g *group) seedMeans() []float64 {
	seeds := make([]uint64, 0, len(g.bySeed))
	for seed := range g.bySeed {
		seeds = append(seeds, seed)
	}
	slices.Sort(seeds)
	means := make([]float64, len(seeds))
	for i, seed := range seeds {
		means[i] = stat.Mean(g.bySeed[seed], nil)
	}
	return means
}

// Sum adds cells up, rows in the order their first cells come.
func Sum(cells []experiment.Measured) experiment.Result {
	out := experiment.Result{Rows: []experiment.Row{}, Hits: []experiment.Hit{}}
	for _, g := range groups(cells) {
		r := g.finish()
		out.Rows = append(out.Rows, r)
		for i, rate := range g.rates() {
			h := experiment.Hit{
				Model: r.Model, Task: r.Task, Method: r.Method, Selector: r.Selector, Swap: r.Swap,
				Params: r.Params, Budget: r.Budget, Block: r.Block, Layer: i / g.heads, Head: i % g.heads, Rate: rate,
			}
			if g.off != nil {
				h.Error = new(g.off[i] / float64(len(g.scores)))
			}
			out.Hits = append(out.Hits, h)
		}
	}
	return out
}

// Rates is the hit rate of every head, layers outermost, for the rows that Sum makes
// of the same cells.
func Rates(cells []experiment.Measured) [][]float64 {
	var out [][]float64
	for _, g := range groups(cells) {
		out = append(out, g.rates())
	}
	return out
}

// rates is the hit rate of every head, layers outermost.
func (g *group) rates() []float64 {
	out := make([]float64, len(g.hits))
	for i, n := range g.hits {
		out[i] = float64(n) / float64(len(g.scores))
	}
	return out
}

// Examples lists the answered examples of the row that r names by its model, task,
// method, selector, swap and parameters; one that it does not name may have any value.
// It also gives one cell of that row, to ask its examples again.
func Examples(cells []experiment.Measured, r experiment.Row) ([]experiment.Example, experiment.Cell) {
	list := []experiment.Example{}
	var cell experiment.Cell
	for _, m := range cells {
		c, o := m.Cell, m.Outcome
		if c.Model != r.Model || c.Task != r.Task || c.Method != r.Method || c.Selector != r.Selector || c.Swap != r.Swap || !within(c.Resolved(), r.Params) {
			continue
		}
		cell = c
		for i, score := range o.Scores {
			list = append(list, experiment.Example{
				Seed: experiment.Seed(c.First + i), SelectorSeed: c.SelectorSeed, Score: score, Depth: o.Depths[i],
			})
		}
	}
	return list, cell
}

// within reports whether params have all that are named.
func within(params, named sparse.Values) bool {
	for name, text := range named {
		if params[name] != text {
			return false
		}
	}
	return true
}

// Depth is how the examples of a row did whose needle stood in one part of the
// prompt.
type Depth struct {
	Row      experiment.Row
	Part     int // from 0, the start
	Accuracy float64
	Examples int
}

// Depths tells parts of the prompt apart, for every row with examples there.
func Depths(cells []experiment.Measured, parts int) []Depth {
	var out []Depth
	for _, g := range groups(cells) {
		scores := make([][]float64, parts)
		for _, m := range g.cells {
			for i, d := range m.Outcome.Depths {
				part := min(max(int(d*float64(parts)), 0), parts-1)
				scores[part] = append(scores[part], m.Outcome.Scores[i])
			}
		}
		row := g.finish()
		for part, s := range scores {
			if len(s) > 0 {
				out = append(out, Depth{row, part, stat.Mean(s, nil), len(s)})
			}
		}
	}
	return out
}
