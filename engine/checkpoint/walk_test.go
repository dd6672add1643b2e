package checkpoint

import (
	"os"
	"path/filepath"
	"testing"

	"kvscope/engine/input/inputtest"
)

// TestBrokenFiles breaks a good file of every kind that Parse knows, and reads what is
// left of its tensors.
func TestBrokenFiles(t *testing.T) {
	metadata, tensors := sample()
	good := map[string][]byte{
		"safetensors": encode(t, metadata, tensors),
		"gguf":        archive(t, "small.gguf"),
	}
	files, err := filepath.Glob("testdata/*.npz")
	if err != nil || len(files) < 8 {
		t.Fatalf("%v %v", files, err)
	}
	for _, name := range append(files, release) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		good[filepath.Base(name)] = data
	}
	for name, data := range good {
		inputtest.Broken(t, name, data, 4<<20, 200, useAll)
	}
	index, err := os.ReadFile("testdata/model.safetensors.index.json")
	if err != nil {
		t.Fatal(err)
	}
	inputtest.Broken(t, "index", index, 1<<20, 200, func(data []byte) error {
		_, err := parseIndex(data)
		return err
	})
}

// useAll reads every tensor of a file that can be read.
func useAll(data []byte) error {
	f, err := Parse(data)
	if err != nil {
		return err
	}
	for _, name := range f.Names() {
		x, err := f.Tensor(name)
		if err != nil {
			continue // others do not suffer from one that nobody asked for
		}
		_, _ = x.Float32() // of other types an error
		_, _ = x.Int64()
	}
	return nil
}
