package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"kvscope/engine/figures"
)

// What find lists is what ask answers: every model is right with everything read, and
// under Quest at 1/8 those that are listed as wrong are. Seed 3 is one of them.
func TestFindListsWhatAskAnswers(t *testing.T) {
	answer := func(args ...string) []byte {
		t.Helper()
		status, stdout, stderr := runCommand(t, append(args, "--json")...)
		if status != 0 {
			t.Fatalf("%v: status %d, %s", args, status, stderr)
		}
		return []byte(stdout)
	}
	var out struct{ Rows []found }
	if err := json.Unmarshal(answer("find", "--task", "MK-2", "--method", "quest", "--budget", "1/8", "--seed", "3", "--seeds", "2"), &out); err != nil {
		t.Fatal(err)
	}
	if len(out.Rows) == 0 || out.Rows[0].Seed != 3 {
		t.Fatalf("found %+v, want seed 3", out.Rows)
	}
	right := func(model string, seed uint64, method ...string) bool {
		var r figures.Result
		args := append([]string{"ask", "--task", "MK-2", "--seed", strconv.FormatUint(seed, 10), "--model", model}, method...)
		if err := json.Unmarshal(answer(args...), &r); err != nil || r.Score == nil {
			t.Fatalf("%v: no score: %v", args, err)
		}
		return *r.Score == 1
	}
	for _, row := range out.Rows {
		kept := map[string]bool{}
		for _, model := range row.Right {
			kept[model] = true
		}
		for _, model := range append(row.Right, row.Wrong...) {
			if !right(model, row.Seed, "--method", "dense") {
				t.Errorf("seed %d: %s is wrong with everything read", row.Seed, model)
			}
			if got := right(model, row.Seed, "--method", "quest", "--budget", "1/8"); got != kept[model] {
				t.Errorf("seed %d: %s is right %v under Quest, find says %v", row.Seed, model, got, kept[model])
			}
		}
	}
}

func TestFindRefuses(t *testing.T) {
	for field, args := range map[string][]string{
		"--model:":  {"--model", "attention"},
		"--text:":   {"--text", "notes.txt"},
		"--seeds:":  {"--seeds", "0"},
		"--budget:": {"--method", "quest", "--budget", "2"},
	} {
		status, _, stderr := runCommand(t, append([]string{"find"}, args...)...)
		if status != 2 || !strings.Contains(stderr, field) {
			t.Errorf("%v: status %d, %q, want 2 and %s", args, status, stderr, field)
		}
	}
}
