package main

import (
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
)

// TestDumpWithoutVocabulary: a model that was made with no vocabulary is dumped by
// token numbers, and gives the logits that were computed for it independently.
func TestDumpWithoutVocabulary(t *testing.T) {
	for _, name := range []string{"attention_tiny", "ratplus_tiny"} {
		path := filepath.Join("../../../engine/model/testdata", name+".safetensors")
		golden, err := checkpoint.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { golden.Close() })
		tensor, err := golden.Tensor("ids")
		if err != nil {
			t.Fatal(err)
		}
		ids, err := tensor.Int64()
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, id := range ids {
			list = append(list, strconv.FormatInt(id, 10))
		}
		out := filepath.Join(t.TempDir(), "out.safetensors")
		if status, _, stderr := runCommand(t, "dump", "--model", path, "--ids", strings.Join(list, ","), "--out", out); status != 0 {
			t.Fatalf("status %d: %s", status, stderr)
		}
		f, err := checkpoint.Open(out)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		got, err := f.Float32("logits")
		if err != nil {
			t.Fatal(err)
		}
		want, err := golden.Float32("expected.logits")
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d logits, want %d", name, len(got), len(want))
		}
		for i := range got {
			if d := math.Abs(float64(got[i] - want[i])); !(d <= 1e-4) {
				t.Fatalf("%s: logit %d off by %g", name, i, d)
			}
		}
	}
}
