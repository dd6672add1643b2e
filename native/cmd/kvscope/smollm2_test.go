package main

import (
	"encoding/json"
	"strings"
	"testing"

	"kvscope/engine/figures"
	"kvscope/engine/input"
	"kvscope/engine/model/modeltest"
	"kvscope/engine/run"
	"kvscope/native/simd"
)

// TestSmolLM2LosesANeedle: a model that people use finds a needle in a book while Quest
// reads a quarter of its cache, and loses it at an eighth.
func TestSmolLM2LosesANeedle(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a prompt of 1,024 tokens through 135 million weights three times; run without -short")
	}
	path := modeltest.SmolLM2(t)
	for _, c := range []struct {
		budget string
		score  float64
	}{{"1", 1}, {"1/4", 1}, {"1/8", 0}} {
		status, stdout, stderr := runCommand(t, "ask", "--model", path, "--task", "S-2", "--seed", "1", "--context", "1024",
			"--method", "quest", "--budget", c.budget, "--json")
		if status != 0 {
			t.Fatalf("status %d: %s", status, stderr)
		}
		var r figures.Result
		if err := json.Unmarshal([]byte(stdout), &r); err != nil {
			t.Fatal(err)
		}
		if r.Score == nil || *r.Score != c.score || len(r.Heads) != 270 {
			t.Errorf("budget %s: answers %q, expected %q, score %v, %d heads", c.budget, r.Answer, r.Expected, r.Score, len(r.Heads))
		}
	}
}

// TestTokenizerFlag: a folder without a tokenizer reads text with the one that is given,
// and a model that ships takes none.
func TestTokenizerFlag(t *testing.T) {
	status, _, stderr := runCommand(t, "ask", "--model", "ratplus", "--tokenizer", "x.json", "--prompt", "x")
	if status != 2 || !strings.Contains(stderr, "ratplus has its own") {
		t.Errorf("status %d: %s", status, stderr)
	}
	status, _, stderr = runCommand(t, "ask", "--model", tinyLlama, "--prompt", "x")
	if status != 2 || !strings.Contains(stderr, "has no tokenizer") {
		t.Errorf("without: status %d: %s", status, stderr)
	}
	status, _, stderr = runCommand(t, "ask", "--model", tinyLlama, "--tokenizer", "missing.json", "--prompt", "x")
	if status != 2 || !strings.Contains(stderr, "--tokenizer: stat missing.json") {
		t.Errorf("a missing one: status %d: %s", status, stderr)
	}
	// The page has no flags.
	for path, field := range map[string]string{tinyLlama: "tokenizer", "nowhere": "model"} {
		if err := openServed(run.NewEngine(simd.Best()), path, "missing.json"); input.Field(err) != field || !strings.HasPrefix(err.Error(), field+": ") {
			t.Errorf("%s: %v, want %s to be blamed", path, err, field)
		}
	}
}
