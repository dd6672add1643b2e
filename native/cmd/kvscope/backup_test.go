package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kvscope/engine/experiment"
)

// TestEvalAndBackup: a swapped grid is computed once, its copy holds it, and asking
// the copy computes nothing.
func TestEvalAndBackup(t *testing.T) {
	dir, copied := t.TempDir(), t.TempDir()
	grid := []string{
		"eval", "--json", "--models", "ratplus", "--tasks", "S-1", "--methods", "quest", "--budgets", "1/4", "--examples", "1", "--context", "128",
		"--select-with", "memory,plain", "--compute-with", "memory,plain", "--data",
	}
	status, first, stderr := runCommand(t, append(grid, dir)...)
	var result experiment.Result
	if err := json.Unmarshal([]byte(first), &result); status != 0 || err != nil || len(result.Rows) != 4 {
		t.Fatalf("status %d, %v, %s%s", status, err, first, stderr)
	}
	if a, b := result.Rows[1], result.Rows[3]; a.SelectWith != "plain" || a.ComputeWith != "" || b.ComputeWith != "plain" {
		t.Errorf("%+v %+v", a, b)
	}
	status, stdout, stderr := runCommand(t, "backup", "--json", "--data", dir, "--out", filepath.Join(copied, storeFile))
	var said struct {
		Path  string
		Bytes int
	}
	if err := json.Unmarshal([]byte(stdout), &said); status != 0 || err != nil || said.Bytes == 0 {
		t.Fatalf("status %d, %v, %s%s", status, err, stdout, stderr)
	}
	if status, second, stderr := runCommand(t, append(grid, copied)...); status != 0 || second != first {
		// Seconds are those of the first time.
		t.Errorf("status %d, %s, not %s%s", status, second, first, stderr)
	}
	if status, _, stderr := runCommand(t, "backup", "--data", dir, "--out", filepath.Join(copied, storeFile)); status != 1 || !strings.Contains(stderr, "is there already") {
		t.Errorf("over a file: %d %q", status, stderr)
	}
	empty := filepath.Join(t.TempDir(), "none")
	if status, _, stderr := runCommand(t, "backup", "--data", empty, "--out", filepath.Join(copied, "x")); status != 2 || !strings.Contains(stderr, "--data") {
		t.Errorf("of nothing: %d %q", status, stderr)
	}
	if _, err := os.Stat(empty); err == nil {
		t.Error("a backup made the folder it was to copy")
	}
	if status, _, stderr := runCommand(t, "backup"); status != 2 || !strings.Contains(stderr, "--out") {
		t.Errorf("to nowhere: %d %q", status, stderr)
	}
}
