package train

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"kvscope/engine/input/inputtest"
)

// TestBrokenConfigs breaks the configuration of a training.
func TestBrokenConfigs(t *testing.T) {
	inputtest.Broken(t, "config", []byte(smallConfig), 1<<20, 400, func(data []byte) error {
		_, err := ParseConfig(bytes.NewReader(data))
		return err
	})
}

// TestBrokenStates breaks the state of a training that was stopped, and goes on with it.
func TestBrokenStates(t *testing.T) {
	dir := t.TempDir()
	r := smallRun(t, dir, false, nil)
	path := filepath.Join(dir, "state.safetensors")
	if err := r.save(path); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	inputtest.Broken(t, "state", good, 1<<20, 100, func(data []byte) error {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return r.restore(path)
	})
}
