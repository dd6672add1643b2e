package run

import (
	"strings"
	"testing"
	"testing/fstest"

	"kvscope/engine/input"
	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
	"kvscope/engine/tokenizer"
)

// TestIndexLiesBesideItsModel: a model takes the index that is shipped under its name; one
// without says what is missing, and one of another shape is refused.
func TestIndexLiesBesideItsModel(t *testing.T) {
	tok := tokenizer.NewDemo()
	file := freshFile(t, model.RATPlus, tok.Size(), tok.Fingerprint())
	fitting := freshIndex(t, ModelInfo{Layers: 2, Heads: 2, HeadDim: 16})
	req := Request{Model: "m", Task: "S-1", Config: sparse.Config{Method: "indexer", Values: sparse.Values{"budget": "1/4", "block": "8"}}, MaxNew: new(1)}
	open := func(files fstest.MapFS) (*Engine, error) {
		files["a.safetensors"], files["m.safetensors"] = &fstest.MapFile{Data: file}, &fstest.MapFile{Data: file}
		return Open(files, ops.Reference())
	}
	e, err := open(fstest.MapFS{IndexFolder + "/m.safetensors": {Data: fitting}})
	if err != nil {
		t.Fatal(err)
	}
	if r := record(t, e, req); r.Done == nil || len(r.Selection(0, 1, 1).Scores) == 0 {
		t.Errorf("an indexer left %+v", r.Done)
	}
	req.Model = "a"
	if err := e.Check(req); input.Field(err) != "method" || !strings.Contains(err.Error(), "kvscope train") {
		t.Errorf("a model without an index: %v", err)
	}
	if _, err := open(fstest.MapFS{IndexFolder + "/m.safetensors": {Data: freshIndex(t, ModelInfo{Layers: 3, Heads: 2, HeadDim: 16})}}); err == nil || !strings.Contains(err.Error(), "index of m: it is for 3 layers") {
		t.Errorf("an index of another shape: %v", err)
	}
	if _, err := open(fstest.MapFS{IndexFolder + "/m.safetensors": {Data: file}}); input.Field(err) != "index.key" {
		t.Errorf("a model as an index: %v", err)
	}
}
