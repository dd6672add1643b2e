package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"kvscope/assets"
	"kvscope/engine/checkpoint"
	"kvscope/engine/run"
	"kvscope/engine/tokenizer"
	"kvscope/native/simd"
)

// demoEngine loads the models that ship with the program.
func demoEngine() (*run.Engine, error) {
	e := run.NewEngine(tokenizer.New(), simd.Best())
	names, err := fs.Glob(assets.Models(), "*.safetensors") // sorted
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		data, err := fs.ReadFile(assets.Models(), name)
		if err != nil {
			return nil, err
		}
		f, err := checkpoint.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("model %s: %w", name, err)
		}
		if err := e.Add(strings.TrimSuffix(name, ".safetensors"), f.Metadata["note"], f); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// engineWith is demoEngine plus the model at path, when name is one: a file, or a
// folder with a model.safetensors. It returns the name to ask for.
func engineWith(name string) (*run.Engine, string, error) {
	e, err := demoEngine()
	if err != nil {
		return nil, "", err
	}
	info, err := os.Stat(name)
	if err != nil {
		return e, name, nil
	}
	path := name
	if info.IsDir() {
		path = filepath.Join(name, "model.safetensors")
	}
	f, err := checkpoint.Open(path)
	if err != nil {
		return nil, "", fmt.Errorf("model: %w", err)
	}
	defer f.Close()
	return e, name, e.Add(name, path, f)
}
