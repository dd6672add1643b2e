package model

import (
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
)

// TestReleases: files as the authors of RAT+ release them, an older one with compiled
// names and the gate apart, give the logits of a float64 loop.
func TestReleases(t *testing.T) {
	for _, name := range []string{"release", "release_old"} {
		m, err := Open("testdata/ratplus/"+name+".pth", ops.Reference())
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if c := m.Config(); c.Kind() != RATPlus || c.Heads != 3 || c.Layers != 2 || c.GateApart != (name == "release_old") {
			t.Errorf("%s: %+v", name, c)
		}
		expected, ids := expectation(t, "testdata/ratplus/"+name+".expected.safetensors")
		want, err := expected.Float32("logits", len(ids), m.Config().Vocab)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{len(ids), 1, 33} {
			if d := maxDiff(t, split(t, m, Options{}, ids, n), want); d > 1e-3 {
				t.Errorf("%s, prefill of %d: logits off by %g", name, n, d)
			}
		}
	}
}

// TestOtherTorchFiles: tensors that are no model are named.
func TestOtherTorchFiles(t *testing.T) {
	f, err := checkpoint.Open("../checkpoint/testdata/kinds/torch.pt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := NewSource(f); err == nil || !strings.Contains(err.Error(), "want a release of RAT+") {
		t.Error(err)
	}
}
