package run

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
	"kvscope/engine/tokenizer"
	"kvscope/engine/trace"
)

// closer is a sink that closes the engine once the run has begun.
type closer struct {
	trace.Run
	engine *Engine
}

func (c *closer) Emit(e trace.Event) error {
	if _, first := e.(*trace.Header); first {
		if err := c.engine.Close(); err != nil {
			return err
		}
	}
	return c.Run.Emit(e)
}

// TestCloseWaitsForRuns: a model that is closed while it runs is read to the run's end, and
// its file is released then. What is asked for later is refused.
func TestCloseWaitsForRuns(t *testing.T) {
	tok := tokenizer.NewDemo()
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := os.WriteFile(path, freshFile(t, model.RATPlus, tok.Size(), tok.Fingerprint()), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	e := NewEngine(ops.Reference())
	if err := e.Add("m", "", f, nil); err != nil {
		t.Fatal(err)
	}
	req := Request{Model: "m", Task: "MK-1", Seed: 3, MaxNew: new(2), Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/4", "block": "8"}}}
	want := record(t, e, req)
	got := closer{engine: e}
	if err := e.Run(context.Background(), req, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Selections, want.Selections) {
		t.Error("a run picks otherwise once its engine is closed")
	}
	if len(f.Names()) > 0 {
		t.Error("the file is open after the last run")
	}
	if err := e.Run(context.Background(), req, &trace.Run{}); !says(err, "none is open") {
		t.Errorf("a run after Close: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}
