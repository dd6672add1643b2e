package chart

import (
	"cmp"
	"fmt"
	"slices"

	"kvscope/viz/number"
)

// slug tells the pictures of swaps apart, "" for the model as it was trained.
func (s Swap) slug() string {
	out := ""
	if s.SelectWith != "" {
		out += "-keys"
	}
	if s.ComputeWith != "" {
		out += "-states"
	}
	return out
}

// reads and picks are the two sides of a swap, as trained first.
var (
	reads = []string{"reads K̃, Ṽ", "reads K, V"}
	picks = []string{"picks by K̃", "picks by K"}
)

// allTasks is the title of the map that is the mean over tasks.
const allTasks = "mean of tasks"

// Swaps2x2 is accuracy by what methods select by and what attention reads, a map for
// every model that was swapped, method, block size and budget: the mean over its
// tasks where there are several, and one for each task.
func Swaps2x2(rows []Row) []Chart {
	type panel struct {
		setup
		model, called, selector string
		budget                  float64
		whole                   bool
	}
	panelOf := func(r Row) panel {
		return panel{r.setup(), r.Model, r.subject().called, r.Selector, r.Budget, r.Whole}
	}
	swapped := map[panel]bool{}
	for _, r := range rows {
		if r.Swap != (Swap{}) {
			swapped[panelOf(r)] = true
		}
	}
	var out []Chart
	panels := unique(rows, panelOf)
	// Where everything is read, keys make no difference: that comes last.
	slices.SortStableFunc(panels, func(a, b panel) int { return cmp.Compare(last(a.whole), last(b.whole)) })
	for _, p := range panels {
		if !swapped[p] {
			continue
		}
		ours := keep(rows, func(r Row) bool { return panelOf(r) == p })
		tasks := unique(ours, func(r Row) string { return r.Task })
		name, method, called := p.called, p.id(), p.title()
		if p.selector == "random" {
			method += ", chance picks"
			called += ", random selector"
		}
		square := func(task string, points []Point) {
			out = append(out, Chart{
				ID: slug("swap", p.id(), p.selector, p.model, number.Budget(p.budget), task), View: Swaps, Kind: Map, Title: task + ", " + name,
				Method: method, MethodName: called, Budget: number.Budget(p.budget), XName: "states", YName: "keys", Categories: reads, Levels: picks,
				Series: []Series{{Name: name, Colour: "seq-8", Points: points}},
			})
		}
		if len(tasks) > 1 {
			square(allTasks, meanPoints(ours, len(tasks)))
		}
		for _, task := range tasks {
			var points []Point
			for _, r := range ours {
				if r.Task == task {
					point := r.point(0, r.Low, r.High, "95% interval")
					point.N = r.Examples
					points = append(points, r.Swap.at(point))
				}
			}
			square(task, points)
		}
	}
	return out
}

// last is 1 for what comes behind the others.
func last(whole bool) int {
	if whole {
		return 1
	}
	return 0
}

// at puts a point where its swap stands in the square.
func (s Swap) at(p Point) Point {
	if s.ComputeWith != "" {
		p.X = 1
	}
	if s.SelectWith != "" {
		p.Level = 1
	}
	p.About = picks[p.Level] + ", " + reads[int(p.X)] + ", " + p.About
	return p
}

// meanPoints are the means over the tasks of rows, of the swaps that have them all.
func meanPoints(rows []Row, tasks int) []Point {
	var out []Point
	for _, s := range unique(rows, func(r Row) Swap { return r.Swap }) {
		mine := keep(rows, func(r Row) bool { return r.Swap == s })
		if len(mine) < tasks {
			continue
		}
		sum := 0.0
		for _, r := range mine {
			sum += r.Accuracy
		}
		mean := sum / float64(len(mine))
		out = append(out, s.at(Point{Y: 100 * mean, Low: 100 * mean, High: 100 * mean, About: fmt.Sprintf("budget %s: %s, mean of %d tasks", number.Budget(mine[0].Budget), number.Percent(mean), tasks)}))
	}
	return out
}
