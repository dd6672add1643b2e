package summary

import (
	"slices"
	"strings"
	"testing"

	"kvscope/engine/experiment"
	"kvscope/engine/sparse"
	"kvscope/web/api"
)

func TestFindings(t *testing.T) {
	var cells []experiment.Measured
	for i := range 5 {
		first := 4 * i
		cells = append(cells,
			// RAT+ is better under Quest, in accuracy and in the heads.
			cell("attention", "quest", "own", 0, 0.25, first, 0, 0, float64(i%2), 1),
			cell("ratplus", "quest", "own", 0, 0.25, first, 1, 1, 1, 1),
			// Worse where chance selects.
			cell("attention", "quest", "random", 1, 0.25, first, 1, 1, 1, 1),
			cell("ratplus", "quest", "random", 1, 0.25, first, 0, 0, float64(i%2), 0),
			// The same under MoBA, which has no hit rates.
			cell("attention", "moba", "own", 0, 0.25, first, 1, 0, 1, 0),
			cell("ratplus", "moba", "own", 0, 0.25, first, 0, 1, 0, 1),
		)
	}
	// Reading everything is a baseline, said once.
	for _, method := range []string{"quest", "moba"} {
		cells = append(cells, cell("attention", method, "own", 0, 1, 0, 1, 1), cell("ratplus", method, "own", 0, 1, 0, 0, 0))
	}
	for i := range cells {
		if cells[i].Cell.Model == "attention" {
			cells[i].Outcome.Hits = []int{i % 2, 0}
		}
	}
	got := Findings(cells)
	want := []struct {
		q api.Question
		m string
		v api.Verdict
	}{{api.Accuracy, "quest", api.Supports}, {api.Accuracy, "moba", api.Undecided}, {api.Accuracy, "quest", api.Baseline}, {api.H1, "quest", api.Supports}, {api.H2, "quest", api.Contradicts}}
	if len(got) != len(want) {
		t.Fatalf("%d findings: %+v", len(got), got)
	}
	for i, w := range want {
		if got[i].Question != w.q || got[i].Method != w.m || got[i].Verdict != w.v {
			t.Errorf("finding %d: %+v, want %+v", i, got[i], w)
		}
	}
	for i, text := range []string{"as the paper has it", "not significant", "Reading everything, RAT+ answers 0.0%", "holds the needle", "against the paper"} {
		if !strings.Contains(got[i].Text, text) {
			t.Errorf("%q lacks %q", got[i].Text, text)
		}
	}
	// Accuracies 0.6 against 1 in examples: means as counted by hand, pairs all of them.
	if a := got[0]; a.Pairs != 20 || !near(a.With, 1) || !near(a.Without, 0.35) || !near(a.Difference, 0.65) {
		t.Errorf("%+v", a)
	}
}

// TestSwapFindings: with one model that has a memory, each of its uses is told apart
// from the other.
func TestSwapFindings(t *testing.T) {
	var cells []experiment.Measured
	add := func(w experiment.Swap, budget float64, first, hits int, scores ...float64) {
		m := cell("ratplus", "quest", "own", 0, budget, first, scores...)
		m.Cell.Swap, m.Outcome.Hits = w, []int{hits, hits}
		cells = append(cells, m)
	}
	plain := experiment.Swap{SelectWith: "plain"}
	states := experiment.Swap{ComputeWith: "plain"}
	for i := range 5 {
		add(experiment.Swap{}, 0.25, 2*i, 2, 1, 1)
		add(plain, 0.25, 2*i, i%2, 0, float64(i%2))
		add(states, 0.25, 2*i, 2, 1, 1)
		add(experiment.Swap{}, 1, 2*i, 2, 1, 1)
		add(states, 1, 2*i, 2, 0, 1)
	}
	got := Findings(cells)
	want := []struct {
		q       api.Question
		v       api.Verdict
		without float64
		text    string
	}{
		{api.SwapHits, api.Supports, 0.2, "by keys without in 20.0%"}, {api.SwapKeys, api.Supports, 0.2, "the memory adds 80.0 points"},
		{api.SwapStates, api.Undecided, 1, "not significant"}, {api.SwapStates, api.Baseline, 0.5, "50.0% from states without"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d findings: %+v", len(got), got)
	}
	for i, w := range want {
		if got[i].Question != w.q || got[i].Verdict != w.v || !near(got[i].Without, w.without) || !strings.Contains(got[i].Text, w.text) {
			t.Errorf("finding %d: %+v, want %+v", i, got[i], w)
		}
	}
	row := Sum(cells).Rows[1]
	if list, c := Examples(cells, row); row.Swap != plain || len(list) != 10 || c.Swap != plain || list[0].Score != 0 {
		t.Errorf("row %+v has examples %+v", row, list)
	}
}

// TestTooFew: nothing is said of a difference that a few examples show, and chance
// that was tried often on them does not make them more.
func TestTooFew(t *testing.T) {
	var cells []experiment.Measured
	for seed := range 5 {
		cells = append(cells,
			cell("attention", "quest", "random", uint64(seed), 0.25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
			cell("ratplus", "quest", "random", uint64(seed), 0.25, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1))
	}
	got := Findings(cells)
	if len(got) != 1 || got[0].Verdict != api.TooFew || got[0].Pairs != 9 || got[0].CI95 != [2]float64{-1, 1} || !strings.Contains(got[0].Text, "9 of the same examples are too few") {
		t.Fatalf("%+v", got)
	}
	for seed := range 5 {
		cells = append(cells, cell("attention", "quest", "random", uint64(seed), 0.25, 9, 0), cell("ratplus", "quest", "random", uint64(seed), 0.25, 9, 1))
	}
	got = Findings(cells)
	if len(got) != 1 || got[0].Verdict != api.Supports || got[0].Pairs != 10 || got[0].CI95[1] != 1 || got[0].CI95[0] < 0.5 {
		t.Errorf("%+v", got)
	}
}

// TestWithoutPartner: examples that only one side answered count for neither.
func TestWithoutPartner(t *testing.T) {
	a, b := map[example]figure{}, map[example]figure{}
	for i := range 12 {
		a[example{first: i}], b[example{first: i}] = figure{float64(i % 2), 1}, figure{1, 1}
	}
	b[example{first: 99}] = figure{0, 1}
	f, ok := pair{}.compare(api.Accuracy, setting{method: "quest", budget: 0.5}, a, b)
	if !ok || f.Pairs != 12 || f.With != 1 || f.Without != 0.5 || f.Difference != 0.5 {
		t.Errorf("%+v", f)
	}
}

// TestEverythingIsNotABudget: what k restricts is no baseline at a budget of 1, and chance at a
// budget of 1 leaves nothing out.
func TestEverythingIsNotABudget(t *testing.T) {
	cells := func(method, selector string, params sparse.Setting) []experiment.Measured {
		var out []experiment.Measured
		for i := range 10 {
			for _, model := range []string{"attention", "ratplus"} {
				m := cell(model, method, selector, 0, 1, 2*i, 1, float64(len(model)%2))
				m.Cell.Params = params
				out = append(out, m)
			}
		}
		return out
	}
	for _, tc := range []struct {
		cells []experiment.Measured
		want  []api.Question
		says  string
	}{
		{cells("quest", "own", `{"k":2}`), []api.Question{api.Accuracy, api.H1}, "Quest, blocks of 16, k 2: RAT+ answers"},
		{cells("twilight", "own", `{"top_p":0.5}`), []api.Question{api.Accuracy, api.H1}, "Twilight at budget 1, top p 0.5: RAT+ answers"},
		{cells("quest", "random", ""), []api.Question{api.Accuracy}, "Reading everything"},
	} {
		got := Findings(tc.cells)
		var asked []api.Question
		for _, f := range got {
			asked = append(asked, f.Question)
		}
		if !slices.Equal(asked, tc.want) || !strings.HasPrefix(got[0].Text, tc.says) {
			t.Errorf("%+v, want %v that say %q", got, tc.want, tc.says)
		}
	}
}

// TestPromptsOfOneContextArePaired: an example of another context is another prompt, but for
// those of a file, which are what they are.
func TestPromptsOfOneContextArePaired(t *testing.T) {
	for task, paired := range map[string]bool{"MK-2": false, "validation.jsonl@0123abcd": true} {
		var cells []experiment.Measured
		for i := range 10 {
			a, b := cell("attention", "quest", "own", 0, 0.25, 2*i, 1, 0), cell("ratplus", "quest", "own", 0, 0.25, 2*i, 1, 1)
			a.Cell.Task, b.Cell.Task, b.Cell.Context = task, task, 512
			cells = append(cells, a, b)
		}
		found, differ := Findings(cells), Differences(cells)
		if (len(found) > 0) != paired || (len(differ) > 0) != paired {
			t.Errorf("%s: %+v and %+v", task, found, differ)
		}
		if paired && (differ[0].Examples != 20 || differ[0].Context != 0) {
			t.Errorf("%s: %+v", task, differ)
		}
	}
}

func TestNoPairNoFindings(t *testing.T) {
	if got := Findings([]experiment.Measured{cell("ratplus", "quest", "own", 0, 0.25, 0, 1, 1)}); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}
