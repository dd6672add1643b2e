package main

import (
	"io/fs"
	"testing"

	"kvscope/assets"
	"kvscope/engine/checkpoint"
	"kvscope/engine/figures"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/native/simd"
)

// TestShippedIndexes: the indexes that ship are of the models that ship, and find at 1/8
// what Quest's bounds find.
func TestShippedIndexes(t *testing.T) {
	e, err := run.Open(assets.Models(), simd.Best())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, m := range e.Models() {
		data, err := fs.ReadFile(assets.Models(), run.IndexFolder+"/"+m.Name+".safetensors")
		if err != nil {
			t.Fatal(err)
		}
		f, err := checkpoint.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		if want, err := m.ContentHash(); err != nil || f.Metadata["base_hash"] != want {
			t.Errorf("the index of %s is of %q, the model is %q, %v", m.Name, f.Metadata["base_hash"], want, err)
		}
		var r trace.Run
		req := run.Request{Model: m.Name, Task: "S-2", Seed: 1, Config: sparse.Config{Method: "indexer", Values: sparse.Values{"budget": "1/8"}}}
		if err := e.Run(t.Context(), req, &r); err != nil {
			t.Fatal(err)
		}
		if got, ok := figures.ResultOf(&r); !ok || got.Score == nil || *got.Score != 1 {
			t.Errorf("%s answers %q", m.Name, got.Answer)
		}
	}
}
