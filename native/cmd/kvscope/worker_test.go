package main

import (
	"path/filepath"
	"testing"

	"kvscope/engine/experiment"
	"kvscope/engine/sparse"
	"kvscope/engine/sparse/apply"
)

// TestWorkerHasServedModel: a worker given the file of a model computes cells of a server that
// was given the same, though the page names it shorter.
func TestWorkerHasServedModel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "eight.safetensors")
	if status, _, stderr := runCommand(t, "quantize", "--model", "attention", "--form", "int8", "--out", path); status != 0 {
		t.Fatal(stderr)
	}
	served, err := demoEngine()
	if err != nil {
		t.Fatal(err)
	}
	defer served.Close()
	if err := openAll(served, []string{path}, "", &apply.Options{}); err != nil {
		t.Fatal(err)
	}
	context := 128
	grid := experiment.Grid{Models: []string{"eight"}, Tasks: []string{"S-1"}, Methods: []string{"quest"}, Params: sparse.Sweep{"budget": {"1/4"}}, Examples: 1, Context: &context}
	cells, err := grid.Cells(served.Models(), release)
	if err != nil {
		t.Fatal(err)
	}
	working, err := engineWithAll("models", []string{path}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer working.Close()
	o, err := experiment.Measure(t.Context(), working, cells[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Validate(cells[0], served.Models()); err != nil {
		t.Error(err)
	}
}
