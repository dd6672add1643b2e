package page

import (
	"strings"
	"testing"

	"kvscope/web/api"
)

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
