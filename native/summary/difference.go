package summary

import (
	"slices"

	"gonum.org/v1/gonum/stat"

	"kvscope/engine/experiment"
	"kvscope/engine/sparse"
)

// Difference is how much more accurate one model is than another, over the same examples
// of all tasks that both were measured on in the same way.
type Difference struct {
	Model    string `json:"model"`
	Less     string `json:"less"` // the model whose accuracy is taken off
	Method   string `json:"method"`
	Selector string `json:"selector"`
	experiment.Swap
	Params     sparse.Values `json:"params"` // of the method, defaults among them
	Budget     float64       `json:"budget"`
	Context    int           `json:"context"` // 0 of tasks in files, which each model reads whole
	Tasks      int           `json:"tasks"`
	Examples   int           `json:"examples"`   // that both answered
	Difference float64       `json:"difference"` // of the mean scores, -1..1
	CI95       [2]float64    `json:"ci95"`       // Newcombe's interval for pairs; -1 to 1 where there are too few
}

// way is how a model is measured, on whatever task.
type way struct {
	method, selector string
	swap             experiment.Swap
	params           sparse.Setting
	context          int
}

func wayOf(c experiment.Cell) way { return way{c.Method, c.Selector, c.Swap, c.Params, contextOf(c)} }

// Differences compares every model with each that comes before it, in every way that both
// were measured in, in the order the cells come. The answers that several random selectors
// make of one example are one answer, their mean.
func Differences(cells []experiment.Measured) []Difference {
	out := []Difference{}
	var models []string
	var ways []way
	for _, m := range cells {
		if !slices.Contains(models, m.Cell.Model) {
			models = append(models, m.Cell.Model)
		}
		if w := wayOf(m.Cell); !slices.Contains(ways, w) {
			ways = append(ways, w)
		}
	}
	for i, model := range models {
		for _, less := range models[:i] {
			for _, w := range ways {
				of := func(name string) []experiment.Measured {
					return keep(cells, func(m experiment.Measured) bool { return m.Cell.Model == name && wayOf(m.Cell) == w })
				}
				if d, ok := differ(of(less), of(model)); ok {
					out = append(out, d)
				}
			}
		}
	}
	return out
}

// differ compares the cells of two models that were measured in one way.
func differ(less, cells []experiment.Measured) (d Difference, ok bool) {
	a, b := scores(less), scores(cells)
	p := pairUp(a, b, false)
	if p.n == 0 {
		return d, false
	}
	c := cells[0].Cell
	params := c.Resolved()
	d = Difference{
		Model: c.Model, Less: less[0].Cell.Model, Method: c.Method, Selector: c.Selector, Swap: c.Swap, Params: params, Budget: params.Budget(), Context: contextOf(c),
		Examples: p.n, Difference: stat.Mean(p.with, p.examples) - stat.Mean(p.without, p.examples), CI95: [2]float64{-1, 1},
	}
	tasks := map[string]bool{}
	for k := range b {
		if _, both := a[k]; both {
			tasks[k.task] = true
		}
	}
	d.Tasks = len(tasks)
	if p.n >= minPairs {
		d.CI95[0], d.CI95[1] = newcombe(p.without, p.with, p.examples)
	}
	return d, true
}
