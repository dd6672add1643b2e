package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"math"
	"testing"

	"kvscope/assets"
	"kvscope/engine/checkpoint"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/native/simd"
)

// TestPathsAgree: every kernel table this processor can run selects the same and
// answers the same on the demo models. Scores differ in their last bits between
// tables (opstest states by how much), so a tie within that could fall either way;
// these runs hold none.
func TestPathsAgree(t *testing.T) {
	tables := simd.Tables()
	for _, model := range []string{"attention", "ratplus"} {
		data, err := fs.ReadFile(assets.Models(), model+".safetensors")
		if err != nil {
			t.Fatal(err)
		}
		for _, method := range []string{"dense", "quest", "moba", "snapkv"} {
			t.Run(fmt.Sprintf("%s/%s", model, method), func(t *testing.T) {
				var first *trace.Run
				for _, k := range tables {
					f, err := checkpoint.Parse(data)
					if err != nil {
						t.Fatal(err)
					}
					e := run.NewEngine(k)
					if err := e.Add(model, "", f, nil); err != nil {
						t.Fatal(err)
					}
					r := &trace.Run{}
					req := run.Request{Model: model, Task: "MK-1", Seed: 3, Context: new(256), Config: sparse.Config{Method: method, Values: sparse.Values{"budget": "1/2"}}}
					if err := e.Run(t.Context(), req, r); err != nil {
						t.Fatal(err)
					}
					if first == nil {
						first = r
						continue
					}
					same(t, k.Name, first, r)
				}
			})
		}
	}
}

func same(t *testing.T, name string, want, got *trace.Run) {
	t.Helper()
	if got.Done.Answer != want.Done.Answer || len(got.Selections) != len(want.Selections) {
		t.Fatalf("%s answers %q with %d selections, %s %q with %d", name, got.Done.Answer, len(got.Selections),
			want.Header.Kernels, want.Done.Answer, len(want.Selections))
	}
	for i, s := range got.Selections {
		w := want.Selections[i]
		if !bytes.Equal(s.Picked, w.Picked) {
			t.Fatalf("%s: step %d layer %d head %d selects otherwise", name, s.Step, s.Layer, s.Head)
		}
		for c, m := range s.Mass {
			if math.Abs(float64(m-w.Mass[c])) > 1e-4 {
				t.Fatalf("%s: step %d layer %d head %d candidate %d has mass %g, %g with %s", name, s.Step, s.Layer, s.Head, c, m, w.Mass[c], want.Header.Kernels)
			}
		}
	}
}
