package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestAskCapture replays what dump wrote, as it is and as a trace.
func TestAskCapture(t *testing.T) {
	folder := t.TempDir()
	dumped, traced := filepath.Join(folder, "qk.safetensors"), filepath.Join(folder, "run.safetensors")
	ids := strings.TrimSuffix(strings.Repeat("1,2,3,4,5,6,7,8,", 8), ",")
	if code, out, errs := runCommand(t, "dump", "--model", "attention", "--ids", ids, "--out", dumped); code != 0 {
		t.Fatalf("dump: %s%s", out, errs)
	}
	code, out, errs := runCommand(t, "ask", "--model", dumped, "--method", "quest", "--k", "1", "--max-new", "3")
	if code != 0 || !strings.Contains(out, "recall") || strings.Contains(out, "answer") {
		t.Errorf("ask: status %d\n%s%s", code, out, errs)
	}
	code, out, errs = runCommand(t, "trace", "--model", dumped, "--method", "quest", "--k", "1", "--max-new", "3", "--out", traced)
	if code != 0 || !strings.Contains(out, "quest, 62 tokens, 0 steps") {
		t.Errorf("trace: status %d\n%s%s", code, out, errs)
	}
	if code, out, errs = runCommand(t, "ask", "--model", dumped, "--task", "MK-1"); code == 0 || !strings.Contains(errs, "--task") {
		t.Errorf("a task on a capture: status %d\n%s%s", code, out, errs)
	}
}
