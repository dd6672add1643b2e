package bench

import (
	"context"
	"errors"
	"strings"
	"testing"

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
