package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/train"
	"kvscope/engine/train/traintest"
)

// TestInfoAndConvert: a GGUF file is described, and written as safetensors that are
// described alike.
func TestInfoAndConvert(t *testing.T) {
	const gguf = "../../../engine/model/testdata/gguf/q4_k_m.gguf"
	out := filepath.Join(t.TempDir(), "m.safetensors")
	if status, stdout, stderr := runCommand(t, "convert", "--model", gguf, "--dtype", "bf16", "--out", out, "--json"); status != 0 || !strings.Contains(stdout, `"bytes":`) {
		t.Fatal(stdout, stderr)
	}
	var sizes []int
	for _, model := range []string{gguf, out} {
		status, stdout, stderr := runCommand(t, "info", "--model", model, "--json")
		if status != 0 {
			t.Fatal(stderr)
		}
		var d described
		if err := json.Unmarshal([]byte(stdout), &d); err != nil {
			t.Fatal(err)
		}
		if d.Arch != "llama" || d.Layers != 2 || d.Heads != 4 || d.KVHeads != 2 || d.HeadDim != 64 || d.Context != 256 || d.Vocab != 320 {
			t.Errorf("%s: %+v", model, d)
		}
		if d.CacheBytes != 4*2*2*128 || d.Tokenizer != "" {
			t.Errorf("%s: %d bytes a token, tokenizer %q", model, d.CacheBytes, d.Tokenizer)
		}
		sizes = append(sizes, d.Parameters)
	}
	if sizes[0] != sizes[1] {
		t.Errorf("%d parameters, then %d", sizes[0], sizes[1])
	}
	if status, stdout, _ := runCommand(t, "info", "--model", gguf); status != 0 || !strings.Contains(stdout, "GGUF with Q4_K, Q6_K, Q8_0") {
		t.Errorf("text: %q", stdout)
	}
	for _, args := range [][]string{{"info"}, {"info", "--model", "nobody"}, {"convert", "--model", gguf}, {"convert", "--model", gguf, "--out", out, "--dtype", "q4"}} {
		if status, _, stderr := runCommand(t, args...); status != 2 {
			t.Errorf("%q: status %d, %q", args, status, stderr)
		}
	}
}

// TestInfoChecks: weights are read where that is asked for, and one that is no number is named.
func TestInfoChecks(t *testing.T) {
	good, bad := filepath.Join(t.TempDir(), "good.safetensors"), filepath.Join(t.TempDir(), "bad.safetensors")
	cfg := traintest.Config(true)
	w := train.Initialise(cfg, 1)
	save := func(path string) {
		if err := checkpoint.Save(path, cfg.Metadata(), w.Tensors(cfg, "", checkpoint.NewF32)); err != nil {
			t.Fatal(err)
		}
	}
	save(good)
	w.Layers[1].Down.F32[5] = float32(math.NaN())
	save(bad)
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"--model", good}, 0, "not read, but norms and biases; --check reads them all"},
		{[]string{"--model", good, "--check"}, 0, "read, all of them finite numbers"},
		{[]string{"--model", good, "--check", "--json"}, 0, `"checked":true`},
		{[]string{"--model", bad, "--check"}, 2, "holds NaN at [0, 5], want finite numbers"},
	} {
		if status, stdout, stderr := runCommand(t, append([]string{"info"}, c.args...)...); status != c.status || !strings.Contains(stdout+stderr, c.want) {
			t.Errorf("%q: status %d, %q %q, want %d and %q", c.args, status, stdout, stderr, c.status, c.want)
		}
	}
}

// TestShortNames: models of the same name are told apart on the page.
func TestShortNames(t *testing.T) {
	e, err := demoEngine()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	const path = "../../../engine/model/testdata/qwen3"
	for _, want := range []string{"qwen3", "qwen3-2"} {
		name := shortName(e, path)
		if name != want {
			t.Errorf("%q, want %q", name, want)
		}
		if err := e.Open(name, path, ""); err != nil {
			t.Fatal(err)
		}
	}
	if name := shortName(e, "../../../engine/model/testdata/gguf/q5_k.gguf"); name != "q5_k" {
		t.Errorf("%q", name)
	}
	odd := filepath.Join(t.TempDir(), "a:b@7.v1.gguf")
	if err := os.WriteFile(odd, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if name := shortName(e, odd); name != "a_b_7.v1" {
		t.Errorf("%q, which an address would take apart", name)
	}
}
