package experiment

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

// table is the table of a document that begins with a line, its cells.
func table(t *testing.T, path, begins string) [][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\n"+begins)
	if !ok {
		t.Fatalf("%s has no table that begins with %q", path, begins)
	}
	var rows [][]string
	for _, line := range strings.Split(begins+rest, "\n") {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	if len(rows) < 3 {
		t.Fatalf("%s: %d rows after %q", path, len(rows), begins)
	}
	return append(rows[:1], rows[2:]...) // without the line below the head
}

// shipped are models as they are shown to Presets: the pair, and a pretrained one with a memory.
var shipped = []run.ModelInfo{
	{Name: "attention", Arch: "attention", Base: "attention", Context: 1024}, {Name: "ratplus", Arch: "ratplus", Base: "attention", Memory: true, Context: 1024},
	{Name: "SmolLM2", Arch: "llama", Base: "llama", Context: 8192}, {Name: "SmolLM2+memory", Arch: "llama-memory", Base: "llama", Memory: true, Context: 8192},
}

// row is what docs/experiments.md says of a preset.
func row(p Preset) []string {
	g := p.Grid
	tasks := strings.Join(g.Tasks, ", ")
	if len(g.Tasks) == len(niah.Tasks()) {
		tasks = "all"
	}
	methods := strings.Join(g.Methods, ", ")
	switch p.ID { // those of a kind, which another test counts
	case "leaderboard":
		methods = "all that evict"
	case "every-method":
		methods = "dense and all with a budget"
	}
	selector := strings.Join(g.Selectors, ", ")
	if g.Seeds != nil {
		selector += fmt.Sprintf(", %d seeds", *g.Seeds)
	}
	var params []string
	for _, name := range slices.Sorted(maps.Keys(g.Params)) {
		params = append(params, name+" "+strings.Join(g.Params[name], ", "))
	}
	for name, values := range map[string][]string{"select_with": g.SelectWith, "compute_with": g.ComputeWith} {
		if len(values) > 0 {
			params = append(params, name+" "+strings.Join(values, ", "))
		}
	}
	slices.Sort(params)
	return []string{p.Name, p.About, strings.Join(g.Models, ", "), tasks, methods, selector, strings.Join(params, "; "), strconv.Itoa(g.Examples)}
}

// TestPresetsAreDocumented: the table of docs/experiments.md is what the presets ask for, all of
// it and nothing else.
func TestPresetsAreDocumented(t *testing.T) {
	documented := table(t, "../../docs/experiments.md", "| preset |")[1:]
	var want [][]string
	for _, p := range Presets(shipped) {
		want = append(want, row(p))
		if *p.Grid.Context != 1024 {
			t.Errorf("%s reads %d tokens, the document says 1,024 of all", p.ID, *p.Grid.Context)
		}
	}
	for i := range max(len(documented), len(want)) {
		var has, wants string
		if i < len(documented) {
			has = "| " + strings.Join(documented[i], " | ") + " |"
		}
		if i < len(want) {
			wants = "| " + strings.Join(want[i], " | ") + " |"
		}
		if has != wants {
			t.Errorf("row %d of the presets is\n%s\nwant\n%s", i+1, has, wants)
		}
	}
}

// TestPresetsRepeatResults: tables of docs/results.md that are said to be what a preset
// measures have its tasks, its methods under its budgets, of its models.
func TestPresetsRepeatResults(t *testing.T) {
	byID := map[string]Grid{}
	for _, p := range Presets(shipped) {
		byID[p.ID] = p.Grid
	}
	for id, begins := range map[string]string{"tables": "| method | budget | model | S-1 |", "random": "| method | model | S-1 |"} {
		g, rows := byID[id], table(t, "../../docs/results.md", begins)
		head := rows[0]
		at := slices.Index(head, "model")
		if got := head[at+1:][:len(g.Tasks)]; !slices.Equal(got, g.Tasks) {
			t.Errorf("%s: tasks %v, the preset has %v", id, got, g.Tasks)
		}
		var has, want []string
		for _, r := range rows[1:] {
			has = append(has, strings.Join(r[:at+1], " "))
		}
		for _, method := range g.Methods {
			m, ok := sparse.Method(method)
			if !ok {
				t.Fatal(method)
			}
			for _, budget := range g.Params["budget"] {
				for _, model := range g.Models {
					switch {
					case budget == "1": // has a table of its own
					case at == 2:
						want = append(want, strings.Join([]string{m.Name, budget, model}, " "))
					default:
						want = append(want, m.Name+" "+model)
					}
				}
			}
		}
		slices.Sort(has)
		slices.Sort(want)
		if has = slices.Compact(has); !slices.Equal(has, want) {
			t.Errorf("%s: the document has\n%s\nthe preset\n%s", id, strings.Join(has, "\n"), strings.Join(want, "\n"))
		}
	}
}
