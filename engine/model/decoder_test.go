package model

import (
	"fmt"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// decoders are random models in Hugging Face's form, folders in testdata: six heads on
// two of keys and values, with norms, biases, heads and rotations as their families have
// them, in one file or eight, and what transformers computes with them in float64.
var decoders = []string{
	"llama_gqa_tied", "llama_head_dim", "llama3_rope", "llama_linear_rope", "llama_yarn", "mistral", "qwen2", "qwen3", "olmo2",
}

// decoder opens one of decoders.
func decoder(t *testing.T, folder string) (m *Model, expected *checkpoint.File, ids []int32) {
	t.Helper()
	m, err := Open("testdata/"+folder, ops.Reference())
	if err != nil {
		t.Fatal(err)
	}
	expected, ids = expectation(t, "testdata/"+folder+"/expected.safetensors")
	t.Cleanup(func() { m.Close() })
	return m, expected, ids
}

// expectation opens what a model should compute over the ids in it.
func expectation(t *testing.T, path string) (expected *checkpoint.File, ids []int32) {
	t.Helper()
	expected, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { expected.Close() })
	tensor, err := expected.Tensor("ids")
	if err != nil {
		t.Fatal(err)
	}
	wide, err := tensor.Int64()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range wide {
		ids = append(ids, int32(id))
	}
	return expected, ids
}

// TestDecoders: logits, and queries, keys and values of every layer, of a prefill and of
// steps, are those of transformers; a budget of everything changes nothing.
func TestDecoders(t *testing.T) {
	for _, folder := range decoders {
		t.Run(folder, func(t *testing.T) { testDecoder(t, folder) })
	}
}

func testDecoder(t *testing.T, folder string) {
	m, expected, ids := decoder(t, folder)
	c := m.Config()
	want, err := expected.Float32("logits", len(ids), c.Vocab)
	if err != nil {
		t.Fatal(err)
	}
	parts := []int{33, len(ids), 1}
	if testing.Short() { // other kernels and races show in one way to cut a prompt
		parts = parts[:1]
	}
	for _, n := range parts {
		for _, opt := range []Options{{}, {Selector: sparse.Quest{Blocks: 100}, Summaries: sparse.Summaries{Bounds: true}, SelectTo: len(ids)}} {
			if d := maxDiff(t, split(t, m, opt, ids, n), want); d > 1e-3 {
				t.Errorf("prefill of %d: logits off by %g", n, d)
			}
		}
	}
	checked := 0
	split(t, m, Options{Tap: func(layer int, name string, data ops.Matrix) {
		as, known := map[string]string{"q": "q", "k_mem": "k", "v": "v"}[name]
		if !known {
			return
		}
		heads := data.Cols / c.HeadDim
		want, err := expected.Float32(fmt.Sprintf("layers.%d.%s", layer, as), heads, len(ids), c.HeadDim)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, 0, len(want))
		for h := range heads {
			for p := range ids {
				got = append(got, data.Row(p)[h*c.HeadDim:(h+1)*c.HeadDim]...)
			}
		}
		checked++
		if d := maxDiff(t, got, want); d > 1e-3 {
			t.Errorf("layer %d %s: off by %g", layer, name, d)
		}
	}}, ids, len(ids))
	if checked != 3*c.Layers {
		t.Errorf("%d activations checked, want %d", checked, 3*c.Layers)
	}
}

// TestGroupedCache: the heads of a group read one cache, those of another another.
func TestGroupedCache(t *testing.T) {
	m, _, ids := decoder(t, "llama_gqa_tied")
	s, err := m.NewSession(Options{Block: 8, Capacity: len(ids)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Prefill(ids); err != nil {
		t.Fatal(err)
	}
	for h := range m.Config().Heads {
		if same := s.Cache(0, h) == s.Cache(0, 0); same != (h < m.Config().Group()) {
			t.Errorf("head %d shares the cache of head 0: %t", h, same)
		}
	}
}
