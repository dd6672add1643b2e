package model

import (
	"fmt"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// decoders are random models in Hugging Face's form, by their folders in testdata: six
// heads on two of keys and values, with norms, biases and heads as their families have
// them, and what transformers computes with them in float64.
var decoders = map[string]Config{
	"llama_gqa_tied": {Arch: Llama, HeadDim: 8, Rope: Rope{Base: 10000}, Tied: true},
	"mistral":        {Arch: Mistral, HeadDim: 8, Rope: Rope{Base: 10000}},
	"qwen2":          {Arch: Qwen2, HeadDim: 8, Rope: Rope{Base: 1000000}, Tied: true, QKVBias: true},
	"qwen3":          {Arch: Qwen3, HeadDim: 16, Rope: Rope{Base: 1000000}, Tied: true},
	"olmo2":          {Arch: OLMo2, HeadDim: 8, Rope: Rope{Base: 500000}},
}

// decoder opens one of decoders.
func decoder(t *testing.T, folder string) (m *Model, expected *checkpoint.File, ids []int32) {
	t.Helper()
	open := func(name string) *checkpoint.File {
		f, err := checkpoint.Open("testdata/" + folder + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	f, expected := open("model.safetensors"), open("expected.safetensors")
	cfg := decoders[folder]
	cfg.Vocab, cfg.Dim, cfg.Heads, cfg.KVHeads = 320, 48, 6, 2
	cfg.Layers, cfg.Hidden, cfg.Context, cfg.Eps = 3, 80, 256, 1e-5
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

// TestDecoders: logits, and queries, keys and values of every layer, of a prefill and of
// steps, are those of transformers; a budget of everything changes nothing.
func TestDecoders(t *testing.T) {
	for folder := range decoders {
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
