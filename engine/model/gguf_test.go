package model

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/ops"
)

// ggufs are small random llama files in GGUF, blocks mixed as the kinds of their names
// mix them, beside the logits of a float64 loop over the values of the blocks.
var ggufs = []string{"legacy", "q4_k_m", "q5_k"}

func TestGGUF(t *testing.T) {
	for _, name := range ggufs {
		m, err := Open("testdata/gguf/"+name+".gguf", ops.Reference())
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		expected, ids := expectation(t, "testdata/gguf/"+name+".expected.safetensors")
		want, err := expected.Float32("logits", len(ids), m.Config().Vocab)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{len(ids), 1, 33} {
			if d := maxDiff(t, split(t, m, Options{}, ids, n), want); d > 5e-3 {
				t.Errorf("%s, prefill of %d: logits off by %g", name, n, d)
			}
		}
	}
}

func TestGGUFForm(t *testing.T) {
	s, err := OpenSource("testdata/gguf/q4_k_m.gguf")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Form != "GGUF with Q4_K, Q6_K, Q8_0" {
		t.Errorf("form %q", s.Form)
	}
}

// TestGGUFRefuses: what the values say that is not understood is named by its key.
func TestGGUFRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		key   string
		value any
		want  string
	}{
		"architecture": {"general.architecture", "gemma2", `general.architecture: "gemma2", want one of llama, mistral`},
		"no text":      {"general.architecture", int64(3), "general.architecture: found 3, want a string"},
		"layers":       {"llama.block_count", int64(-1), "llama.block_count: -1"},
		"no layers":    {"llama.block_count", nil, "llama.block_count: 0, want 1 to"},
		"type":         {"llama.embedding_length", "wide", "llama.embedding_length: found wide, want a whole number"},
		"rotated":      {"llama.rope.dimension_count", int64(32), "llama.rope.dimension_count: 32 of 64 channels"},
		"scaling":      {"llama.rope.scaling.type", "longrope", `llama.rope.scaling.type: "longrope", want one of`},
		"factor":       {"llama.rope.scaling.type", "linear", "llama.rope.scaling.factor: 0 of rope_type linear"},
		"experts":      {"llama.expert_count", int64(8), "llama.expert_count: 8"},
		"uneven":       {"llama.attention.head_count_kv", []int64{2, 4}, "llama.attention.head_count_kv: differs from layer to layer"},
		"base":         {"llama.rope.freq_base", "ten", "llama.rope.freq_base: found ten, want a number"},
	} {
		f, err := checkpoint.Open("testdata/gguf/legacy.gguf")
		if err != nil {
			t.Fatal(err)
		}
		if f.Values[tc.key] = tc.value; tc.value == nil {
			delete(f.Values, tc.key)
		}
		if _, err := NewSource(f); err == nil || !strings.HasPrefix(err.Error(), tc.want) || input.Field(err) == "" {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
		f.Close()
	}
}

// TestRopeDivisors: of Llama 3.1's rotation, GGUF keeps what each frequency is divided
// by; it is the rotation that config.json describes.
func TestRopeDivisors(t *testing.T) {
	described := Rope{Base: 500000, Scaling: "llama3", Factor: 8, LowFreq: 1, HighFreq: 4, Original: 64}
	plain := Rope{Base: 500000, Divided: true}
	divisors := make([]float32, 8)
	scaled := described.frequencies(16)
	for i, f := range plain.frequencies(16) {
		divisors[i] = float32(f / scaled[i])
	}
	want, got := newRotary(described, 16, nil).upTo(50), newRotary(plain, 16, divisors).upTo(50)
	if d := max(maxDiff(t, got.cos, want.cos), maxDiff(t, got.sin, want.sin)); d > 1e-5 {
		t.Errorf("off by %g", d)
	}
	if slices.Equal(got.cos, newRotary(plain, 16, nil).upTo(50).cos) {
		t.Error("the divisors change nothing")
	}
}

// TestRewritten: a GGUF file written as safetensors, rows put right, is the same model, but
// that blocks take activations in whole numbers.
func TestRewritten(t *testing.T) {
	m, err := Open("testdata/gguf/legacy.gguf", ops.Reference())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c := m.Config()
	wide, err := m.Weights().Compress(c, checkpoint.F32)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := checkpoint.Save(path, c.Metadata(), wide.Tensors(c, "", checkpoint.NewF32)); err != nil {
		t.Fatal(err)
	}
	again, err := Open(path, ops.Reference())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.Config() != c {
		t.Errorf("config %+v, want %+v", again.Config(), c)
	}
	_, ids := expectation(t, "testdata/gguf/legacy.expected.safetensors")
	if d := maxDiff(t, split(t, again, Options{}, ids, 33), split(t, m, Options{}, ids, 33)); d > 1e-3 {
		t.Errorf("logits off by %g", d)
	}
}
