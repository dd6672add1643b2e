package model

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input/inputtest"
	"kvscope/engine/ops"
)

// TestBrokenModels breaks models of our own kind, configurations of Hugging Face's and
// adapters, and lets what is left read a token.
func TestBrokenModels(t *testing.T) {
	good, err := os.ReadFile("testdata/ratplus_tiny.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	inputtest.Broken(t, "model", good, 4<<20, 40, func(data []byte) error {
		f, err := checkpoint.Parse(data)
		if err != nil {
			return err
		}
		c, err := ReadConfig(f, "")
		if err != nil {
			return err
		}
		w, err := ReadWeights(f, c, "")
		if err != nil {
			return err
		}
		m, err := New(c, w, ops.Reference())
		if err != nil {
			return err
		}
		s, err := m.NewSession(Options{Block: 4, Capacity: 4})
		if err != nil {
			return err
		}
		_, err = s.Prefill([]int32{1})
		return err
	})
	for _, folder := range decoders {
		inputtest.Broken(t, folder, edited(t, folder, nil), 1<<20, 400, func(data []byte) error {
			_, _, err := parseHFConfig(data)
			return err
		})
	}
	base, _, _ := decoder(t, "llama_gqa_tied")
	path := filepath.Join(t.TempDir(), "adapter_model.safetensors")
	if err := tinyAdapter(base.Config(), 2).Save(path, nil); err != nil {
		t.Fatal(err)
	}
	adapter, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	config := []byte(`{"peft_type": "LORA", "lora_alpha": 16, "r": 2, "rank_pattern": {"v_proj": 3}, "use_rslora": true}`)
	inputtest.Broken(t, "adapter_config.json", config, 1<<20, 400, func(data []byte) error {
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), "adapter_config.json"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		return new(Adapter).scaleBeside(path)
	})
	inputtest.Broken(t, "adapter", bytes.Clone(adapter), 4<<20, 400, func(data []byte) error {
		f, err := checkpoint.Parse(data)
		if err != nil {
			return err
		}
		_, err = ReadAdapter(f)
		return err
	})
}

// TestBrokenGGUF breaks a model of another program's, whose first bytes say what it holds.
func TestBrokenGGUF(t *testing.T) {
	good, err := os.ReadFile("testdata/gguf/legacy.gguf")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "broken.gguf")
	inputtest.Broken(t, "gguf", good, 8<<20, 40, func(data []byte) error {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := Open(path, ops.Reference())
		if err != nil {
			return err
		}
		return m.Close()
	})
}

// ofTraining are fields of a config.json that say how a model was trained, made or is sampled
// from, and nothing of what its layers compute. There are many others of that kind.
var ofTraining = []string{
	"architectures", "attention_dropout", "bos_token_id", "dtype", "eos_token_id", "initializer_range", "max_window_layers", "pad_token_id", "pretraining_tp", "transformers_version", "use_cache", "unknown",
}

// TestWalkConfig gives every field of the config.json of every architecture values of every
// kind. Each is refused by its name, or changes the shape that is read, or is what the field is
// by itself.
func TestWalkConfig(t *testing.T) {
	byItself := map[string][]string{
		"layer_types": {"[]"}, "rope_parameters": {"{}"}, "sliding_window": {"0", "3"}, "use_sliding_window": {"true"}, // without a window
		"rope_parameters.rope_type": {`""`}, "attention_bias": {"false"}, "mlp_bias": {"false"},
	}
	walked := 0
	for _, folder := range decoders {
		walked += inputtest.WalkJSON(t, folder, string(edited(t, folder, nil)), ofTraining, byItself, func(text []byte) (string, error) {
			c, notes, err := parseHFConfig(text)
			return fmt.Sprintf("%#v %q", c, notes), err
		})
	}
	t.Logf("%d values", walked)
}

// TestWalkAdapterConfig gives every field that is read of PEFT's adapter_config.json values of
// every kind.
func TestWalkAdapterConfig(t *testing.T) {
	const good = `{"base_model_name_or_path": "", "peft_type": "LORA", "lora_alpha": 16, "r": 3, "rank_pattern": {}, "use_rslora": false, "use_dora": false, "fan_in_fan_out": false, "alpha_pattern": {}, "layer_replication": null, "alora_invocation_tokens": null, "init_lora_weights": "gaussian"}`
	folder := t.TempDir()
	base, _, _ := decoder(t, "llama_gqa_tied")
	if err := tinyAdapter(base.Config(), 2).Save(filepath.Join(folder, "adapter_model.safetensors"), nil); err != nil {
		t.Fatal(err)
	}
	same := map[string][]string{"init_lora_weights": {"true", "false"}, "peft_type": {"null"}}
	inputtest.WalkJSON(t, "adapter_config.json", good, []string{"base_model_name_or_path", "unknown"}, same, func(text []byte) (string, error) {
		if err := os.WriteFile(filepath.Join(folder, "adapter_config.json"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := OpenAdapter(folder)
		if err != nil {
			return "", err
		}
		return fmt.Sprint(a.Layers[0].Query.B.F32), nil
	})
}

// TestWalkMetadata gives every entry of the metadata of our own models values of every kind.
// Each is refused by its name, or changes the shape that is read. note and dilated say where
// the test's models are from.
func TestWalkMetadata(t *testing.T) {
	walked := 0
	for _, file := range []string{"ratplus_tiny", "attention_tiny"} {
		data, err := os.ReadFile("testdata/" + file + ".safetensors")
		if err != nil {
			t.Fatal(err)
		}
		f, err := checkpoint.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		want, err := ReadConfig(f, "")
		if err != nil {
			t.Fatal(err)
		}
		own := maps.Clone(want.Metadata()) // what the file leaves out as well
		maps.Copy(own, f.Metadata)
		for name, good := range own {
			for _, value := range []string{"", " ", "x", "0", "-1", "0.5", "3", "1e30", "99999999999999999999", "NaN", "Inf", "true"} {
				if value == good || name == "note" || name == "dilated" || name == "arch" && value == "" {
					continue
				}
				walked++
				f.Metadata = maps.Clone(own)
				f.Metadata[name] = value
				if name == "seq_len" {
					delete(f.Metadata, "context") // which is another name for it
				}
				switch got, err := ReadConfig(f, ""); {
				case err != nil && !strings.Contains(err.Error(), name):
					t.Errorf("%s: %s %q is refused without its name: %v", file, name, value, err)
				case err == nil && reflect.DeepEqual(got, want) && !(name == "vocab_size" && value == "3"): // there are rows for more
					t.Errorf("%s: %s %q changes nothing and is not refused", file, name, value)
				}
			}
		}
	}
	t.Logf("%d values", walked)
}

// TestWalkGGUF gives every key of a GGUF file that says what its layers compute, those
// that the file leaves out as well, values of every kind. Each is refused by its name, or
// changes the shape that is read or what is said of it.
func TestWalkGGUF(t *testing.T) {
	yarn := map[string]any{
		"llama.rope.scaling.type": "yarn", "llama.rope.scaling.factor": 4.0, "llama.rope.scaling.original_context_length": int64(32), "llama.rope.scaling.yarn_beta_fast": 16.0,
		"llama.rope.scaling.yarn_beta_slow": 2.0, "llama.rope.scaling.attn_factor": 0.5, "llama.attention.sliding_window": int64(40), "llama.attention.value_length": int64(64),
		"llama.attention.key_length": int64(64), "llama.rope.dimension_count": int64(64), "llama.expert_count": int64(0), "llama.vocab_size": int64(0),
	}
	f, err := checkpoint.Open("testdata/gguf/legacy.gguf")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	maps.Copy(f.Values, yarn)
	good := f.Values
	read := func() (string, error) {
		s, err := NewSource(f)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%#v %q", s.Config, s.Notes), nil
	}
	want, err := read()
	if err != nil {
		t.Fatal(err)
	}
	f.Values = maps.Clone(good)
	f.Values["llama.logit_scale"] = 0.5
	if got, err := read(); err != nil || !strings.Contains(got, "llama.logit_scale is not computed") {
		t.Errorf("a key that nobody knows: %s, %v", got, err)
	}
	walked := 0
	for key, own := range good {
		if !strings.HasPrefix(key, "llama.") && key != "general.architecture" {
			continue // names, and the tokenizer's
		}
		for _, value := range []any{
			"", "x", int64(-1), int64(0), int64(3), int64(1) << 50, 0.5, -1.0, 1e300, math.NaN(), math.Inf(1), true, []int64{}, []int64{3, 4}, []string{"x"}, []float64{0.5},
		} {
			if reflect.DeepEqual(value, own) {
				continue
			}
			walked++
			f.Values = maps.Clone(good)
			f.Values[key] = value
			got, err := read()
			switch {
			case err != nil && !strings.Contains(err.Error(), key) && !(strings.HasSuffix(key, "beta_slow") && strings.Contains(err.Error(), "beta_slow")):
				t.Errorf("%s %v is refused without its name: %v", key, value, err)
			case err == nil && got == want:
				t.Errorf("%s %v changes nothing and is not refused", key, value)
			}
		}
	}
	t.Logf("%d values", walked)
}
