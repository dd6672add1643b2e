package model

import (
	"bytes"
	"os"
	"path/filepath"
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
