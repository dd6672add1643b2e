package checkpoint

import (
	"bytes"
	"encoding/binary"
	"fmt"
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

// useAll reads every tensor of a file that can be read, at once and in parts.
func useAll(data []byte) error {
	_, _ = ReadMetadata(bytes.NewReader(data)) // of other kinds an error
	if part, err := ParseAt(bytes.NewReader(data), int64(len(data))); err == nil {
		useTensors(part)
	}
	f, err := Parse(data)
	if err != nil {
		return err
	}
	useTensors(f)
	return nil
}

func useTensors(f *File) {
	for _, name := range f.Names() {
		x, err := f.Tensor(name)
		if err != nil {
			continue // others do not suffer from one that nobody asked for
		}
		_, _ = x.Float32() // of other types an error
		_, _ = x.Int64()
	}
}

// TestWalkHeaders gives every field of the header of a safetensors file, and of an index,
// values of every kind. Other readers skip what they do not know of a tensor, too.
func TestWalkHeaders(t *testing.T) {
	const header = `{"__metadata__": {"format": "pt"}, "a": {"dtype": "I8", "shape": [3], "data_offsets": [0, 3]}}`
	same := map[string][]string{"a.shape.*": {"3"}}
	inputtest.WalkJSON(t, "header", header, []string{"a.unknown", "__metadata__.unknown"}, same, func(text []byte) (string, error) {
		file := append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...)
		f, err := Parse(append(file, 1, 2, 3))
		if err != nil {
			return "", err
		}
		a, err := f.Tensor("a")
		return fmt.Sprint(f.Metadata, f.Names(), a), err
	})
	const index = `{"metadata": {"total_size": 3}, "weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}`
	inputtest.WalkJSON(t, "index", index, []string{"metadata", "unknown"}, nil, func(text []byte) (string, error) {
		shards, err := parseIndex(text)
		return fmt.Sprint(shards), err
	})
}
