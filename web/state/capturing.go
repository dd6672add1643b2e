package state

import (
	"slices"

	"kvscope/engine/run"
)

// Captured says that queries and keys of a file can be chosen as a model, and shows them
// in a column.
type Captured struct {
	Side int
	Info run.ModelInfo
}

func (a Captured) apply(s *Snapshot) []Effect {
	models := slices.DeleteFunc(slices.Clone(s.Meta.Models), func(m run.ModelInfo) bool { return m.Name == a.Info.Name })
	s.Meta.Models = append(models, a.Info)
	side := min(a.Side, s.Draft.Columns(), Sides-1)
	spec := s.Draft.Column(side)
	spec.Model, spec.Memory = a.Info.Name, ""
	s.Draft = s.Draft.With(ColumnField(side), spec.String())
	s.Columns[side].Unopened = Problem{}
	effects := Submit{}.apply(s)
	s.Toast = a.Info.Name + " is open: methods are replayed on its queries and keys"
	return effects
}
