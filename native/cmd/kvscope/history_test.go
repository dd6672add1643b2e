package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestSnapshots: a needle that the first steps cannot find, the last can, and what
// was not kept is said with what was.
func TestSnapshots(t *testing.T) {
	accuracy := func(model string) float64 {
		t.Helper()
		status, stdout, stderr := runCommand(t, "eval", "--models", model, "--tasks", "S-2", "--examples", "10", "--context", "256", "--json")
		if status != 0 {
			t.Fatalf("%s: status %d: %s", model, status, stderr)
		}
		var got struct{ Rows []struct{ Accuracy float64 } }
		if err := json.Unmarshal([]byte(stdout), &got); err != nil || len(got.Rows) != 1 {
			t.Fatalf("%s: %s (%v)", model, stdout, err)
		}
		return got.Rows[0].Accuracy
	}
	for _, model := range []string{"attention", "ratplus"} {
		if early := accuracy(model + "@50"); early > 0.2 {
			t.Errorf("%s answers %.0f%% after 50 steps, want next to nothing", model, 100*early)
		}
		if late := accuracy(model + "@14714"); late < 0.9 {
			t.Errorf("%s answers %.0f%% at the end, want 90%%", model, 100*late)
		}
	}
	for _, tc := range []struct{ model, want string }{
		{"attention@51", "50, 101, "},
		{"nobody@50", "no training history"},
		{"attention@soon", "--model"},
	} {
		status, _, stderr := runCommand(t, "ask", "--model", tc.model)
		if status != 2 || !strings.Contains(stderr, tc.want) {
			t.Errorf("%s: status %d, %q, want %q in it", tc.model, status, stderr, tc.want)
		}
	}
}
