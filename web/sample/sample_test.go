package sample

import (
	"reflect"
	"testing"

	"kvscope/engine/figures"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

func TestEventsAreARunOfEveryMethod(t *testing.T) {
	for _, m := range sparse.Methods() {
		t.Run(m.ID, func(t *testing.T) {
			spec := Spec{Method: m.ID, Model: "attention", Layers: 2, Heads: 3, Context: 300, Seed: 4}
			events, err := Events(spec)
			if err != nil {
				t.Fatal(err)
			}
			var r trace.Run
			for i, e := range events {
				if err := r.Emit(e); err != nil {
					t.Fatalf("event %d: %v", i, err)
				}
			}
			if r.Done == nil || len(r.Steps) != len(r.Header.Answer) || r.Header.Phase != m.Phase {
				t.Errorf("run ends with %v after %d steps in phase %s", r.Done, len(r.Steps), r.Header.Phase)
			}
			again, err := Events(spec)
			if err != nil || !reflect.DeepEqual(events, again) {
				t.Errorf("the same seed made another run (%v)", err)
			}
		})
	}
}

func TestHeadsAreLookedInto(t *testing.T) {
	for _, memory := range []bool{false, true} {
		events, err := Events(Spec{Method: "quest", Model: "a", Memory: memory, Layers: 2, Heads: 2, Context: 300, Seed: 4})
		if err != nil {
			t.Fatal(err)
		}
		h := events[0].(*trace.Header)
		head := Head(h, 1)
		if _, err := head.Encode(); err != nil {
			t.Errorf("memory %v: %v", memory, err)
		}
		if got := head.MemoryKernel(40) != nil; got != memory {
			t.Errorf("memory %v: there is %v", memory, got)
		}
		// The query that copies the answer's first token looks at it more than at any other.
		row := make([]float32, len(h.Tokens))
		head.Row(ops.Reference(), row, len(h.Tokens)-1)
		if top := figures.Top(row, 1)[0]; top != h.Gold[0] {
			t.Errorf("memory %v: the answer's query looks at %d, want %d", memory, top, h.Gold[0])
		}
	}
}
