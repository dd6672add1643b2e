package page

import (
	"strings"
	"testing"

	"kvscope/engine/run"
	"kvscope/web/api"
	"kvscope/web/state"
)

// TestNamesOfModels: a model is called as its file without the extension, or as its folder, and so
// that an address can name it.
func TestNamesOfModels(t *testing.T) {
	for file, want := range map[string]string{"SmolLM2.gguf": "SmolLM2", "Qwen2.5-0.5B.Q4_K.gguf": "Qwen2.5-0.5B.Q4_K", "a:b.gguf": "a_b", "x+y@3.npz": "x_y_3"} {
		if got := modelOf(file); got != want || state.ParseColumn(got).Model != got {
			t.Errorf("file %q is called %q, want %q", file, got, want)
		}
	}
	for folder, want := range map[string]string{"Qwen2.5-0.5B": "Qwen2.5-0.5B", "Llama-3.2-1B": "Llama-3.2-1B", "a:b.c": "a_b.c"} {
		if got := run.PlainName(folder); got != want || state.ParseColumn(got).Model != got {
			t.Errorf("folder %q is called %q, want %q", folder, got, want)
		}
	}
}

// TestFoldersThatAreNoModel: what a folder lacks is said by the names of its files, and how
// much of it is read.
func TestFoldersThatAreNoModel(t *testing.T) {
	for files, want := range map[string]struct {
		problem string
		weights int
	}{
		"":                           {problem: "It has no files."},
		"config.json tokenizer.json": {problem: "no weights"},
		"pytorch_model.bin":          {problem: "no weights"},
		"a.gguf config.json":         {problem: "GGUF"},
		"config.json model.safetensors other.safetensors":                              {weights: 2},
		"config.json model-1-of-2.safetensors model-2-of-2.safetensors tokenizer.json": {weights: 5},
	} {
		var list []api.SiteFile
		for i, name := range strings.Fields(files) {
			list = append(list, api.SiteFile{Name: name, Size: i + 1})
		}
		problem := notAModel(list)
		if want.problem == "" && problem != "" || !strings.Contains(problem, want.problem) {
			t.Errorf("%q: %q, want %q", files, problem, want.problem)
		}
		if problem == "" && weightsIn(list) != want.weights {
			t.Errorf("%q: weights of %d bytes, want %d", files, weightsIn(list), want.weights)
		}
	}
}
