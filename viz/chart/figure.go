package chart

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kvscope/viz/number"
)

// unique lists what key says of rows, each once, in order.
func unique[R any, K comparable](rows []R, key func(R) K) []K {
	var out []K
	for _, r := range rows {
		if k := key(r); !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

func keep[R any](rows []R, want func(R) bool) []R {
	var out []R
	for _, r := range rows {
		if want(r) {
			out = append(out, r)
		}
	}
	return out
}

// budgetsOf lists budgets, the whole cache first.
func budgetsOf(budgets []float64) []float64 {
	slices.Sort(budgets)
	slices.Reverse(budgets)
	return slices.Compact(budgets)
}

func fractions(budgets []float64) []string {
	out := make([]string, len(budgets))
	for i, b := range budgets {
		out[i] = number.Budget(b)
	}
	return out
}

// slug makes an ID of words.
func slug(words ...string) string {
	keepChar := func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		}
		return '-'
	}
	return strings.Map(keepChar, strings.ToLower(strings.Join(words, "-")))
}

// setup holds the settings that the rows of one picture of accuracies have in common.
type setup struct {
	method, called, how string
	block               int // 0 where the method selects tokens
}

func (r Row) setup() setup {
	s := setup{method: r.Method, called: cmp.Or(r.Name, r.Method), how: r.Setup, block: r.Block}
	if r.Unit == "token" {
		s.block = 0
	}
	return s
}

// id names the setup in addresses, title on the screen.
func (s setup) id() string    { return s.with(s.method) }
func (s setup) title() string { return s.with(s.called) }

func (s setup) with(method string) string {
	if s.how == "" {
		return method
	}
	return method + ", " + s.how
}

// Figure1 is accuracy against budget, a chart for every method, block size and
// task, with 95% intervals; the paper's values are dashed.
func Figure1(rows []Row, paper Paper) []Chart {
	rows = keep(rows, func(r Row) bool { return r.Selector == "own" })
	subjects := unique(rows, Row.subject)
	var out []Chart
	for _, s := range unique(rows, Row.setup) {
		ours := keep(rows, func(r Row) bool { return r.setup() == s })
		theirs := map[bool][]PaperRow{} // with a memory, without
		var budgets []float64
		for _, r := range ours {
			budgets = append(budgets, r.Budget)
			if _, done := theirs[r.Memory]; !done {
				theirs[r.Memory] = paper.of(s.method, r.Memory, "own", s.block, r.Context)
				for _, p := range theirs[r.Memory] {
					budgets = append(budgets, p.Budget)
				}
			}
		}
		budgets = budgetsOf(budgets)
		for _, task := range unique(ours, func(r Row) string { return r.Task }) {
			c := Chart{
				ID: slug("accuracy", s.id(), task), View: Accuracy, Kind: Lines, Title: task, Method: s.id(), MethodName: s.title(),
				XName: "budget", YName: "accuracy", Categories: fractions(budgets),
			}
			for _, who := range subjects {
				mine := keep(ours, func(r Row) bool { return r.Task == task && r.subject() == who })
				if len(mine) > 0 {
					c.Series = append(c.Series, accuracyOf(mine, subjects, budgets))
				}
			}
			for _, memory := range []bool{false, true} {
				if series, ok := paper.series(theirs[memory], task, memory, budgets); ok {
					c.Series = append(c.Series, series)
				}
			}
			out = append(out, c)
		}
	}
	return out
}

// accuracyOf is the points of one subject and task.
func accuracyOf(rows []Row, all []subject, budgets []float64) Series {
	s := Series{Name: rows[0].subject().name(), Colour: rows[0].subject().colour(all)}
	for i, b := range budgets {
		for _, r := range rows {
			if r.Budget == b {
				s.Points = append(s.Points, r.point(float64(i), r.Low, r.High, "95% interval"))
			}
		}
	}
	return s
}

// point shows a row, with a whisker.
func (r Row) point(x, low, high float64, whisker string) Point {
	ref := r.Ref
	about := fmt.Sprintf("budget %s: %s of %d", number.Budget(r.Budget), number.Percent(r.Accuracy), r.Examples)
	if high > low {
		about += fmt.Sprintf(", %s %s to %s", whisker, number.Percent(low), number.Percent(high))
	}
	return Point{X: x, Y: 100 * r.Accuracy, Low: 100 * low, High: 100 * high, About: about, Ref: &ref}
}

// series is the paper's points of one task and one of its models.
func (p Paper) series(rows []PaperRow, task string, memory bool, budgets []float64) (Series, bool) {
	who := subject{memory: memory}
	s := Series{Name: p.name(memory) + ", paper (" + p.Label + ")", Colour: who.colour([]subject{who}), Paper: true}
	for i, b := range budgets {
		for _, r := range rows {
			if v, ok := r.Accuracy[task]; ok && r.Budget == b {
				s.Points = append(s.Points, Point{X: float64(i), Y: v, Low: v, High: v, About: "budget " + number.Budget(b) + ": " + number.Percent(v/100) + " in the paper, " + p.Label})
			}
		}
	}
	return s, len(s.Points) > 0
}

// Table5 is the accuracy when chance selects: the mean over the seeds of every task, with
// its standard deviation, a chart for every method and budget.
func Table5(rows []Row, paper Paper) []Chart {
	rows = keep(rows, func(r Row) bool { return r.Selector == "random" })
	subjects := unique(rows, Row.subject)
	type panel struct {
		setup
		budget float64
	}
	panelOf := func(r Row) panel { return panel{r.setup(), r.Budget} }
	var out []Chart
	for _, p := range unique(rows, panelOf) {
		ours := keep(rows, func(r Row) bool { return panelOf(r) == p })
		tasks := unique(ours, func(r Row) string { return r.Task })
		c := Chart{
			ID: slug("chance", p.id(), number.Budget(p.budget)), View: Chance, Kind: Bars, Title: p.title() + ", budget " + number.Budget(p.budget),
			Method: p.id(), MethodName: p.title(), Budget: number.Budget(p.budget), XName: "task", YName: "accuracy", Categories: tasks,
		}
		for _, who := range subjects {
			mine := keep(ours, func(r Row) bool { return r.subject() == who })
			if len(mine) == 0 {
				continue
			}
			s := Series{Name: who.name(), Colour: who.colour(subjects)}
			theirs := Series{Name: s.Name + ", paper (" + paper.Label + ")", Colour: s.Colour, Paper: true}
			for _, r := range mine {
				x := float64(slices.Index(tasks, r.Task))
				s.Points = append(s.Points, r.point(x, max(0, r.Accuracy-r.Std), min(1, r.Accuracy+r.Std), "deviation over "+strconv.Itoa(r.Seeds)+" seeds"))
				if r.Swap != (Swap{}) {
					continue // the paper has no swap
				}
				for _, pr := range paper.of(p.method, r.Memory, "random", 0, 0) {
					if v, ok := pr.Mean[r.Task]; ok && pr.Budget == p.budget {
						theirs.Points = append(theirs.Points, Point{
							X: x, Y: v, Low: v - pr.Std[r.Task], High: v + pr.Std[r.Task],
							About: number.Percent(v/100) + " in the paper, " + paper.Label,
						})
					}
				}
			}
			c.Series = append(c.Series, s)
			if who.swap == (Swap{}) {
				c.Series = append(c.Series, theirs)
			}
		}
		out = append(out, c)
	}
	return out
}
