package lab

import (
	"slices"
	"testing"

	"kvscope/engine/experiment"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/viz/chart"
	"kvscope/web/api"
	"kvscope/web/state"
)

func labModels() []run.ModelInfo {
	return []run.ModelInfo{
		{Name: "attention", Arch: "attention", Context: 1024}, {Name: "ratplus", Arch: "ratplus", Memory: true, Context: 1024},
		{Name: "tiny", Arch: "ratplus", Memory: true, Context: 1024},
	}
}

// TestPresetsThroughTheForm: what a preset asks for is what the form asks for.
func TestPresetsThroughTheForm(t *testing.T) {
	for _, preset := range experiment.Presets(labModels()) {
		g, problems := FormOf(preset).Grid()
		if len(problems) > 0 {
			t.Errorf("%s: %v", preset.ID, problems)
			continue
		}
		want, err := preset.Grid.Cells(labModels(), "")
		if err != nil {
			t.Fatal(err)
		}
		got, err := g.Cells(labModels(), "")
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %d cells, want %d, %v", preset.ID, len(got), len(want), err)
		}
	}
}

func TestGridForm(t *testing.T) {
	f := FormOf(experiment.Presets(labModels())[1])
	g := f.Toggle("tasks", "S-1", GridChoices("tasks", nil)).Toggle("tasks", "MV", GridChoices("tasks", nil)).Toggle("tasks", "S-1", GridChoices("tasks", nil))
	if got := g.Lists["tasks"]; got[0] != "S-1" || slices.Contains(got, "MV") || len(got) != 7 || g.Preset != "" {
		t.Errorf("%v", got)
	}
	if len(f.Lists["tasks"]) != 8 || f.Preset == "" {
		t.Error("the form before changed too")
	}
	for field, change := range map[string]GridForm{
		"examples":  f.Write("examples", "many"),
		"block":     f.Write("block", "16, x"),
		"window":    f.Write("window", "0"),
		"pooling":   {Lists: with(f.Lists, "pooling", []string{"avg", "least"}), Texts: f.Texts},
		"context":   f.Write("context", "3"),
		"tasks":     {Lists: with(f.Lists, "tasks", nil), Texts: f.Texts},
		"selectors": {Lists: with(f.Lists, "selectors", nil), Texts: f.Texts},

		"select_with": {Lists: with(f.Lists, "select_with", nil), Texts: f.Texts},
	} {
		if _, problems := change.Grid(); problems[field] == "" || len(problems) != 1 {
			t.Errorf("%s: %v", field, problems)
		}
	}
}

func TestLabPlace(t *testing.T) {
	for _, p := range []Place{
		DefaultPlace(), {ID: "abc", View: "heads", Method: "quest, blocks of 16", Budget: "1/4", Paper: "4"}, {ID: "a&b=c", View: "table", Paper: "3"},
	} {
		if got := ParseQuery(p.Query()); got != p {
			t.Errorf("%q: %+v, want %+v", p.Query(), got, p)
		}
	}
	if got := ParseQuery("view=none&paper=9&wings=2&id=%zz"); got != DefaultPlace() {
		t.Errorf("%+v", got)
	}
}

func TestChoices(t *testing.T) {
	all := []api.Picture{
		{Chart: chart.Chart{ID: "a", View: "accuracy", Method: "quest"}}, {Chart: chart.Chart{ID: "b", View: "accuracy", Method: "moba"}},
		{Chart: chart.Chart{ID: "c", View: "heads", Method: "quest", Budget: "1/4"}}, {Chart: chart.Chart{ID: "d", View: "heads", Method: "quest", Budget: "1/8"}},
	}
	p, methods, budgets := Place{View: "heads", Method: "moba", Budget: "1/8"}.Choices(all)
	if p.Method != "quest" || p.Budget != "1/8" || len(methods) != 1 || len(budgets) != 2 {
		t.Errorf("%+v %v %v", p, methods, budgets)
	}
	if shown := p.Shown(all); len(shown) != 1 || shown[0].ID != "d" {
		t.Errorf("%+v", shown)
	}
	p, _, _ = Place{View: "chance", Method: "quest"}.Choices(all)
	if p.Method != "" || p.Shown(all) != nil {
		t.Errorf("%+v", p)
	}
}

func TestPointAt(t *testing.T) {
	c := api.Picture{Chart: chart.Chart{Kind: chart.Bars, Series: []chart.Series{{Name: "RAT+", Points: []chart.Point{{X: 2, Y: 7}}}}}}
	if p := PointAt(c, "RAT+", 2); p == nil || p.Y != 7 {
		t.Errorf("%+v", p)
	}
	c.Kind = chart.Lines
	if PointAt(c, "RAT+", 2) != nil || PointAt(c, "RAT+", 0) == nil || PointAt(c, "paper", 0) != nil {
		t.Error("wrong point")
	}
}

// TestExampleLink: the link asks the explorer for the very run that was measured.
func TestExampleLink(t *testing.T) {
	cell := experiment.Cell{
		Model: "tiny", Task: "MK-2", Method: "snapkv", Selector: "random", SelectorSeed: 0, Params: `{"budget":"1/16","window":8}`, Context: 512, First: 10, Examples: 10,
	}
	link := ExampleLink(cell, experiment.Example{Seed: experiment.Seed(13), SelectorSeed: 3}, labModels())
	form := state.ParseQuery(link[len("/?"):]).Form
	got, problems := form.Request(form.Right, 1024)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	cell.SelectorSeed = 3
	want := cell.Request(3)
	want.Config = want.With("budget", "1/16").With("block", "16")
	if !got.Equal(want) || got.Model != "tiny" {
		t.Errorf("%s asks for %+v, want %+v", link, got, want)
	}
}

// A swapped model stands beside itself as it was trained.
func TestExampleLinkOfASwap(t *testing.T) {
	cell := experiment.Cell{Model: "ratplus", Task: "S-1", Method: "quest", Selector: "own", Params: `{"budget":"1/4"}`, Context: 512, Examples: 10, Swap: experiment.Swap{SelectWith: "plain"}}
	link := ExampleLink(cell, experiment.Example{Seed: experiment.Seed(0)}, labModels())
	form := state.ParseQuery(link[len("/?"):]).Form
	for side, want := range []string{"", "plain"} {
		got, problems := form.ColumnRequest(side, true, 1024)
		if len(problems) > 0 || got.Model != "ratplus" || got.SelectWith != want || got.ComputeWith != "" {
			t.Errorf("column %d of %s: %+v %v", side, link, got, problems)
		}
	}
}

func TestAtDepths(t *testing.T) {
	list := []experiment.Example{{Depth: 0}, {Depth: 0.2}, {Depth: 0.8}, {Depth: 1}}
	for _, tc := range []struct {
		depths *[2]float64
		want   int
	}{{nil, 4}, {&[2]float64{0, 0.2}, 1}, {&[2]float64{0.2, 0.4}, 1}, {&[2]float64{0.8, 1}, 2}} {
		if got := AtDepths(list, tc.depths); len(got) != tc.want {
			t.Errorf("%v: %+v", tc.depths, got)
		}
	}
}

// TestSameGrid: a form filled in from an experiment's grid asks for that grid until it
// is changed.
func TestSameGrid(t *testing.T) {
	for _, p := range experiment.Presets(labModels()) {
		f := FormOf(experiment.Preset{Name: p.Name, Grid: p.Grid})
		if !f.Same(p.Grid) || f.Preset != "" {
			t.Errorf("%s: copied, and not the same: %+v", p.ID, f)
		}
		if f.Write("examples", "7").Same(p.Grid) || f.Toggle("budget", "1/2", GridChoices("budget", nil)).Same(p.Grid) {
			t.Errorf("%s: changed, and yet the same", p.ID)
		}
	}
}

// TestSeedsOfTheForm: a typed 0 is refused whoever selects, and what was typed does
// not reach a grid without chance.
func TestSeedsOfTheForm(t *testing.T) {
	f := FormOf(experiment.Presets(labModels())[0])
	if _, p := f.Write("seeds", "0").Grid(); p["seeds"] == "" {
		t.Error("seeds of 0 taken")
	}
	if g, p := f.Write("seeds", "3").Grid(); len(p) > 0 || g.Seeds != nil {
		t.Errorf("%v %v", g.Seeds, p)
	}
	if g, p := f.Write("seeds", "3").Toggle("selectors", "random", GridChoices("selectors", nil)).Grid(); len(p) > 0 || *g.Seeds != 3 {
		t.Errorf("%v %v", g.Seeds, p)
	}
}

func TestLabNames(t *testing.T) {
	models := []run.ModelInfo{{Name: "ratplus", Arch: "ratplus", Title: "RAT+"}, {Name: "tiny", Arch: "ratplus", Title: "RAT+"}}
	for name, want := range map[string]string{"ratplus": "RAT+", "tiny": "RAT+ · tiny", "gone": "gone"} {
		if got := ModelName(models, name); got != want {
			t.Errorf("%s is called %q, want %q", name, got, want)
		}
	}
	if sparse.Title("oracle-block") != "Oracle (block)" || sparse.Title("none") != "none" {
		t.Errorf("%q, %q", sparse.Title("oracle-block"), sparse.Title("none"))
	}
}

// TestExampleRequest: an example of a cell is asked for again as the cell asked for it.
func TestExampleRequest(t *testing.T) {
	c := experiment.Cell{Model: "ratplus", Task: "S-1", Method: "quest", Selector: "random", SelectorSeed: 2, Params: `{"budget":"1/4"}`, Context: 512, First: 20, Examples: 10}
	of := c
	of.First, of.SelectorSeed = 0, 0 // as a list of examples of several cells names them
	want := c.Request(3)
	if got := ExampleRequest(of, experiment.Example{Seed: want.Seed, SelectorSeed: 2}); got.ID() != want.ID() {
		t.Errorf("asks for %+v, want %+v", got, want)
	}
}
