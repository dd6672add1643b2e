package lab

import (
	"time"

	"kvscope/viz/chart"
	"kvscope/web/api"
	"kvscope/web/state"
)

// Snapshot is everything the page shows. It is a value: an Action makes a new one.
type Snapshot struct {
	state.Chrome
	Place Place // what a link would restore

	Meta     Loaded[api.Meta]
	Form     GridForm
	Problems state.Problems // of the form, by field
	Cost     Loaded[api.Estimate]
	Starting bool
	Refused  string // why an experiment could not be started

	List     Loaded[[]api.Described]
	Open     Loaded[api.Described]
	Pictures Loaded[api.Pictures]
	Decision string         // what was decided last, until it is heard of
	Picked   *Picked        // the row whose examples are shown, nil for none
	Removing bool           // it was asked whether to remove the open experiment
	Removed  *api.Described // what was removed last, to be undone
	Drawing  bool           // the script that draws charts is there

	Unreturned string // why what was removed last does not come back
	Undrawn    string // why the script that draws charts is not there

	costs  int       // changes of the form, to tell late estimates
	opens  int       // experiments opened, to tell late answers
	picks  int       // rows picked
	fresh  time.Time // when pictures were last asked for
	filled bool      // the form has been filled in once
}

// Loaded is something that takes time to come.
type Loaded[T any] struct {
	Phase state.Phase
	Value T
	Err   string
}

// Picked is the row whose examples are shown.
type Picked struct {
	Ref      chart.Ref
	About    string
	Examples Loaded[api.Examples]
}

// become notes what came, or that it did not. What was there before stays.
func (l *Loaded[T]) become(v T, err error) {
	if err != nil {
		l.Phase, l.Err = state.Failed, err.Error()
		return
	}
	l.Phase, l.Value, l.Err = state.Done, v, ""
}

// New is the page before anything is known.
func New() Snapshot {
	s := Snapshot{Chrome: state.Chrome{Theme: state.System}, Place: DefaultPlace()}
	s.Meta.Phase, s.List.Phase = state.Loading, state.Loading
	s.Open.Phase, s.Pictures.Phase, s.Cost.Phase = state.Idle, state.Idle, state.Idle
	return s
}

// Called is the name of a model for people, see ModelName.
func (s *Snapshot) Called(model string) string { return ModelName(s.Meta.Value.Models, model) }

// Choices is the place as it can be shown of the charts there are, and what it offers to
// choose from.
func (s *Snapshot) Choices() (place Place, methods, budgets []string) {
	return s.Place.Choices(s.Pictures.Value.Charts)
}

// Settled is the place as it can be shown of the charts there are.
func (s *Snapshot) Settled() Place {
	place, _, _ := s.Choices()
	return place
}

// Charts lists the charts of that place.
func (s *Snapshot) Charts() []api.Picture {
	all, place := s.Pictures.Value.Charts, s.Settled()
	if place.View != "chance" {
		return place.Shown(all)
	}
	var out []api.Picture
	for _, c := range all {
		if c.View == chart.Chance {
			out = append(out, c)
		}
	}
	return out
}
