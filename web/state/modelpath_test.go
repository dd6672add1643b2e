package state

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"kvscope/engine/input"
	"kvscope/engine/run"
)

// TestOpenModel: a path is asked for once, and the model that it is goes into the first
// column, under the method that the column had.
func TestOpenModel(t *testing.T) {
	d := ready(t)
	d.do(Set{"left", "attention:moba"})
	if d.do(OpenModel{"  "}); len(d.effects) != 0 || d.s.Problems["path"] == "" {
		t.Errorf("no path: effects %v, problems %v", d.effects, d.s.Problems)
	}
	if d.do(OpenModel{" a/b.gguf "}); !reflect.DeepEqual(d.effects, []Effect{AskModel{"a/b.gguf"}}) || d.s.Opening != "a/b.gguf" || d.s.Problems["path"] != "" {
		t.Errorf("effects %v, opening %q, problems %v", d.effects, d.s.Opening, d.s.Problems)
	}
	models := append(slices.Clone(d.s.Meta.Models), run.ModelInfo{Name: "b", Arch: "llama", Context: 512})
	d.do(ModelOpened{models})
	if d.s.Form.Left != "b:moba" || d.s.Opening != "" || d.s.Model("b") == nil || len(d.starts()) != 2 {
		t.Errorf("first column %q, opening %q, effects %v", d.s.Form.Left, d.s.Opening, d.effects)
	}
	d.do(OpenModel{"c"}).do(ModelNotOpened{input.Errorf("path", "no file or folder")})
	if d.s.Problems["path"] != "no file or folder" || d.s.Opening != "" || d.s.Form.Left != "b:moba" {
		t.Errorf("problems %v, first column %q", d.s.Problems, d.s.Form.Left)
	}
	d.do(ModelNotOpened{errors.New("lost")})
	if d.s.Problems["path"] != "lost" {
		t.Errorf("problems %v", d.s.Problems)
	}
}
