package state

import (
	"strings"

	"kvscope/engine/input"
	"kvscope/engine/run"
)

// OpenModel opens the model at a path on the engine's machine.
type OpenModel struct{ Path string }

func (a OpenModel) apply(s *Snapshot) []Effect {
	path := strings.TrimSpace(a.Path)
	s.Problems = without(s.Problems, "path")
	if path == "" {
		s.Problems["path"] = "empty, write where the model file or folder is on the machine of the server"
		return nil
	}
	s.Opening = path
	return []Effect{AskModel{Path: path}}
}

// ModelOpened shows in the first column the model that was opened, the last of those that
// there are now.
type ModelOpened struct{ Models []run.ModelInfo }

func (a ModelOpened) apply(s *Snapshot) []Effect {
	s.Opening, s.Problems = "", without(s.Problems, "path")
	if len(a.Models) == 0 {
		return nil
	}
	s.Meta.Models = a.Models
	name := a.Models[len(a.Models)-1].Name
	s.Draft = s.Draft.With(ColumnField(0), ColumnSpec{Model: name, Method: s.Draft.Column(0).Method}.String())
	s.say(name + " is open")
	return Submit{}.start(s, true)
}

// ModelNotOpened says why a model was not.
type ModelNotOpened struct{ Err error }

func (a ModelNotOpened) apply(s *Snapshot) []Effect {
	s.Opening, s.Problems = "", without(s.Problems, "path")
	s.Problems["path"] = strings.TrimPrefix(a.Err.Error(), input.Field(a.Err)+": ")
	return nil
}
