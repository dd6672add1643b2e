package state

import (
	"testing"

	"kvscope/engine/run"
)

// TestCaptured: queries and keys are a model that takes no prompt, beside models that do.
func TestCaptured(t *testing.T) {
	d := ready(t)
	d.do(Set{Field: "source", Value: "text"}).do(Set{Field: "method", Value: "moba"})
	own := run.ModelInfo{Name: "own", Arch: run.ArchCapture, Context: 64}
	d.do(Captured{Side: 1, Info: own})
	if len(d.starts()) != 0 || d.s.Problems["text"] == "" {
		t.Errorf("the other column runs without a text: %v", d.s.Problems)
	}
	for range 2 { // opened again it is still one model
		d.do(Set{Field: "source", Value: "task"}).do(Captured{Side: 1, Info: own})
	}
	if len(d.s.Meta.Models) != 3 || d.s.Draft.Model(1) != "own" || d.s.Draft.Model(0) != "attention" {
		t.Errorf("models %v, columns %q and %q", d.s.Meta.Models, d.s.Draft.Left, d.s.Draft.Right)
	}
	if d.s.Longest() != 1024 {
		t.Errorf("prompts of %d tokens at most, want the model's 1024", d.s.Longest())
	}
	starts := d.starts()
	if len(starts) != 2 {
		t.Fatalf("starts %v", starts)
	}
	if r := starts[0].Request; r.Task == "" || r.Method != "moba" {
		t.Errorf("the model is asked %+v", r)
	}
	if r := starts[1].Request; r.Task != "" || r.Text != "" || r.Context != nil || r.Model != "own" || r.Method != "moba" {
		t.Errorf("the capture is asked %+v", r)
	}
	// Dropped beyond the columns it has one of its own.
	if d.do(Captured{Side: 3, Info: own}); d.s.Draft.Columns() != 3 || d.s.Draft.Model(2) != "own" {
		t.Errorf("%d columns, the third of %q", d.s.Draft.Columns(), d.s.Draft.Model(2))
	}
	// Alone it needs no prompt at all.
	d.do(Set{Field: "third", Value: ""}).do(Set{Field: "source", Value: "text"}).do(Captured{Side: 0, Info: own})
	if len(d.starts()) != 2 {
		t.Errorf("captures alone do not start: %v", d.s.Problems)
	}
}
