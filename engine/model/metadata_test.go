package model

import (
	"path/filepath"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
)

// TestConfigSurvivesAFile: what a config writes into a checkpoint's header is read to be
// the same, whatever the architecture.
func TestConfigSurvivesAFile(t *testing.T) {
	for _, name := range append([]string{string(Attention), RATPlus}, decoders...) {
		var m *Model
		if name == string(Attention) || name == RATPlus {
			_, m, _ = golden(t, name)
		} else {
			m, _, _ = decoder(t, name)
		}
		want := m.Config()
		path := filepath.Join(t.TempDir(), "m.safetensors")
		if err := checkpoint.Save(path, want.Metadata(), widened(want, m.Weights()).Tensors(want, "", checkpoint.NewF32)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := Open(path, ops.Reference())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := again.Config(); got != want {
			t.Errorf("%s:\n%+v, want\n%+v", name, got, want)
		}
		if err := again.Close(); err != nil {
			t.Error(err)
		}
		// One of several models in a file, as a training's snapshots are.
		path = filepath.Join(t.TempDir(), "many.safetensors")
		if err := checkpoint.Save(path, want.Metadata(), widened(want, m.Weights()).Tensors(want, "0/", checkpoint.NewF32)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		f, err := checkpoint.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ReadConfig(f, "0/"); err != nil || got != want {
			t.Errorf("%s by a prefix: %v\n%+v, want\n%+v", name, err, got, want)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
