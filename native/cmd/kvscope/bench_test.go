package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBench measures the cheapest group, plainly and against what it printed.
func TestBench(t *testing.T) {
	status, stdout, stderr := runCommand(t, "bench", "--only", "matmul", "--json")
	if status != 0 || stderr != "" {
		t.Fatalf("%d %s", status, stderr)
	}
	var r struct {
		Rows []map[string]any `json:"rows"`
		CPU  string           `json:"cpu"`
		Path string           `json:"path"`
	}
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Rows) == 0 || r.CPU == "" || r.Path == "" {
		t.Fatalf("printed %s", stdout)
	}
	for _, key := range []string{"name", "size", "value", "unit", "ratio", "baseline"} {
		if r.Rows[0][key] == nil {
			t.Errorf("no %s in %v", key, r.Rows[0])
		}
	}
	before := filepath.Join(t.TempDir(), "before.json")
	if err := os.WriteFile(before, []byte(strings.Replace(stdout, `"unit"`, `"value":12345,"unit"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr = runCommand(t, "bench", "--only", "matmul", "--against", before)
	if status != 0 || !strings.Contains(stdout, "1.234e+04") {
		t.Errorf("%d %s %s", status, stdout, stderr)
	}
}

func TestBenchWrongUsage(t *testing.T) {
	for _, args := range [][]string{
		{"bench", "--only", "speed"},
		{"bench", "--kernels", "mmx"},
		{"bench", "--against", "no such file"},
		{"bench", "--against", "bench.go"},
	} {
		status, stdout, stderr := runCommand(t, args...)
		if status != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, args[1]) {
			t.Errorf("%v: status %d, printed %q and %q", args, status, stdout, stderr)
		}
	}
}
