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
		steps := keptSteps(t, model)
		if early := accuracy(model + "@" + steps[0]); early > 0.2 {
			t.Errorf("%s answers %.0f%% after %s steps, want next to nothing", model, 100*early, steps[0])
		}
		if late := accuracy(model + "@" + steps[len(steps)-1]); late < 0.9 {
			t.Errorf("%s answers %.0f%% at the end, want 90%%", model, 100*late)
		}
	}
	e, err := demoEngine()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := openServed(e, "ratplus@"+keptSteps(t, "ratplus")[0], ""); err != nil || len(e.Models()) != 3 {
		t.Errorf("a step is no model to serve: %d models, %v", len(e.Models()), err)
	}
	for _, tc := range []struct{ model, want string }{
		{"nobody@50", "no training history"},
		{"attention@soon", "--model"},
	} {
		status, _, stderr := runCommand(t, "ask", "--model", tc.model)
		if status != 2 || !strings.Contains(stderr, tc.want) {
			t.Errorf("%s: status %d, %q, want %q in it", tc.model, status, stderr, tc.want)
		}
	}
}

// keptSteps asks model for a step before the first and takes those that were kept
// from the answer.
func keptSteps(t *testing.T, model string) []string {
	t.Helper()
	status, _, stderr := runCommand(t, "ask", "--model", model+"@1")
	_, list, ok := strings.Cut(stderr, "was kept at the steps ")
	list, _, closed := strings.Cut(list, ", not at 1")
	steps := strings.Split(list, ", ")
	if status != 2 || !ok || !closed || len(steps) < 10 {
		t.Fatalf("%s@1: status %d, %q, want ten steps or more that were kept", model, status, stderr)
	}
	return steps
}
