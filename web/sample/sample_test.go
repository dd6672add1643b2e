package sample

import (
	"reflect"
	"testing"

	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

func TestEventsAreARunOfEveryMethod(t *testing.T) {
	for _, m := range sparse.Methods() {
		t.Run(m.ID, func(t *testing.T) {
			spec := Spec{Method: m.ID, Arch: "attention", Layers: 2, Heads: 3, Context: 300, Seed: 4}
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
