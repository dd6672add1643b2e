package model

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
)

// edited is the config.json of a folder in testdata with changes, nil removing a field.
func edited(t testing.TB, folder string, changes map[string]any) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + folder + "/config.json")
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	for k, v := range changes {
		if fields[k] = v; v == nil {
			delete(fields, k)
		}
	}
	if text, err = json.Marshal(fields); err != nil {
		t.Fatal(err)
	}
	return text
}

// rope is rope_parameters of a type with further fields.
func rope(kind string, further map[string]any) map[string]any {
	all := map[string]any{"rope_type": kind, "rope_theta": 10000.0}
	for k, v := range further {
		all[k] = v
	}
	return map[string]any{"rope_parameters": all}
}

func TestConfigRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		changes map[string]any
		want    string
	}{
		"architecture":   {map[string]any{"model_type": "gemma"}, `model_type: "gemma", want one of llama, mistral, qwen2, qwen3, olmo2`},
		"nothing":        {map[string]any{"model_type": nil}, `model_type: "", want one of`},
		"missing":        {map[string]any{"hidden_size": nil}, "hidden_size: missing"},
		"zero":           {map[string]any{"num_hidden_layers": 0}, "num_hidden_layers: 0, want 1 to"},
		"huge":           {map[string]any{"hidden_size": 1 << 40}, "hidden_size: "},
		"text":           {map[string]any{"vocab_size": "320"}, "vocab_size: found a text, want a whole number"},
		"groups":         {map[string]any{"num_key_value_heads": 4}, "num_key_value_heads: 4 for num_attention_heads 6"},
		"odd":            {map[string]any{"head_dim": 7}, "head_dim: 7, want an even number"},
		"activation":     {map[string]any{"hidden_act": "gelu"}, `hidden_act: "gelu", want silu`},
		"biases":         {map[string]any{"mlp_bias": true}, "mlp_bias: true"},
		"partly rotated": {map[string]any{"partial_rotary_factor": 0.5}, "partial_rotary_factor: 0.5"},
		"quantised":      {map[string]any{"quantization_config": map[string]any{"quant_method": "awq"}}, `quantization_config: found {"quant_method":"awq"}`},
		"layers":         {map[string]any{"layer_types": []string{"linear_attention"}}, `layer_types: "linear_attention"`},
		"rotation":       {rope("longrope", map[string]any{"factor": 2}), `rope_type: "longrope", want one of default, linear, llama3, yarn`},
		"odd rotation":   {rope("linear", map[string]any{"factor": 2, "ramp": 3}), "ramp: unknown for rope_type"},
		"longrope":       {rope("longrope", map[string]any{"factor": 2, "short_factor": []int{1}}), `rope_type: "longrope", want one of`},
		"no factor":      {rope("linear", nil), "factor: missing"},
		"small factor":   {rope("linear", map[string]any{"factor": 0.5}), "factor: 0.5"},
		"llama3":         {rope("llama3", map[string]any{"factor": 8, "low_freq_factor": 4, "high_freq_factor": 1}), "high_freq_factor: 1 above low_freq_factor 4"},
		"yarn":           {rope("yarn", map[string]any{"factor": 8, "beta_fast": 1}), "beta_fast: 1 above beta_slow 1"},
		"base":           {rope("default", map[string]any{"rope_theta": 0}), "rope_theta: 0"},
	} {
		_, _, err := parseHFConfig(edited(t, "llama_gqa_tied", tc.changes))
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
	if _, _, err := parseHFConfig([]byte("{")); err == nil {
		t.Error("half a config was read")
	}
}

// TestConfigForms: what older files leave out or call otherwise is the same shape.
func TestConfigForms(t *testing.T) {
	want, _, err := parseHFConfig(edited(t, "llama_linear_rope", nil))
	if err != nil {
		t.Fatal(err)
	}
	for name, changes := range map[string]map[string]any{
		"head_dim left out": {"head_dim": nil},
		"rope_scaling": {"rope_parameters": nil, "rope_theta": 10000.0,
			"rope_scaling": map[string]any{"type": "linear", "factor": 2.0}},
		"a window that is off": {"sliding_window": 4, "use_sliding_window": false},
		"a window as long":     {"sliding_window": 256},
	} {
		got, notes, err := parseHFConfig(edited(t, "llama_linear_rope", changes))
		if err != nil || got != want || len(notes) > 0 {
			t.Errorf("%s: %+v, %q, %v, want %+v", name, got, notes, err, want)
		}
	}
	got, notes, err := parseHFConfig(edited(t, "mistral", map[string]any{"sliding_window": 64}))
	if err != nil || got.Context != 64 || len(notes) != 1 || !strings.Contains(notes[0], "sliding window of 64") {
		t.Errorf("window: context %d, %q, %v", got.Context, notes, err)
	}
}

// TestConfigRoundTrip: a file that this program writes says all that a config does.
func TestConfigRoundTrip(t *testing.T) {
	for _, folder := range decoders {
		want, _, err := parseHFConfig(edited(t, folder, nil))
		if err != nil {
			t.Fatal(err)
		}
		for bits := range 8 {
			want.Memory, want.QKVBias, want.OutBias = bits&1 > 0, bits&2 > 0, bits&4 > 0
			want.GateBias = want.Memory
			if got, _, err := parseHFConfig(want.hfJSON()); err != nil || got != want {
				t.Errorf("%s: %+v, %v, want %+v", folder, got, err, want)
			}
		}
	}
}

// folderWith copies a folder of testdata but for its config, and changes it.
func folderWith(t *testing.T, folder string, change func(dir string)) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/"+folder)); err != nil {
		t.Fatal(err)
	}
	change(dir)
	return dir
}

func rewrite(t *testing.T, path, old, with string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.ReplaceAll(string(text), old, with)
	if changed == string(text) {
		t.Fatalf("%s has no %q", path, old)
	}
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestBrokenFolders(t *testing.T) {
	const sharded = "llama_head_dim"
	for name, tc := range map[string]struct {
		folder string
		change func(dir string)
		want   string
	}{
		"no weights":    {"qwen2", func(d string) { os.Remove(d + "/model.safetensors") }, "neither model.safetensors nor model.safetensors.index.json"},
		"no config":     {sharded, func(d string) { os.Remove(d + "/config.json") }, "no config.json in the folder"},
		"missing shard": {sharded, func(d string) { os.Remove(d + "/model-00003-of-00008.safetensors") }, "model-00003-of-00008.safetensors: open "},
		"lying index": {sharded, func(d string) {
			rewrite(t, d+"/model.safetensors.index.json", `"lm_head.weight": "model-00007`, `"lm_head.weight": "model-00001`)
		}, `"lm_head.weight" is missing from model-00001`},
		"an index out of the folder": {sharded, func(d string) {
			rewrite(t, d+"/model.safetensors.index.json", "model-00007-of", "../model-00007-of")
		}, "want the name of a file beside the index"},
		"an empty index": {sharded, func(d string) {
			rewrite(t, d+"/model.safetensors.index.json", "weight_map", "weights")
		}, "weight_map: missing or empty"},
		"another width": {"qwen2", func(d string) { rewrite(t, d+"/config.json", `"hidden_size": 48`, `"hidden_size": 96`) },
			`tensor "model.embed_tokens.weight" has shape [320 48], want [320 96]`},
		"fewer layers": {"qwen2", func(d string) { rewrite(t, d+"/config.json", `"num_hidden_layers": 3`, `"num_hidden_layers": 2`) },
			"holds tensors that qwen2 of this shape has no place for: model.layers.2."},
		"another family": {"qwen3", func(d string) { rewrite(t, d+"/config.json", `"qwen3"`, `"llama"`) }, "no place for: model.layers.0.self_attn.k_norm.weight"},
		"a pointer": {"qwen2", func(d string) {
			os.WriteFile(d+"/model.safetensors", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"), 0o600)
		}, "git-lfs pointer"},
	} {
		dir := folderWith(t, tc.folder, tc.change)
		m, err := Open(dir, ops.Reference())
		if err == nil {
			m.Close()
		}
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v, want %q in one line with the path", name, err, tc.want)
		}
	}
}

// TestPathsOfAFolder: a folder's file or index names the model as the folder does.
func TestPathsOfAFolder(t *testing.T) {
	for _, path := range []string{"qwen3/model.safetensors", "llama_head_dim/model.safetensors.index.json"} {
		m, err := Open(filepath.Join("testdata", path), ops.Reference())
		if err != nil {
			t.Fatal(err)
		}
		m.Close()
	}
	s, err := OpenSource("testdata/llama_head_dim")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Form != "8 safetensors files" {
		t.Errorf("form %q", s.Form)
	}
}

// TestWeightsThatAreNoNumbers: of a vector on opening, of a matrix when it is used.
func TestWeightsThatAreNoNumbers(t *testing.T) {
	nan := float32(math.NaN())
	_, m, ids := golden(t, string(Attention))
	c := m.Config()
	spoilt := func(change func(w *Weights)) *Weights {
		w := widened(c, m.Weights())
		change(w)
		return w
	}
	w := spoilt(func(w *Weights) { w.Layers[1].HiddenNorm[3] = nan })
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := checkpoint.Save(path, c.Metadata(), w.Tensors(c, "", checkpoint.NewF32)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, ops.Reference()); err == nil || !strings.Contains(err.Error(), "backbone.layers.1.hidden_layer.ln.weight\" holds NaN at 3") {
		t.Errorf("a norm: %v", err)
	}
	w = spoilt(func(w *Weights) { w.Layers[1].Up.F32[3] = nan })
	broken, err := New(c, w, ops.Reference())
	if err != nil {
		t.Fatal(err)
	}
	s, err := broken.NewSession(Options{Block: 8, Capacity: 8})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Prefill(ids[:2]); err == nil || !strings.Contains(err.Error(), "is NaN") {
		t.Errorf("a matrix: %v", err)
	}
}

func FuzzHFConfig(f *testing.F) {
	for _, folder := range decoders {
		f.Add(edited(f, folder, nil))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, _, err := parseHFConfig(text)
		if err != nil {
			return
		}
		if err := c.Validate(); err != nil {
			t.Fatalf("%s was read as %+v: %v", text, c, err)
		}
		c.Rope.Tables(c.HeadDim, 2)
	})
}
