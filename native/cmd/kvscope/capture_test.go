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

// TestAskReadsAsSelectDoes: a file of queries and keys as --model takes --layout, --scale and
// --mask, and questions back where select has them.
func TestAskReadsAsSelectDoes(t *testing.T) {
	bshd, padded := filepath.Join(dumps, "bshd_mha.npz"), filepath.Join(dumps, "nan_left_padding.safetensors")
	for _, c := range []struct {
		args []string
		want []string // in what is printed, of a failure in one line
		code int
	}{
		{[]string{"--model", bshd, "--layout", "[batch, seq, head, head_dim]"}, []string{"heads 8, key-value heads 8, queries 40, keys 40, channels 8; read as [batch, seq, head, head_dim], scale 0.35355338", "heads     8:"}, 0},
		{[]string{"--model", bshd, "--layout", "bshd", "--scale", "0.5"}, []string{"scale 0.5"}, 0},
		{[]string{"--model", bshd}, []string{"40 heads of 8 positions", "--layout"}, 1},
		{[]string{"--model", bshd, "--layout", "bxhd"}, []string{`"bxhd", want head, seq and head_dim`}, 2},
		{[]string{"--model", padded, "--mask", "3"}, []string{"beside padding of 3 at the beginning"}, 0},
		{[]string{"--model", filepath.Join(dumps, "settings_as_numbers.npz")}, []string{"what it says of a method is not used: "}, 0},
		{[]string{"--model", padded}, []string{"head 0, position 0 is NaN", "--mask"}, 1},
		{[]string{"--model", padded, "--mask", "none"}, []string{"mask: "}, 2},
		{[]string{"--model", "ratplus", "--mask", "3"}, []string{"--mask: ratplus holds no queries and keys"}, 2},
	} {
		code, out, errs := runCommand(t, append([]string{"ask", "--method", "quest", "--block", "8", "--budget", "1/2"}, c.args...)...)
		if code != c.code || code != 0 && strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: status %d\n%s%s", c.args, code, out, errs)
		}
		for _, part := range c.want {
			if !strings.Contains(out+errs, part) {
				t.Errorf("%v: no %q in\n%s%s", c.args, part, out, errs)
			}
		}
	}
}
