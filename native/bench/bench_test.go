package bench

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"kvscope/engine/input/inputtest"
	"kvscope/engine/ops"
)

// tiny measures everything in about a second; the figures mean nothing.
func tiny() Sizes {
	return Sizes{
		Rounds: 1, Bytes: 8 * 4 * piece, Square: []int{32}, HeadDim: 32, Heads: 4, Block: 16,
		Tokens: []int{8192, 1024}, Budgets: []int{16}, MethodTokens: 1024, MethodBudget: 8, Models: []Shape{{Name: "tiny", Layers: 1, Dim: 32, Heads: 2, Vocab: 50, Prompt: 20}},
	}
}

// TestRun holds that every group gives rows and that a baseline that is a row's
// name is one of them.
func TestRun(t *testing.T) {
	earlier := &Report{Rows: []Row{{Name: "matmul", Size: "32x32x32", Value: 7}}}
	calls := 0
	r, err := Run(t.Context(), Options{
		Kernels: ops.Reference(), Sizes: tiny(), Against: earlier, Progress: func(_, _ int) { calls++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Path != "go" || r.CPU == "" || calls != len(Groups())+1 {
		t.Errorf("path %q, cpu %q, %d calls of progress", r.Path, r.CPU, calls)
	}
	names := map[string]bool{}
	for _, row := range r.Rows {
		names[row.Name] = true
		difference := row.Name == "token/rest of the difference" // of measurements, so of any sign
		if row.Value <= 0 && !difference || row.Unit == "" || row.Size == "" || (row.Ratio > 0) != (row.Baseline != "") {
			t.Errorf("row %+v", row)
		}
		if (row.Earlier == 7) != (row.Name == "matmul") {
			t.Errorf("row %+v beside the earlier report", row)
		}
	}
	for _, g := range Groups() {
		found := false
		for name := range names {
			found = found || strings.HasPrefix(name, g)
		}
		if !found {
			t.Errorf("no row of group %s", g)
		}
	}
	for _, row := range r.Rows {
		if strings.Contains(row.Baseline, "/") && !names[row.Baseline] {
			t.Errorf("%s is held against %q, which is no row", row.Name, row.Baseline)
		}
	}
}

func TestRunOnly(t *testing.T) {
	r, err := Run(t.Context(), Options{Kernels: ops.Reference(), Sizes: tiny(), Only: "matmul"})
	if err != nil || len(r.Rows) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := Run(t.Context(), Options{Kernels: ops.Reference(), Sizes: tiny(), Only: "speed"}); err == nil || !strings.Contains(err.Error(), "decode") {
		t.Errorf("a group that does not exist: %v", err)
	}
}

func TestRunStops(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Run(ctx, Options{Kernels: ops.Reference(), Sizes: tiny()}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestBrokenReports breaks an earlier report. What is left of it says what each row is.
func TestBrokenReports(t *testing.T) {
	text, err := json.Marshal(Report{CPU: "a", Path: "go", Rows: []Row{
		{Name: "matmul", Size: "32x32x32", Value: 7, Unit: "GFLOP/s", Ratio: 2, Baseline: "go"},
		{Name: "token/attention", Size: "demo", Value: 240.5, Unit: "µs", Earlier: 250},
	}})
	if err != nil {
		t.Fatal(err)
	}
	inputtest.Broken(t, "report", text, 1<<20, 400, func(data []byte) error {
		r, err := ReadReport(data)
		if err == nil && len(r.Rows) != 2 {
			t.Errorf("%s has %d rows", data, len(r.Rows))
		}
		return err
	})
	for bad, want := range map[string]string{
		"{}":                             "none",
		`{"rows": [{"name": "matmul"}]}`: "row 0",
		`{"loss": 3}`:                    "loss",
		`{"rows": 3}`:                    "rows",
		string(text) + "[]":              "follows",
		strings.Replace(string(text), `"token/attention","size":"demo"`, `"matmul","size":"32x32x32"`, 1): "twice",
	} {
		if _, err := ReadReport([]byte(bad)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", bad, err, want)
		}
	}
}
