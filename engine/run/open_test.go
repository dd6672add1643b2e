package run

import (
	"os"
	"reflect"
	"testing"
	"testing/fstest"

	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
	"kvscope/engine/tokenizer"
)

// TestOpenNeedsNoSystem: the models of a folder that is in memory run as those that are
// loaded one by one, and are told apart from others by their weights.
func TestOpenNeedsNoSystem(t *testing.T) {
	tok := tokenizer.NewDemo()
	a, m := freshFile(t, model.Attention, tok.Size(), tok.Fingerprint()), freshFile(t, model.RATPlus, tok.Size(), tok.Fingerprint())
	e, err := Open(fstest.MapFS{
		"m.safetensors": {Data: m}, "a.safetensors": {Data: a}, "README.md": {Data: []byte("#")}, "sub/c.safetensors": {Data: a},
	}, ops.Reference())
	if err != nil {
		t.Fatal(err)
	}
	infos := e.Models()
	if len(infos) != 2 || infos[0].Name != "a" || infos[1].Name != "m" || infos[0].Hash == infos[1].Hash || infos[0].Note != "fresh" {
		t.Fatalf("%+v", infos)
	}
	req := Request{Task: "MK-1", Seed: 3, MaxNew: new(2), Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/4", "block": "8"}}}
	alone := NewEngine(ops.Reference())
	if err := alone.AddFile("m", m); err != nil {
		t.Fatal(err)
	}
	if got, want := record(t, e, req), record(t, alone, req); !reflect.DeepEqual(got.Selections, want.Selections) {
		t.Error("the same model of a folder and by itself picks differently")
	}
	if _, err := Open(fstest.MapFS{"a.safetensors": {Data: a[:100]}}, ops.Reference()); !says(err, "model a: ") {
		t.Errorf("a file that is cut: %v", err)
	}
}

// TestGGUFWithoutItsTokenizer loads, and says why it reads no text.
func TestGGUFWithoutItsTokenizer(t *testing.T) {
	data, err := os.ReadFile("../model/testdata/gguf/legacy.gguf")
	if err != nil {
		t.Fatal(err)
	}
	e := NewEngine(ops.Reference())
	if err := e.AddFile("small", data); err != nil {
		t.Fatal(err)
	}
	if note := e.Models()[0].Note; note == "" {
		t.Error("no note")
	}
	if _, err := e.Tokenizer("small"); !says(err, "has no tokenizer") {
		t.Errorf("its tokenizer: %v", err)
	}
}
