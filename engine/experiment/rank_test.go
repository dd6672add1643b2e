package experiment

import (
	"math"
	"slices"
	"testing"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

func TestRank(t *testing.T) {
	row := func(method, task string, accuracy float64, low, high, read float64, off *float64) Row {
		return Row{Model: "m", Method: method, Task: task, Params: sparse.Values{"budget": "1/8"}, Accuracy: accuracy, CI95: [2]float64{low, high}, Read: read, Error: off}
	}
	got := Rank([]Row{
		row("part", "S-1", 1, 0.9, 1, 0.1, nil),
		row("quest", "S-1", 0.9, 0.6, 1, 0.2, new(0.5)), row("snapkv", "S-1", 0.5, 0.3, 0.7, 0.2, new(0.25)),
		row("quest", "MK-1", 0.5, 0.1, 0.8, 0.2, new(0.25)), row("snapkv", "MK-1", 0.9, 0.8, 1, 0.1, nil),
		row("moba", "S-1", 0.25, 0, 1, 0.2, nil), row("moba", "MK-1", 1, 0, 1, 0.2, nil),
	})
	var order []string
	for _, r := range got {
		order = append(order, r.Method)
	}
	// The two of 0.7 by what they read, then 0.625, then what has one task only.
	if len(order) != 4 || order[0] != "snapkv" || order[1] != "quest" || order[2] != "moba" || order[3] != "part" {
		t.Fatalf("order %v", order)
	}
	q := got[1]
	near := func(got, want float64) bool { return math.Abs(got-want) < 1e-12 }
	if !near(q.Mean, 0.7) || !near(q.CI95[0], 0.7-0.25) || !near(q.CI95[1], 0.7+math.Sqrt(0.01+0.09)/2) || !near(q.Read, 0.2) || q.Error == nil || !near(*q.Error, 0.375) {
		t.Errorf("quest %+v", q)
	}
	if q.Rows[0].Task != "MK-1" || got[0].Error != nil {
		t.Errorf("the worst task is %s, the error of snapkv %v", q.Rows[0].Task, got[0].Error)
	}
}

// TestPresetsAreGrids: every preset can be asked for, and those of all methods leave none of
// their kind out.
func TestPresetsAreGrids(t *testing.T) {
	models := []run.ModelInfo{
		{Name: "a", Arch: "attention", Title: "Attention", Layers: 2, Heads: 2, Context: 1024, Hash: "1"},
		{Name: "r", Arch: "ratplus", Title: "RAT+", Memory: true, Layers: 2, Heads: 2, Context: 1024, Hash: "2"},
	}
	models = append(models,
		run.ModelInfo{Name: "SmolLM2", Arch: "llama", Layers: 2, Heads: 2, Context: 8192, Hash: "3"},
		run.ModelInfo{Name: "SmolLM2+memory", Arch: "llama", Memory: true, Layers: 2, Heads: 2, Context: 8192, Hash: "4"},
	)
	byID := map[string]Grid{}
	for _, p := range Presets(models) {
		byID[p.ID] = p.Grid
		if err := p.Grid.Validate(); err != nil {
			t.Errorf("%s: %v", p.ID, err)
		}
	}
	if g := byID["continued"]; !slices.Equal(g.Models, []string{"SmolLM2", "SmolLM2+memory"}) || *g.Context != 1024 || g.Params["block"][0] != "16" {
		t.Errorf("the pretrained model is measured by %+v", g)
	}
	if pair := byID["tables"].Models; !slices.Equal(pair, []string{"a", "r"}) {
		t.Errorf("the pair is %v", pair)
	}
	for id, want := range map[string]func(sparse.Info) bool{
		"leaderboard": func(m sparse.Info) bool { return m.Phase == sparse.PhaseEvict },
		"every-method": func(m sparse.Info) bool {
			_, has := m.Param("budget")
			return has || m.Family == sparse.FamilyDense
		},
	} {
		listed := map[string]bool{}
		for _, method := range byID[id].Methods {
			listed[method] = true
		}
		for _, m := range sparse.Methods() {
			if listed[m.ID] != want(m) {
				t.Errorf("%s: %s is listed: %v", id, m.ID, listed[m.ID])
			}
		}
	}
}
