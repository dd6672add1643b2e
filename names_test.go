package kvscope_test

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kvscope/engine/run"
)

// naming are the files that know the demo model with a memory by its name: the kind of its
// architecture, the list of what is shipped, and files from before headers said what a model is.
var naming = []string{"engine/model/arch.go", "engine/run/demo.go", "engine/trace/event.go"}

var memoryModel = regexp.MustCompile(`\b` + run.DemoMemory + `\b`)

// TestModelsAreNotAskedByName: what a model has is asked of its description. Examples of
// commands may name one.
func TestModelsAreNotAskedByName(t *testing.T) {
	seen := map[string]bool{}
	eachFile(t, token.NewFileSet(), func(path string, f *ast.File) {
		path = filepath.ToSlash(path)
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			switch {
			case err != nil || !memoryModel.MatchString(text) || strings.HasPrefix(text, "kvscope "):
			case slices.Contains(naming, path):
				seen[path] = true
			default:
				t.Errorf("%s: %q names a model, which run.DemoModels does", path, text)
			}
			return true
		})
	})
	for _, path := range naming {
		if !seen[path] {
			t.Errorf("%s names no model: take it off the list", path)
		}
	}
}

// TestDemoModelsAreShipped: the list of what comes with kvscope is of files that do.
func TestDemoModelsAreShipped(t *testing.T) {
	for _, name := range run.DemoModels() {
		for _, file := range []string{"assets/models/" + name + ".safetensors", "assets/training/" + name + ".conf"} {
			if _, err := os.Stat(file); err != nil {
				t.Error(err)
			}
		}
	}
}
