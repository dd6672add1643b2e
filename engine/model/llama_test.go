package model

import (
	"fmt"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// tinyLlama is a random model in Hugging Face's form, six heads on two of keys and
// values with a tied head, and what transformers computes with it in float64.
func tinyLlama(t *testing.T) (m *Model, expected *checkpoint.File, ids []int32) {
	t.Helper()
	open := func(name string) *checkpoint.File {
		f, err := checkpoint.Open("testdata/llama_gqa_tied/" + name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	f, expected := open("model.safetensors"), open("expected.safetensors")
	cfg := Config{
		Arch: Llama, Vocab: 320, Dim: 48, Heads: 6, KVHeads: 2, HeadDim: 8, Layers: 3, Hidden: 80, Context: 256,
		Rope: Rope{Base: 10000}, Eps: 1e-5, Tied: true,
	}
	w, err := ViewWeights(f, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if m, err = New(cfg, w, ops.Reference()); err != nil {
		t.Fatal(err)
	}
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
	return m, expected, ids
}

// TestLlama: logits, and queries, keys and values of every layer, of a prefill and of
// steps, are those of transformers; a budget of everything changes nothing.
func TestLlama(t *testing.T) {
	m, expected, ids := tinyLlama(t)
	c := m.Config()
	want, err := expected.Float32("logits", len(ids), c.Vocab)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{len(ids), 1, 33} {
		for _, opt := range []Options{{}, {Selector: sparse.Quest{Blocks: 100}, SelectTo: len(ids)}} {
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
	m, _, ids := tinyLlama(t)
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
