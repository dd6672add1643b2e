package model

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
)

// TestAdapterFile: what is saved is read again, with PEFT's names as with our own, and
// PEFT's scale where it stands beside the file.
func TestAdapterFile(t *testing.T) {
	base, _, ids := decoder(t, "llama_gqa_tied")
	for _, gateRank := range []int{0, 2} {
		a := tinyAdapter(base.Config(), gateRank)
		path := filepath.Join(t.TempDir(), "adapter_model.safetensors")
		if err := a.Save(path, map[string]string{"note": "tiny"}); err != nil {
			t.Fatal(err)
		}
		own, err := OpenAdapter(path)
		if err != nil {
			t.Fatal(err)
		}
		if own.Rank != 3 || own.Base != "tiny" || numbers(own) != numbers(a) {
			t.Fatalf("rank %d, base %q, %d parameters of %d", own.Rank, own.Base, numbers(own), numbers(a))
		}
		want := split(t, underAdapter(t, "testdata/llama_gqa_tied", own), Options{}, ids[:9], 9)
		var renamed []checkpoint.Tensor
		for _, p := range a.Params() {
			x := append([]float32(nil), p.Data...)
			for i := range x {
				if strings.HasSuffix(p.Name, "lora_B.weight") && !strings.Contains(p.Name, GateModule) {
					x[i] /= 2
				}
			}
			renamed = append(renamed, checkpoint.NewBF16("base_model.model.model."+p.Name, p.Shape, x))
		}
		if err := checkpoint.Save(path, nil, renamed); err != nil {
			t.Fatal(err)
		}
		peft := []byte(`{"base_model_name_or_path": "tiny", "r": 3, "lora_alpha": 6}`)
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), "adapter_config.json"), peft, 0o600); err != nil {
			t.Fatal(err)
		}
		theirs, err := OpenAdapter(filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		got := split(t, underAdapter(t, "testdata/llama_gqa_tied", theirs), Options{}, ids[:9], 9)
		if d := maxDiff(t, got, want); d != 0 {
			t.Errorf("gate of rank %d: logits of PEFT's form are off by %g", gateRank, d)
		}
	}
}

// TestAdapterScales: every delta is scaled by lora_alpha over its own rank, which stands in
// adapter_config.json as r or in rank_pattern.
func TestAdapterScales(t *testing.T) {
	folder := t.TempDir()
	a := &Adapter{Rank: 8, Layers: []AdapterLayer{{Query: NewLowRank(4, 4, 2), Value: NewLowRank(4, 4, 8)}}}
	for _, d := range []*LowRank{a.Layers[0].Query, a.Layers[0].Value} {
		for i := range d.B.F32 {
			d.B.F32[i] = 1
		}
	}
	if err := a.Save(filepath.Join(folder, "adapter_model.safetensors"), nil); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		config       string
		query, value float64
		want         string
	}{
		{`"r": 2, "rank_pattern": {"v_proj": 8}`, 8, 2, ""},
		{`"r": 8, "rank_pattern": {"v_proj": 8, "q_proj": 2}`, 8, 2, ""},
		{`"r": 2, "rank_pattern": {"v_proj": 8}, "use_rslora": true`, 16 / math.Sqrt2, 16 / math.Sqrt(8), ""},
		{`"r": 2`, 0, 0, "r: 2, want 8, as layers.0.self_attn.v_proj"},
		{`"r": 2, "rank_pattern": {"v_proj": 4}`, 0, 0, "rank_pattern: none of rank 8, want one, as layers.0.self_attn.v_proj"},
		{`"r": 2, "rank_pattern": {"v_proj": "8"}`, 0, 0, "rank_pattern"},
		{`"r": 2, "rank_pattern": {"v_proj": 8}, "layer_replication": [[0, 1], [0, 1]]`, 0, 0, "layer_replication: [[0, 1]"},
		{`"r": 2, "rank_pattern": {"v_proj": 8}, "alora_invocation_tokens": [3]`, 0, 0, "alora_invocation_tokens: [3]"},
	} {
		if err := os.WriteFile(filepath.Join(folder, "adapter_config.json"), []byte(`{"lora_alpha": 16, `+tc.config+`}`), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := OpenAdapter(folder)
		if tc.want != "" {
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: %v, want %q", tc.config, err, tc.want)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if q, v := got.Layers[0].Query.B.F32[0], got.Layers[0].Value.B.F32[0]; q != float32(tc.query) || v != float32(tc.value) {
			t.Errorf("%s: queries times %g, values times %g, want %g and %g", tc.config, q, v, tc.query, tc.value)
		}
	}
}

// TestAdapterErrors: what does not fit is said, by the names of the file.
func TestAdapterErrors(t *testing.T) {
	base, _, _ := decoder(t, "llama_gqa_tied")
	c := base.Config()
	tensor := func(name string, shape ...int) checkpoint.Tensor {
		return checkpoint.NewF32(name, shape, make([]float32, size(shape)))
	}
	const q = "layers.0.self_attn.q_proj."
	for _, tc := range []struct {
		tensors []checkpoint.Tensor
		rank    string
		want    string
	}{
		{nil, "", "no tensors of an adapter"},
		{[]checkpoint.Tensor{tensor("layers.0.self_attn.z_proj.lora_A.weight", 2, 4)}, "", "part that no adapter"},
		{[]checkpoint.Tensor{tensor("wte", 2, 4)}, "", "is none of an adapter"},
		{[]checkpoint.Tensor{tensor("layers.999.self_attn.q_proj.lora_A.weight", 2, 4)}, "", "layer 999"},
		{[]checkpoint.Tensor{tensor(q+"lora_A.weight", 2, 4)}, "", "only one of"},
		{[]checkpoint.Tensor{tensor(q+"lora_A.weight", 8)}, "", "two axes"},
		{[]checkpoint.Tensor{tensor(q+"lora_A.weight", 2, 4), tensor(q+"lora_B.weight", 4, 3)}, "", "of rank 2, lora_B of 3"},
		{[]checkpoint.Tensor{tensor(q+"lora_A.weight", 2, c.Dim), tensor(q+"lora_B.weight", c.QueryDim(), 2)}, "8", "rank: \"8\""},
		{[]checkpoint.Tensor{tensor(q+"lora_A.weight", 2, 5), tensor(q+"lora_B.weight", 4, 2)}, "", "layers.0.self_attn.q_proj is for 4 outputs of 5 inputs"},
		{[]checkpoint.Tensor{tensor("layers.1.self_attn.g_proj.weight", c.KVDim(), c.Dim)}, "", "all or none"},
		{[]checkpoint.Tensor{tensor("layers.0.self_attn.g_proj.weight", c.KVDim(), c.Dim)}, "", "gates are for 1 layers"},
		{[]checkpoint.Tensor{tensor("layers.0.self_attn.g_proj.weight", 4, 4), tensor("layers.0.self_attn.g_proj.bias", 3)}, "", "bias holds 3"},
		{[]checkpoint.Tensor{tensor(fmt.Sprintf("layers.%d.self_attn.q_proj.lora_A.weight", c.Layers), 2, 4), tensor(fmt.Sprintf("layers.%d.self_attn.q_proj.lora_B.weight", c.Layers), 4, 2)}, "", "layers, the model has"},
	} {
		err := layFile(t, tc.tensors, tc.rank)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v, want %q", err, tc.want)
		}
	}
}

// layFile writes, reads and lays an adapter over llama_gqa_tied.
func layFile(t *testing.T, tensors []checkpoint.Tensor, rank string) error {
	t.Helper()
	var file bytes.Buffer
	if err := checkpoint.Write(&file, map[string]string{"rank": rank}, tensors); err != nil {
		t.Fatal(err)
	}
	f, err := checkpoint.Parse(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	a, err := ReadAdapter(f)
	if err != nil {
		return err
	}
	s, err := OpenSource("testdata/llama_gqa_tied")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Lay(a); err != nil {
		return err
	}
	_, err = s.weights(ops.Reference())
	return err
}

// FuzzReadAdapter: no file makes reading or laying fail otherwise than by an error.
func FuzzReadAdapter(f *testing.F) {
	base, err := OpenSource("testdata/llama_gqa_tied")
	if err != nil {
		f.Fatal(err)
	}
	defer base.Close()
	for _, gateRank := range []int{0, 2} {
		a := tinyAdapter(base.Config, gateRank)
		var ts []checkpoint.Tensor
		for _, p := range a.Params() {
			ts = append(ts, checkpoint.NewBF16(p.Name, p.Shape, p.Data))
		}
		var file bytes.Buffer
		if err := checkpoint.Write(&file, map[string]string{"rank": "3"}, ts); err != nil {
			f.Fatal(err)
		}
		f.Add(file.Bytes())
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		file, err := checkpoint.Parse(data)
		if err != nil {
			return
		}
		a, err := ReadAdapter(file)
		if err != nil {
			return
		}
		if s := *base; s.Lay(a) == nil {
			_, _ = s.Model(ops.Reference())
		}
	})
}
