package main

import (
	"encoding/json"
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
			Cell  struct{ Budget float64 }
			Error string
		}
	}
	if err := json.Unmarshal([]byte(stdout), &out); err != nil || status != 0 {
		t.Fatalf("status %d, %v in %q, %s", status, err, stdout, stderr)
	}
	if len(out.Rows) != 1 || out.Rows[0].Budget != 0.5 || len(out.Failed) != 1 || out.Failed[0].Cell.Budget != 0.0625 || !strings.Contains(out.Failed[0].Error, "observation window") {
		t.Errorf("%+v", out)
	}
	if !strings.Contains(stderr, "failed: ratplus, S-1, snapkv, budget 1/16") {
		t.Errorf("said %q", stderr)
	}
	status, stdout, stderr = runCommand(t, append(args, "1/16")...)
	if status != 2 || stdout != "" || !strings.Contains(stderr, "--budget") || !strings.Contains(stderr, "observation window") {
		t.Errorf("nothing computed: status %d, %q and %q", status, stdout, stderr)
	}
}
