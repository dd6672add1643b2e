package chart

import (
	"fmt"
	"slices"

	"kvscope/viz/number"
)

// Curve is the hit rates of all heads of one row, in 0..1 and any order.
type Curve struct {
	Row
	Rates []float64
	// Interval is the 95% interval of a rate over the row's examples.
	Interval func(rate float64) (low, high float64)
}

// topHeads is how many heads the paper's curves show.
const topHeads = 50

// Figures2to4 are the hit rates of the heads that hit most, best first, a chart for
// every method, block size, budget and task.
func Figures2to4(curves []Curve) []Chart {
	curves = keep(curves, func(c Curve) bool { return c.Selector == "own" && !c.Whole })
	subjects := unique(curves, func(c Curve) subject { return c.subject() })
	type panel struct {
		setup
		budget float64
		task   string
	}
	panelOf := func(c Curve) panel { return panel{c.setup(), c.Budget, c.Task} }
	var out []Chart
	for _, p := range unique(curves, panelOf) {
		c := Chart{
			ID: slug("heads", p.id(), number.Budget(p.budget), p.task), View: Heads, Kind: Lines, Title: p.task,
			Method: p.id(), MethodName: p.title(), Budget: number.Budget(p.budget), XName: "head, by hit rate", YName: "hit rate",
		}
		for _, curve := range curves {
			if panelOf(curve) != p {
				continue
			}
			s := Series{Name: curve.subject().name(), Colour: curve.subject().colour(subjects)}
			rates := slices.Clone(curve.Rates)
			slices.Sort(rates)
			slices.Reverse(rates)
			for i, rate := range rates[:min(topHeads, len(rates))] {
				ref := curve.Ref
				low, high := curve.Interval(rate)
				s.Points = append(s.Points, Point{
					X: float64(i + 1), Y: 100 * rate, Low: 100 * low, High: 100 * high, Ref: &ref,
					About: fmt.Sprintf("head %d of %d: holds the needle in %s of %d, 95%% interval %s to %s",
						i+1, len(rates), number.Percent(rate), curve.Examples, number.Percent(low), number.Percent(high)),
				})
			}
			c.XMax = max(c.XMax, float64(len(s.Points)))
			c.Series = append(c.Series, s)
		}
		out = append(out, c)
	}
	return out
}

// DepthCell is how the examples of a row did whose needle stood in one part of the
// prompt.
type DepthCell struct {
	Row
	Part     int // of Parts
	Accuracy float64
	Examples int
}

// Parts is how many parts of the prompt a depth map tells apart.
const Parts = 5

// DepthMaps is accuracy by needle depth and budget, a map for every model, method,
// block size and task.
func DepthMaps(cells []DepthCell) []Chart {
	cells = keep(cells, func(c DepthCell) bool { return c.Selector == "own" })
	type panel struct {
		setup
		subject
		task string
	}
	panelOf := func(c DepthCell) panel { return panel{c.setup(), c.subject(), c.Task} }
	levels := make([]string, Parts)
	for i := range levels {
		levels[i] = fmt.Sprintf("%d–%d%%", 100*i/Parts, 100*(i+1)/Parts)
	}
	var out []Chart
	for _, p := range unique(cells, panelOf) {
		mine := keep(cells, func(c DepthCell) bool { return panelOf(c) == p })
		var budgets []float64
		for _, c := range mine {
			budgets = append(budgets, c.Budget)
		}
		budgets = budgetsOf(budgets)
		name := p.name()
		c := Chart{
			ID: slug("depth", p.id(), p.model+p.swap.slug(), p.task), View: Depth, Kind: Map, Title: p.task + ", " + name, Method: p.id(), MethodName: p.title(),
			XName: "budget", YName: "needle depth", Categories: fractions(budgets), Levels: levels,
		}
		s := Series{Name: name, Colour: "seq-8"}
		for _, d := range mine {
			ref := d.Ref
			ref.Depths = &[2]float64{float64(d.Part) / Parts, float64(d.Part+1) / Parts}
			s.Points = append(s.Points, Point{
				X: float64(slices.Index(budgets, d.Budget)), Level: d.Part, Y: 100 * d.Accuracy, N: d.Examples, Ref: &ref,
				About: fmt.Sprintf("depth %s, budget %s: %s of %d", levels[d.Part], number.Budget(d.Budget), number.Percent(d.Accuracy), d.Examples),
			})
		}
		c.Series = append(c.Series, s)
		out = append(out, c)
	}
	return out
}
