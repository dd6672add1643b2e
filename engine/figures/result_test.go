package figures

import (
	"reflect"
	"testing"

	"kvscope/engine/trace"
)

func TestResult(t *testing.T) {
	var r trace.Run
	if err := r.Emit(&trace.Header{
		Model: "attention", Layers: 2, Heads: 3, Method: "quest", Budget: .25, Block: 16, K: 4, Task: "MK-2", Seed: 1<<64 - 1, Context: 64,
		Tokens: make([]trace.Token, 3), Expected: []string{"grass"},
	}); err != nil {
		t.Fatal(err)
	}
	if _, ok := ResultOf(&r); ok {
		t.Error("a run under way has a result")
	}
	if err := r.Emit(&trace.Done{Answer: "a", Score: .5, ReadFraction: .25, PrefillMS: 2, DecodeMS: 3}); err != nil {
		t.Fatal(err)
	}
	half := .5
	got, ok := ResultOf(&r)
	want := Result{
		Model: "attention", Task: "MK-2", Seed: 1<<64 - 1, Context: 64, Method: "quest", Budget: .25, Block: 16, K: 4,
		PromptTokens: 3, Answer: "a", Expected: []string{"grass"}, Score: &half, ReadFraction: .25,
		Heads: []trace.Hit{}, Timing: Timing{Prefill: 2, Decode: 3},
	}
	if !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
