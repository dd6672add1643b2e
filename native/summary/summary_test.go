package summary

import (
	"math"
	"testing"

	"kvscope/engine/experiment"
	"kvscope/engine/sparse"
)

// cell is a measured cell of as many examples as there are scores.
func cell(model, method, selector string, seed uint64, budget float64, first int, scores ...float64) experiment.Measured {
	o := &experiment.Outcome{
		Kernels: "plain", Arch: model, Layers: 1, Heads: 2, Block: 16, K: 4, Read: budget, Seconds: 1,
		Scores: scores, Depths: make([]float64, len(scores)), Hits: []int{len(scores), 0}, HeadErrors: []float64{float64(len(scores)), 1},
	}
	return experiment.Measured{
		Cell: experiment.Cell{
			Model: model, ModelHash: model, Task: "MK-2", Method: method, Selector: selector, SelectorSeed: seed,
			Params: paramsOf(method, budget), Context: 256, First: first, Examples: len(scores),
		},
		Outcome: o,
	}
}

func paramsOf(method string, budget float64) sparse.Setting {
	s, err := sparse.Config{Method: method}.With("budget", sparse.FormatBudget(budget)).Setting()
	if err != nil {
		panic(err)
	}
	return s
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

func TestSum(t *testing.T) {
	r := Sum([]experiment.Measured{
		cell("attention", "quest", "own", 0, 0.25, 0, 1, 1, 0, 0),
		cell("ratplus", "quest", "own", 0, 0.25, 0, 1, 1, 1, 1),
		cell("attention", "quest", "own", 0, 0.25, 4, 1, 1),
	})
	if len(r.Rows) != 2 || len(r.Hits) != 4 {
		t.Fatalf("%d rows, %d hits", len(r.Rows), len(r.Hits))
	}
	a := r.Rows[0]
	low, high := experiment.Wilson(4.0/6, 6)
	if a.Model != "attention" || a.Examples != 6 || !near(a.Accuracy, 4.0/6) || a.CI95 != [2]float64{low, high} || a.Std != 0 || a.Seeds != 1 || !near(a.Read, 0.25) || a.Seconds != 2 {
		t.Errorf("%+v", a)
	}
	if h := r.Hits[0]; h.Rate != 1 || h.Head != 0 || r.Hits[1].Rate != 0 || r.Hits[1].Head != 1 {
		t.Errorf("%+v", r.Hits)
	}
	if a, b := r.Hits[0].Error, r.Hits[1].Error; a == nil || b == nil || !near(*a, (4.*4+2*2)/6) || !near(*b, 1) {
		t.Errorf("errors of heads in %+v", r.Hits)
	}
	older := cell("attention", "quest", "own", 0, 0.25, 4, 1, 1)
	older.Outcome.HeadErrors = nil
	if r := Sum([]experiment.Measured{cell("attention", "quest", "own", 0, 0.25, 0, 1), older}); r.Hits[0].Error != nil {
		t.Errorf("an error that is not known of all examples: %+v", r.Hits)
	}
}

func TestSumOverSeeds(t *testing.T) {
	r := Sum([]experiment.Measured{
		cell("ratplus", "quest", "random", 0, 0.25, 0, 1, 1),
		cell("ratplus", "quest", "random", 1, 0.25, 0, 0, 1),
		cell("ratplus", "quest", "random", 2, 0.25, 0, 0, 0),
		cell("ratplus", "quest", "own", 0, 0.25, 0, 1, 1),
	})
	if len(r.Rows) != 2 {
		t.Fatalf("%d rows", len(r.Rows))
	}
	// Accuracies 1, 0.5, 0: mean 0.5, sample deviation 0.5.
	// They are six answers to two prompts, and it is prompts that are many or few.
	low, high := experiment.Wilson(0.5, 2)
	if row := r.Rows[0]; row.Seeds != 3 || !near(row.Accuracy, 0.5) || !near(row.Std, 0.5) || row.Examples != 6 || row.Prompts != 2 || row.CI95 != [2]float64{low, high} {
		t.Errorf("%+v", row)
	}
}

func TestExamples(t *testing.T) {
	cells := []experiment.Measured{
		cell("ratplus", "quest", "own", 0, 0.25, 0, 1, 0),
		cell("ratplus", "quest", "own", 0, 0.25, 2, 0.5),
		cell("ratplus", "quest", "own", 0, 0.5, 0, 1),
	}
	row := Sum(cells).Rows[0]
	list, one := Examples(cells, row)
	if len(list) != 3 || list[2].Seed != experiment.Seed(2) || list[2].Score != 0.5 || one.Resolved()["budget"] != "1/4" {
		t.Errorf("%+v", list)
	}
	row.Params = row.Params.With("block", "8")
	if list, _ := Examples(cells, row); len(list) != 0 {
		t.Errorf("examples of a row that is not there: %+v", list)
	}
}

func TestDepths(t *testing.T) {
	m := cell("ratplus", "quest", "own", 0, 0.25, 0, 1, 0, 1, 1)
	m.Outcome.Depths = []float64{0, 0.1, 0.99, 1}
	got := Depths([]experiment.Measured{m}, 5)
	if len(got) != 2 || got[0].Part != 0 || got[0].Accuracy != 0.5 || got[1].Part != 4 || got[1].Examples != 2 || got[1].Row.Model != "ratplus" {
		t.Errorf("%+v", got)
	}
}
