package experiment

import (
	"slices"
	"testing"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

// TestCommand: every field of a grid stands in its line, and a cell's own part of the grid
// has that cell.
func TestCommand(t *testing.T) {
	context, seeds := 256, 3
	g := Grid{
		Models: []string{"ratplus", "it's"}, Tasks: []string{"S-1", "MQ"}, Methods: []string{"quest", "snapkv"}, Selectors: []string{"own", "random"},
		Params: sparse.Sweep{"public_code": {"true", "false"}, "budget": {"1/4", "1/8"}}, Seeds: &seeds, Examples: 12, Context: &context,
		SelectWith: []string{"memory", "plain"}, ComputeWith: []string{"plain"},
	}
	want := `kvscope eval --models='ratplus,it'\''s' --tasks=S-1,MQ --methods=quest,snapkv --selector=own,random --select-with=memory,plain --compute-with=plain ` +
		`--budget=1/4,1/8 --public-code=true,false --seeds=3 --examples=12 --context=256`
	if got := g.Command(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := (Grid{Models: []string{"a"}, Examples: 1}).Command(), "kvscope eval --models=a --examples=1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	g.Models = []string{"ratplus"}
	models := []run.ModelInfo{{Name: "ratplus", Context: 1024, Memory: true}}
	cells, err := g.Cells(models, "v")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cells {
		own, err := g.Alone(c).Cells(models, "v")
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		if !slices.ContainsFunc(own, func(o Cell) bool { return o.Key() == c.Key() }) {
			t.Errorf("%s does not measure %+v", g.Alone(c).Command(), c)
		}
		for _, o := range own {
			if !slices.ContainsFunc(cells, func(c Cell) bool { return o.Key() == c.Key() }) {
				t.Errorf("%s measures %+v, which the grid does not", g.Alone(c).Command(), o)
			}
		}
	}
}
