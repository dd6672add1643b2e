package model

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
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
// from, and nothing of what its layers compute.
var ofTraining = []string{
	"architectures", "attention_dropout", "bos_token_id", "dtype", "eos_token_id", "initializer_range", "max_window_layers", "pad_token_id", "pretraining_tp", "transformers_version", "use_cache",
}

// TestWalkConfig gives every field of the config.json of every architecture values of every
// kind. Each is refused by its name, or changes the shape that is read, or is what the field is
// by itself. null is no value.
func TestWalkConfig(t *testing.T) {
	byItself := map[string][]string{
		"layer_types": {"[]"}, "rope_parameters": {"{}"}, "sliding_window": {"0"}, "use_sliding_window": {"true"}, // without a window
	}
	walked := 0
	for _, folder := range decoders {
		good := edited(t, folder, nil)
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(good, &fields); err != nil {
			t.Fatal(err)
		}
		want, _, err := parseHFConfig(good)
		if err != nil {
			t.Fatal(err)
		}
		for name, own := range fields {
			for _, value := range []string{`""`, `"x"`, "0", "-1", "0.5", "1e30", "true", "[]", "{}"} {
				if slices.Contains(ofTraining, name) || slices.Contains(byItself[name], value) || string(own) == value {
					continue
				}
				walked++
				changed := maps.Clone(fields)
				changed[name] = json.RawMessage(value)
				text, err := json.Marshal(changed)
				if err != nil {
					t.Fatal(err)
				}
				switch got, _, err := parseHFConfig(text); {
				case err != nil && !strings.Contains(err.Error(), name):
					t.Errorf("%s: %s %s is refused without its name: %v", folder, name, value, err)
				case err == nil && reflect.DeepEqual(got, want):
					t.Errorf("%s: %s %s changes nothing and is not refused", folder, name, value)
				}
			}
		}
	}
	t.Logf("%d values", walked)
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
