package main

import (
	"strings"

	"kvscope/engine/input"
	"kvscope/engine/run"
)

// defaultModel answers where none is named.
const defaultModel = run.DemoMemory

// modelUsage is the help of --model.
func modelUsage() string {
	return strings.Join(run.DemoModels(), ", ") + ", or a model `file` or folder"
}

// errNoModel says that --model, which has no default, is missing.
func errNoModel() error {
	return input.Errorf("model", "missing, want %s", strings.ReplaceAll(modelUsage(), "`", ""))
}
