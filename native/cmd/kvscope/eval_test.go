package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// TestEvalGoesOn: a cell that cannot be computed is reported, and the others are
// measured; where none can be, the command fails with the flag.
func TestEvalGoesOn(t *testing.T) {
	args := []string{"eval", "--models", "ratplus", "--tasks", "S-1", "--methods", "snapkv", "--examples", "1", "--context", "256", "--json", "--budgets"}
	status, stdout, stderr := runCommand(t, append(args, "1/2,1/16")...)
	var out struct {
		Rows   []struct{ Budget float64 }
		Failed []struct {
			Cell  struct{ Params map[string]any }
			Error string
		}
	}
	if err := json.Unmarshal([]byte(stdout), &out); err != nil || status != 0 {
		t.Fatalf("status %d, %v in %q, %s", status, err, stdout, stderr)
	}
	if len(out.Rows) != 1 || out.Rows[0].Budget != 0.5 || len(out.Failed) != 1 || out.Failed[0].Cell.Params["budget"] != "1/16" || !strings.Contains(out.Failed[0].Error, "observation window") {
		t.Errorf("%+v", out)
	}
	if !strings.Contains(stderr, "failed: ratplus, S-1, SnapKV at budget 1/16") {
		t.Errorf("said %q", stderr)
	}
	status, stdout, stderr = runCommand(t, append(args, "1/16")...)
	if status != 2 || stdout != "" || !strings.Contains(stderr, "--budget") || !strings.Contains(stderr, "observation window") {
		t.Errorf("nothing computed: status %d, %q and %q", status, stdout, stderr)
	}
}

// TestEvalSweeps: any parameter of a method is an axis, and what no method of the grid
// has is said.
func TestEvalSweeps(t *testing.T) {
	status, stdout, stderr := runCommand(t, "eval", "--models", "ratplus", "--tasks", "S-1", "--methods", "twilight,dense", "--examples", "1", "--context", "256", "--json",
		"--budget", "1/2", "--top-p", "0.5,0.9", "--window", "8")
	var out struct {
		Rows []struct {
			Method string
			Params map[string]any
		}
	}
	if err := json.Unmarshal([]byte(stdout), &out); err != nil || status != 0 || len(out.Rows) != 3 {
		t.Fatalf("status %d, %v in %q, %s", status, err, stdout, stderr)
	}
	if out.Rows[0].Params["top_p"] != 0.5 || out.Rows[1].Params["top_p"] != 0.9 || out.Rows[1].Params["budget"] != "1/2" || out.Rows[2].Params["top_p"] != nil {
		t.Errorf("%+v", out.Rows)
	}
	_, _, said := runCommand(t, "eval", "--models", "attention", "--tasks", "S-1", "--methods", "quest", "--budgets", "1/4", "--k", "2", "--select-with", "plain", "--examples", "1", "--context", "120")
	for _, want := range []string{"ignored: budget, which k says too\n", "ignored: select_with, of which a model without a memory"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said: %s", want, said)
		}
	}
	if !strings.Contains(stderr, "ignored: window") {
		t.Errorf("of the window was said %q", stderr)
	}
	if status, _, stderr := runCommand(t, "eval", "--methods", "twilight", "--top-p", "0.5,2"); status != 2 || !strings.Contains(stderr, "--top-p: 2, want a number above 0 and at most 1") {
		t.Errorf("status %d, %q", status, stderr)
	}
}

// TestEvalDifferences: models are compared over the same examples, in text as in JSON.
func TestEvalDifferences(t *testing.T) {
	args := []string{"eval", "--models", "attention,ratplus", "--tasks", "S-1,MK-1", "--methods", "dense", "--examples", "1", "--context", "160"}
	status, stdout, stderr := runCommand(t, args...)
	if status != 0 || !regexp.MustCompile(`\nratplus +attention +dense .* -100.0 to \+100.0 +2 +2\n`).MatchString(stdout) {
		t.Errorf("status %d, %q, %s", status, stdout, stderr)
	}
	_, stdout, _ = runCommand(t, append(args, "--json")...)
	var out struct {
		Differences []struct {
			Model, Less     string
			Tasks, Examples int
		}
	}
	if err := json.Unmarshal([]byte(stdout), &out); err != nil || len(out.Differences) != 1 || out.Differences[0].Less != "attention" || out.Differences[0].Examples != 2 {
		t.Errorf("%+v, %v in %q", out, err, stdout)
	}
	if _, stdout, _ := runCommand(t, "eval", "--models", "ratplus", "--tasks", "S-1", "--methods", "dense", "--examples", "1", "--context", "160"); strings.Contains(stdout, "difference") {
		t.Errorf("one model differs: %q", stdout)
	}
}
