package publish

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"kvscope/engine/experiment"
	"kvscope/native/summary"
	"kvscope/viz/chart"
	"kvscope/web/api"
)

// FuzzOutcomes sums and draws two outcomes of one combination as workers may send them. What
// passes the check can be shown in every form there is.
func FuzzOutcomes(f *testing.F) {
	good := `{"kernels": "k", "arch": "ratplus", "layers": 1, "heads": 2, "block": 16, "k": 4, "scores": [1, 0], "depths": [0.5, 0.1], "hits": [2, 0], "kv_read_fraction": 0.25, "seconds": 1}`
	f.Add([]byte(good), []byte(strings.Replace(good, "[1, 0]", "[0, 0]", 1)), uint8(2))
	f.Add([]byte(good), []byte(`{"layers": 1, "heads": 0}`), uint8(2))
	f.Add([]byte(strings.Replace(good, "0.25", "1e308", 1)), []byte(`{"scores": [1e-320, 1]}`), uint8(2))
	f.Fuzz(func(t *testing.T, one, other []byte, examples uint8) {
		var cells []experiment.Measured
		for i, text := range [][]byte{one, other} {
			var o experiment.Outcome
			if json.Unmarshal(text, &o) != nil || o.Check(int(examples)) != nil {
				return
			}
			name := []string{"attention", "ratplus"}[i]
			for first := range 2 {
				cells = append(cells, experiment.Measured{Outcome: &o, Cell: experiment.Cell{
					Model: name, ModelHash: name, Task: "S-1", Method: "quest", Selector: "own", Params: `{"budget":"1/4"}`, Context: 256, First: 10 * first, Examples: int(examples), Version: "1",
				}})
			}
		}
		result := summary.Sum(cells)
		list, cell := summary.Examples(cells, result.Rows[0])
		for _, v := range []any{result, list, cell, summary.Findings(cells), summary.Depths(cells, 5), Charts(cells, chart.Paper{})} {
			if _, err := json.Marshal(v); err != nil {
				t.Fatal(err)
			}
		}
		for _, write := range []Table{rowsCSV, hitsCSV, examplesCSV} {
			if err := write(csv.NewWriter(io.Discard), cells); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Report(Result{Experiment: api.Experiment{Name: "<x>"}, Progress: api.Progress{Cells: 4, Done: 4}, Cells: cells}, "1"); err != nil {
			t.Fatal(err)
		}
	})
}
