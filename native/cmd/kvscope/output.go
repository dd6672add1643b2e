package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/native/whole"
)

// notInput refuses to write what a flag names over a file that is read, or over one in a folder
// that is.
func notInput(flag, out string, inputs ...string) error {
	same := func(file string) bool { return sameFile(file, out) }
	for _, in := range inputs {
		for _, one := range append(strings.Split(in, run.AdapterJoint), in) { // an adapter over a model
			files := []string{one}
			if entries, err := os.ReadDir(one); err == nil {
				for _, e := range entries {
					files = append(files, filepath.Join(one, e.Name()))
				}
			}
			if slices.ContainsFunc(files, same) {
				return input.Errorf(flag, "%s is an input, which would be lost: name another", out)
			}
		}
	}
	return nil
}

// sameFile reports whether both are names of one file that is there.
func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// samePath reports whether both are names of one file, which need not be there.
func samePath(a, b string) bool {
	one, err := filepath.Abs(a)
	if err != nil {
		return false
	}
	other, err := filepath.Abs(b)
	return err == nil && one == other || sameFile(a, b)
}

// save writes tensors to the file that --out names.
func save(out string, metadata map[string]string, tensors []checkpoint.Tensor) error {
	if err := checkpoint.Save(out, metadata, tensors); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return nil
}

// writeFile writes the file that a flag names, all of it or nothing.
func writeFile(flag, path string, content []byte) error {
	if err := whole.Write(path, content, 0o644); err != nil {
		return input.Errorf(flag, "%v", err)
	}
	return nil
}
