package state

import (
	"fmt"
	"slices"
	"strings"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

// Captured says that queries and keys of a file can be chosen as a model, and shows them
// in a column. What the file says of a method is put into the form, where it is seen, kept in
// the address and gone back from.
type Captured struct {
	Side    int
	Info    run.ModelInfo
	Asks    sparse.Config // what the file says of a method, empty for nothing
	Ignored []string      // names in the file that the method makes nothing of
	Refused error         // why the form is not given what the file says
}

func (a Captured) apply(s *Snapshot) []Effect {
	models := slices.DeleteFunc(slices.Clone(s.Meta.Models), func(m run.ModelInfo) bool { return m.Name == a.Info.Name })
	s.Meta.Models = append(models, a.Info)
	side := min(a.Side, s.Draft.Columns(), Sides-1)
	spec := s.Draft.Column(side)
	spec.Model, spec.Memory = a.Info.Name, ""
	if a.Asks.Method != "" {
		spec.Method = ""
	}
	s.Draft = s.Draft.asking(a.Asks).With(ColumnField(side), spec.String())
	s.Columns[side].Unopened = Problem{}
	effects := Submit{}.apply(s)
	if a.Refused != nil {
		s.Columns[side].Unopened = Problem{
			Message: a.Info.Name + " is open, without what it says of a method",
			Advice:  a.Refused.Error() + ". What the form says counts.",
		}
	}
	s.say(a.said())
	return effects
}

// said is what is heard of the file.
func (a Captured) said() string {
	var asks []string
	if a.Asks.Method != "" {
		asks = append(asks, a.Asks.Method)
	}
	for _, name := range a.Asks.Values.Names() {
		asks = append(asks, strings.ReplaceAll(name, "_", " ")+" "+a.Asks.Values[name])
	}
	said := a.Info.Name + " is open: methods are replayed on its queries and keys"
	if len(asks) > 0 {
		said = fmt.Sprintf("%s is open, and the form has what it says: %s", a.Info.Name, strings.Join(asks, ", "))
	}
	if len(a.Ignored) > 0 {
		said += "; ignored: " + strings.Join(a.Ignored, ", ")
	}
	return said
}

// asking is the form with a method and parameters as a file says them. How much is read is
// said by k or by the budget: either takes the other's place.
func (f Form) asking(c sparse.Config) Form {
	if c.Method != "" {
		f.Method = c.Method
	}
	if c.Selector != "" {
		f.Selector = c.Selector
	}
	if c.Values["k"]+c.Values["budget"] != "" {
		f = f.With("k", "").With("budget", "")
	}
	for _, name := range c.Values.Names() {
		f = f.With(name, c.Values[name])
	}
	return f
}
