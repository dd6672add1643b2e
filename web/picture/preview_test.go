package picture

import (
	"reflect"
	"testing"

	"kvscope/engine/ops"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/web/sample"
)

// TestPreviewHasTheLinesOfItsRun: where the prefill left no scores its lines are empty,
// so that nothing moves when the run behind the preview arrives.
func TestPreviewHasTheLinesOfItsRun(t *testing.T) {
	for _, method := range []string{"quest", "moba", "snapkv"} {
		events, err := sample.Events(sample.Spec{Method: method, Model: "attention", Layers: 2, Heads: 2, Context: 256, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		was := replay(t, events...)
		req := run.Request{Config: sparse.Config{Method: method, Values: sparse.Values{"budget": "1/8", "block": "16"}}}
		other := req
		other.Config = other.With("budget", "1/4")
		p := Preview(was, run.Reselect(other, req, &was.Run, ops.Reference()))
		if p == nil {
			// A sampled eviction scores what a real one keeps unscored and needs no votes for.
			t.Fatalf("%s: the scores do not tell", method)
		}
		if !reflect.DeepEqual(p.Lines(), was.Lines()) || p.Planned() != was.Planned() {
			t.Errorf("%s: lines %v, want %v", method, p.Lines(), was.Lines())
		}
		for i, l := range p.Lines() {
			g := p.Grid(nil)
			seen := false
			for b := range g.Columns {
				seen = seen || g.At(i, b) >= 0
			}
			if seen != (l.Step >= 0) {
				t.Errorf("%s, line of step %d: blocks are seen: %v", method, l.Step, seen)
			}
			p.Strip(i, nil, ByPicks)
			p.Readout(i, 0, &Head{})
		}
	}
	if Preview(&Run{}, nil) != nil {
		t.Error("a preview of nothing")
	}
}
