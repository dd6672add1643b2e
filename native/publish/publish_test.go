package publish

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/experiment"
	"kvscope/engine/input"
	"kvscope/engine/sparse"
	"kvscope/viz/chart"
	"kvscope/web/api"
)

// cell is a measured cell of ten examples, half of them right.
func cell(model string, memory bool, method string, params sparse.Setting, first int) experiment.Measured {
	o := &experiment.Outcome{
		Kernels: "plain", Arch: model, Title: strings.ToUpper(model), Memory: memory, Layers: 1, Heads: 2, Block: 16, K: 4, Seconds: 1,
		Scores: []float64{1, 0, 1, 0, 1, 0, 1, 0, 1, 0}, Depths: make([]float64, 10), Hits: []int{10, 0},
	}
	return experiment.Measured{Cell: experiment.Cell{
		Model: model, ModelHash: model, Task: "MK-2", Method: method, Selector: "own", Params: params, Context: 256, First: first, Examples: 10,
	}, Outcome: o}
}

// swept are two models under a method with an axis that is neither budget nor block, and
// under one with other parameters.
func swept() []experiment.Measured {
	var out []experiment.Measured
	for _, m := range []struct {
		name   string
		memory bool
	}{{"plain", false}, {"keeps", true}} {
		out = append(out,
			cell(m.name, m.memory, "twilight", `{"budget":"1/4","top_p":0.5}`, 0), cell(m.name, m.memory, "twilight", `{"budget":"1/4","top_p":0.9}`, 0),
			cell(m.name, m.memory, "snapkv", `{"budget":"1/4"}`, 0))
	}
	return out
}

func paper(t *testing.T) chart.Paper {
	t.Helper()
	p, err := Paper("")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestChartsTellSetupsApart: rows that differ in any parameter are in pictures of their
// own, and a point names all that its examples are asked for by.
func TestChartsTellSetupsApart(t *testing.T) {
	var methods []string
	for _, c := range Charts(swept(), paper(t)) {
		if c.View != chart.Accuracy {
			continue
		}
		methods = append(methods, c.Method)
		if len(c.Series) < 2 || c.Series[0].Name != "PLAIN" || c.Series[0].Colour != "ink-3" || c.Series[1].Name != "KEEPS" || c.Series[1].Colour != "accent" {
			t.Errorf("%s: %+v", c.ID, c.Series)
		}
		ref := c.Series[0].Points[0].Ref
		want := map[string]string{"twilight, top p 0.5": "0.5", "twilight, top p 0.9": "0.9"}[c.Method]
		if ref.Params["top_p"] != want || ref.Params["budget"] != "1/4" {
			t.Errorf("%s: a point of %v", c.Method, ref.Params)
		}
	}
	if want := []string{"twilight, top p 0.5", "twilight, top p 0.9", "snapkv"}; !slices.Equal(methods, want) {
		t.Errorf("pictures of %q, want %q", methods, want)
	}
}

// TestTables: the parameters of the methods that were measured are columns, as the
// methods have them.
func TestTables(t *testing.T) {
	for _, name := range []string{"", "rows", "hits", "examples"} {
		write, err := TableNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := write(csv.NewWriter(&b), swept()); err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(&b).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		at := func(line int, column string) string { return lines[line][slices.Index(lines[0], column)] }
		last := len(lines) - 1
		if at(1, "top_p") != "0.5" || at(1, "window") != "" || at(last, "top_p") != "" || at(last, "window") != "32" || at(last, "budget") != "0.25" {
			t.Errorf("%q:\n%v\n%v", name, lines[0], lines[last])
		}
		head := slices.Clone(lines[0])
		slices.Sort(head)
		if len(slices.Compact(head)) != len(lines[0]) {
			t.Errorf("%q has a column twice: %v", name, lines[0])
		}
	}
	if _, err := TableNamed("none"); input.Field(err) != "table" {
		t.Errorf("%v", err)
	}
}

func TestReport(t *testing.T) {
	cells := swept()
	page, err := Report(Result{
		Experiment: api.Experiment{ID: "x", Name: "A sweep", State: api.Finished}, Progress: api.Progress{Cells: 7, Done: 6, Failed: 1}, Cells: cells,
		Failures: []api.Failure{{Cell: cells[0].Cell, Error: "out of memory", Tries: 3}},
	}, "9.9")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"A sweep", "kvscope 9.9", "6 of 7 cells are computed, 1 failed", "Hypothesis 1", "Twilight at budget 1/4, top p 0.5", "out of memory", "Twilight, top p 0.9"} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if _, err := Paper("9"); input.Field(err) != "paper" {
		t.Errorf("table 9: %v", err)
	}
}

func TestClaims(t *testing.T) {
	plain := claimed([]api.Finding{{Question: api.H1, Verdict: api.Supports, Text: "more"}, {Question: api.Accuracy, Verdict: api.TooFew, Text: "few"}})
	if len(plain) != 3 || len(plain[1].Findings) != 1 || plain[1].Findings[0].Text != "more" || len(plain[2].Findings) != 0 {
		t.Errorf("%+v", plain)
	}
	if swap := claimed([]api.Finding{{Question: api.SwapKeys, Text: "keys"}}); len(swap) != 4 || swap[3].Findings[0].Text != "keys" {
		t.Errorf("%+v", swap)
	}
}
