package page

import (
	"runtime"
	"strconv"
	"testing"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/web/api"
	"kvscope/web/sample"
	"kvscope/web/state"
)

// TestBudgetsDoNotAddUp changes the budget many times on one prompt, as the browser has it:
// frames are decoded anew, both columns run to their end, and the page is drawn. What the
// page keeps does not grow with the changes.
func TestBudgetsDoNotAddUp(t *testing.T) {
	events, err := sample.Events(sample.Spec{Method: "quest", Model: "ratplus", Memory: true, Layers: 4, Heads: 4, Context: 1024, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	frames := make([][]byte, len(events))
	for i, e := range events {
		if frames[i], err = trace.Append(nil, e); err != nil {
			t.Fatal(err)
		}
	}
	e := NewExplorer(nil)
	do := func(a state.Action) (effects []state.Effect) {
		e.s, effects = e.s.Do(a)
		return effects
	}
	change := func(a state.Action) {
		for _, f := range do(a) {
			start, ok := f.(state.Start)
			if !ok {
				continue
			}
			fresh := make([]trace.Event, len(frames))
			for i, frame := range frames {
				if fresh[i], err = trace.Decode(frame); err != nil {
					t.Fatal(err)
				}
			}
			do(state.Arrived{Side: start.Side, Gen: start.Gen, Events: fresh})
		}
		if c := &e.s.Columns[0]; c.Phase() != state.Done {
			t.Fatalf("the column is %s: %+v", c.Phase(), c.Problem())
		}
		app.HTMLString(e.Render())
	}
	held := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	change(state.MetaArrived{Meta: api.Meta{Models: []run.ModelInfo{{Name: "attention", Arch: "attention", Context: 1024}, {Name: "ratplus", Arch: "ratplus", Memory: true, Context: 1024}}}})
	var first int64
	const changes = 150
	for i := range changes {
		do(state.Set{Field: "budget", Value: "1/" + strconv.Itoa(2+i)})
		change(state.Submit{})
		if i == changes/3 {
			first = held()
		}
	}
	if grown := held() - first; grown > 2<<20 {
		t.Errorf("%d changes of the budget leave %d bytes more than %d", changes, grown, changes/3)
	}
	runtime.KeepAlive(e)
}
