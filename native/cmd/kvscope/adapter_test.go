package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"kvscope/engine/checkpoint"
	"kvscope/engine/model"
	"kvscope/engine/run"
	"kvscope/native/simd"
)

const tinyLlama = "../../../engine/model/testdata/llama_gqa_tied"

// saveAdapter writes an adapter over tinyLlama with gates, a delta of rank 1 in its
// first layer, and returns its path.
func saveAdapter(t *testing.T) string {
	t.Helper()
	m, err := model.Open(tinyLlama, simd.Best())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c := m.Config()
	a := &model.Adapter{Base: "llama_gqa_tied", Rank: 1, Layers: make([]model.AdapterLayer, c.Layers)}
	for i := range a.Layers {
		a.Layers[i].Gate = model.Matrix{Rows: c.KVDim(), Cols: c.Dim, F32: make([]float32, c.KVDim()*c.Dim)}
		a.Layers[i].GateBias = make([]float32, c.KVDim())
	}
	d := model.NewLowRank(c.QueryDim(), c.Dim, 1)
	d.A.F32[0], d.B.F32[1] = 1, 2
	a.Layers[0].Query = d
	path := filepath.Join(t.TempDir(), "memory.safetensors")
	if err := a.Save(path, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

// dumpedTensors opens the file that dump writes with these arguments.
func dumpedTensors(t *testing.T, args ...string) *checkpoint.File {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.safetensors")
	args = append([]string{"dump", "--ids", "1,2,3,4", "--out", out}, args...)
	if status, _, stderr := runCommand(t, args...); status != 0 {
		t.Fatalf("%v: status %d: %s", args, status, stderr)
	}
	f, err := checkpoint.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestAdapterFlag: an adapter is laid over a model by flag and by name alike, and
// changes what it computes.
func TestAdapterFlag(t *testing.T) {
	adapter := saveAdapter(t)
	logits := func(f *checkpoint.File) []float32 {
		x, err := f.Float32("logits")
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	bare := logits(dumpedTensors(t, "--model", tinyLlama))
	flagged := dumpedTensors(t, "--model", tinyLlama, "--adapter", adapter)
	named := dumpedTensors(t, "--model", tinyLlama+"+"+adapter)
	if slices.Equal(logits(flagged), bare) || !slices.Equal(logits(flagged), logits(named)) {
		t.Error("the adapter changes nothing, or another thing by flag than by name")
	}
	if flagged.Metadata["arch"] != "llama-memory" {
		t.Errorf("the model is called %q", flagged.Metadata["arch"])
	}
	for _, name := range []string{"nowhere", "/nowhere/adapter.safetensors"} {
		status, _, stderr := runCommand(t, "dump", "--ids", "1", "--out", "x", "--model", tinyLlama, "--adapter", name)
		if status != 2 || !strings.Contains(stderr, "--adapter: no file \""+name) {
			t.Errorf("adapter %s: status %d, %q", name, status, stderr)
		}
	}
}

// TestAdapterNames: a model under an adapter is called by both.
func TestAdapterNames(t *testing.T) {
	e, adapter := run.NewEngine(simd.Best()), saveAdapter(t)
	for _, want := range []string{"llama_gqa_tied+memory", "llama_gqa_tied+memory-2"} {
		if err := openServed(e, tinyLlama+"+"+adapter, ""); err != nil {
			t.Fatal(err)
		}
		if models := e.Models(); models[len(models)-1].Name != want || !models[len(models)-1].Memory {
			t.Errorf("called %+v, want %s with a memory", models[len(models)-1], want)
		}
	}
	if got := shortName(e, "models/base.gguf+control"); got != "base.gguf+control" {
		t.Errorf("what is not there is called %s", got)
	}
}

// TestShippedAdapters: those that ship are known by their names.
func TestShippedAdapters(t *testing.T) {
	data, err := os.ReadFile(saveAdapter(t))
	if err != nil {
		t.Fatal(err)
	}
	shipped := fstest.MapFS{"adapters/memory.safetensors": {Data: data}, "adapters/control.safetensors": {Data: data}}
	a, err := findAdapter(shipped, "memory")
	if err != nil || a.Base != "llama_gqa_tied" || !a.Gated() {
		t.Fatalf("%+v: %v", a, err)
	}
	if _, err := findAdapter(shipped, "other"); err == nil || !strings.Contains(err.Error(), "control, memory") {
		t.Errorf("another: %v", err)
	}
}

// TestTrainAdapterErrors: what a config of an adapter names has to be there and to fit.
func TestTrainAdapterErrors(t *testing.T) {
	dir := t.TempDir()
	prose := filepath.Join(dir, "prose.txt.gz")
	if err := os.WriteFile(prose, []byte("not packed"), 0o600); err != nil {
		t.Fatal(err)
	}
	const stage = "\nrank = 2\ngates = none\n[stage]\ncontext = 64\nbatch = 64\ntokens = 64\nlr = 0.001\nmix = prose 1\n"
	for _, tc := range []struct{ config, want string }{
		{"base = nowhere.gguf\nprose = p.txt", "base: no file or folder \"nowhere.gguf\""},
		{"base = " + tinyLlama + "\nprose = p.txt", "tokenizer"},
		{"base = " + tinyLlama, "prose: missing"},
	} {
		path := filepath.Join(dir, "run.conf")
		if err := os.WriteFile(path, []byte(tc.config+stage), 0o600); err != nil {
			t.Fatal(err)
		}
		status, _, stderr := runCommand(t, "train", "--config", path, "--out", dir)
		if status == 0 || !strings.Contains(stderr, tc.want) {
			t.Errorf("%q: status %d, %q, want %q in it", tc.config, status, stderr, tc.want)
		}
	}
	for _, path := range []string{prose, filepath.Join(dir, "none.txt")} {
		if _, err := readProse(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
