package lab

import (
	"slices"
	"time"

	"kvscope/engine/experiment"
	"kvscope/web/api"
	"kvscope/web/client"
	"kvscope/web/state"
)

const (
	// again is how long to wait before asking a lost lab again.
	again = 2 * time.Second
	// settle is how long the form must rest before its cost is asked for.
	settle = 500 * time.Millisecond
)

// MetaArrived says what can be measured, or why that is not known.
type MetaArrived struct {
	Meta api.Meta
	Err  error
}

func (a MetaArrived) apply(s *Snapshot) []Effect {
	s.Meta.become(a.Meta, a.Err)
	if a.Err != nil {
		return []Effect{AskMeta{After: again}}
	}
	if s.filled {
		return nil
	}
	return s.change(FormOf(experiment.Presets(a.Meta.Models)[0]))
}

// UsePreset fills the form in with a preset.
type UsePreset struct{ ID string }

func (a UsePreset) apply(s *Snapshot) []Effect {
	for _, p := range experiment.Presets(s.Meta.Value.Models) {
		if p.ID == a.ID {
			return s.change(FormOf(p))
		}
	}
	return nil
}

// Tick ticks a value of a list of the form, or unticks it.
type Tick struct{ List, Value string }

func (a Tick) apply(s *Snapshot) []Effect {
	return s.change(s.Form.Toggle(a.List, a.Value, s.Offered(a.List)))
}

// Offered lists the values of a list: those there are, and those ticked that are gone.
func (s *Snapshot) Offered(list string) []string {
	all := GridChoices(list, s.Meta.Value.Models)
	for _, v := range s.Form.Lists[list] {
		if !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	return all
}

// Write changes a text of the form.
type Write struct{ Field, Text string }

func (a Write) apply(s *Snapshot) []Effect { return s.change(s.Form.Write(a.Field, a.Text)) }

// CopyGrid fills the form with the grid of the open experiment.
type CopyGrid struct{}

func (CopyGrid) apply(s *Snapshot) []Effect {
	x := s.Open.Value
	return s.change(FormOf(experiment.Preset{Name: x.Name, Grid: x.Grid}))
}

// change takes a new form and asks what it would cost.
func (s *Snapshot) change(f GridForm) []Effect {
	s.Form, s.Refused, s.filled = f, "", true
	g, problems := f.Grid()
	s.Problems = problems
	s.costs++
	if len(problems) > 0 {
		s.Cost = Loaded[api.Estimate]{Phase: state.Idle}
		return nil
	}
	s.Cost.Phase = state.Loading
	return []Effect{Estimate{Gen: s.costs, Grid: g, After: settle}}
}

// Estimating reports whether an estimate is still of the form.
func (s *Snapshot) Estimating(gen int) bool { return gen == s.costs }

// Estimated says what the form would cost.
type Estimated struct {
	Gen  int
	Cost api.Estimate
	Err  error
}

func (a Estimated) apply(s *Snapshot) []Effect {
	if s.Estimating(a.Gen) {
		s.blame(a.Err)
		s.Cost.become(a.Cost, a.Err)
	}
	return nil
}

// blame puts an error to its field, where it has one.
func (s *Snapshot) blame(err error) {
	if err == nil {
		return
	}
	if field, problem := state.Blame(err); field != "" {
		s.Problems = state.Problems{field: problem}
	}
}

// Start starts what the form asks for.
type Start struct{}

func (Start) apply(s *Snapshot) []Effect {
	g, problems := s.Form.Grid()
	if s.Problems = problems; len(problems) > 0 || s.Starting {
		return nil
	}
	s.Starting, s.Refused = true, ""
	return []Effect{Create{Name: s.Form.Name, Grid: g}}
}

// Created says what became of the experiment that was started, or asked for again.
type Created struct {
	Described api.Described
	Undone    bool // asked for again
	Err       error
}

func (a Created) apply(s *Snapshot) []Effect {
	if a.Undone {
		if a.Err != nil {
			s.Unreturned = a.Err.Error()
			return nil
		}
		s.Removed = nil
		return append(s.open(a.Described.ID), AskList{})
	}
	s.Starting = false
	if a.Err != nil {
		s.blame(a.Err)
		s.Refused = a.Err.Error()
		return nil
	}
	return append(s.open(a.Described.ID), AskList{})
}

// ListArrived is the experiments there are, newest first.
type ListArrived struct {
	List []api.Described
	Err  error
}

func (a ListArrived) apply(s *Snapshot) []Effect {
	s.List.become(a.List, a.Err)
	switch {
	case client.IsLost(a.Err):
		return []Effect{AskList{After: again}}
	case a.Err == nil && s.Place.ID == "" && len(a.List) > 0:
		return s.open(a.List[0].ID)
	}
	return nil
}
