package lab

import (
	"slices"
	"time"

	"kvscope/viz/chart"
	"kvscope/web/api"
	"kvscope/web/state"
)

// Open shows an experiment.
type Open struct{ ID string }

func (a Open) apply(s *Snapshot) []Effect {
	if a.ID == s.Place.ID && s.Open.Phase == state.Done {
		return nil
	}
	return s.open(a.ID)
}

// Restore shows what a link says.
type Restore struct{ Place Place }

func (a Restore) apply(s *Snapshot) []Effect {
	before := s.Place
	s.Place = a.Place
	switch {
	case a.Place.ID != before.ID:
		return s.open(a.Place.ID)
	case a.Place.Paper != before.Paper:
		return s.askPictures()
	}
	return nil
}

// open asks for an experiment and follows it; "" is none.
func (s *Snapshot) open(id string) []Effect {
	s.Place.ID = id
	s.opens++
	s.Removing, s.Picked, s.fresh = false, nil, time.Time{}
	s.Open, s.Pictures = Loaded[api.Described]{Phase: state.Idle}, Loaded[api.Pictures]{Phase: state.Idle}
	if id == "" {
		return []Effect{Unfollow{}}
	}
	s.Open.Phase, s.Pictures.Phase = state.Loading, state.Loading
	return append(s.refresh(), Follow{Gen: s.opens, ID: id})
}

// refresh asks for the open experiment and its charts.
func (s *Snapshot) refresh() []Effect {
	return append([]Effect{Get{Gen: s.opens, ID: s.Place.ID}}, s.askPictures()...)
}

func (s *Snapshot) askPictures() []Effect {
	if s.Place.ID == "" {
		return nil
	}
	return []Effect{AskPictures{Gen: s.opens, ID: s.Place.ID, Paper: s.Place.Paper}}
}

// Got is the open experiment.
type Got struct {
	Gen       int
	Described api.Described
	Err       error
}

func (a Got) apply(s *Snapshot) []Effect {
	if a.Gen == s.opens {
		s.Open.become(a.Described, a.Err)
	}
	return nil
}

// PicturesArrived is its charts, beside a table of the paper.
type PicturesArrived struct {
	Gen      int
	Paper    string
	Pictures api.Pictures
	Err      error
}

func (a PicturesArrived) apply(s *Snapshot) []Effect {
	if a.Gen != s.opens || a.Paper != s.Place.Paper {
		return nil
	}
	s.Pictures.become(a.Pictures, a.Err)
	if a.Err != nil {
		return nil
	}
	return []Effect{NeedScript{Path: a.Pictures.Script}}
}

// ScriptLoaded says that charts can be drawn, or why not.
type ScriptLoaded struct{ Err error }

func (a ScriptLoaded) apply(s *Snapshot) []Effect {
	s.Drawing, s.Undrawn = a.Err == nil, ""
	if a.Err != nil {
		s.Undrawn = a.Err.Error()
	}
	return nil
}

// refreshEvery is how often charts of a running experiment are drawn anew.
const refreshEvery = 3 * time.Second

// Heard says how the open experiment is doing.
type Heard struct {
	Gen    int
	Status api.Status
	At     time.Time
}

func (a Heard) apply(s *Snapshot) []Effect {
	if a.Gen != s.opens {
		return nil
	}
	return s.heard(a.Status, a.At)
}

func (s *Snapshot) heard(now api.Status, at time.Time) []Effect {
	before := s.Open.Value.Status
	s.Open.Value = withStatus(s.Open.Value, now)
	s.List.Value = slices.Clone(s.List.Value)
	for i, x := range s.List.Value {
		if x.ID == s.Place.ID {
			s.List.Value[i] = withStatus(x, now)
		}
	}
	var effects []Effect
	ended := now.Over || now.State == api.Cancelled
	if ended {
		effects = append(effects, Unfollow{}) // a stream that is over would be asked for again
		if !before.Over && before.State != api.Cancelled {
			effects = append(effects, s.change(s.Form)...) // some of it is known now
		}
	}
	if s.fresh.IsZero() {
		s.fresh = at // opening it has asked already
	}
	changed := now.Done != before.Done || now.Failed != before.Failed
	if changed && (ended || at.Sub(s.fresh) > refreshEvery) {
		s.fresh = at
		effects = append(effects, s.refresh()...)
	}
	return effects
}

// withStatus is x as it is doing now.
func withStatus(x api.Described, s api.Status) api.Described {
	x.Status, x.State = s, s.State
	return x
}

// Choose pauses, resumes or cancels the open experiment.
type Choose struct{ What string }

func (a Choose) apply(s *Snapshot) []Effect {
	s.Decision = a.What
	return []Effect{Decide{Gen: s.opens, ID: s.Place.ID, What: a.What}}
}

// Decided says what came of it.
type Decided struct {
	Gen       int
	What      string
	Described api.Described
	Err       error
	At        time.Time
}

func (a Decided) apply(s *Snapshot) []Effect {
	s.Decision = ""
	switch {
	case a.Gen != s.opens:
		return nil
	case a.Err != nil:
		s.Open.Err = a.Err.Error()
		return nil
	}
	effects := s.heard(a.Described.Status, a.At)
	if a.What == "resume" {
		effects = append(effects, Follow{Gen: s.opens, ID: s.Place.ID})
	}
	return effects
}

// AskRemove asks whether to remove the open experiment, or no longer.
type AskRemove struct{ Ask bool }

func (a AskRemove) apply(s *Snapshot) []Effect {
	s.Removing = a.Ask
	return nil
}

// Remove removes it.
type Remove struct{}

func (Remove) apply(s *Snapshot) []Effect {
	return []Effect{Forget{Gen: s.opens, Described: s.Open.Value}}
}

// Gone says what became of that. Another experiment that was opened meanwhile stays open.
type Gone struct {
	Gen       int
	Described api.Described
	Err       error
}

func (a Gone) apply(s *Snapshot) []Effect {
	open := a.Gen == s.opens
	if open {
		s.Removing = false
	}
	switch {
	case a.Err != nil && open:
		s.Open.Err = a.Err.Error()
		return nil
	case a.Err != nil:
		return []Effect{AskList{}}
	}
	s.Removed, s.Unreturned = &a.Described, ""
	if open {
		return append(s.open(""), AskList{})
	}
	return []Effect{AskList{}}
}

// Undo asks for the removed experiment again, under its name and as far as it was: its
// cells are known.
type Undo struct{}

func (Undo) apply(s *Snapshot) []Effect {
	if s.Removed == nil {
		return nil
	}
	s.Unreturned = ""
	return []Effect{Recreate{*s.Removed}}
}

// Dismiss no longer offers it.
type Dismiss struct{}

func (Dismiss) apply(s *Snapshot) []Effect { //nolint:unparam // as every action
	s.Removed = nil
	return nil
}

// Look changes what is looked at of the open experiment: its view, method, budget or
// paper, as in an address.
type Look struct{ Field, Value string }

func (a Look) apply(s *Snapshot) []Effect {
	settled := s.Settled()
	paper := s.Place.Paper
	switch a.Field {
	case "view":
		s.Place.View = a.Value
	case "paper":
		s.Place.Paper = a.Value
	case "method":
		settled.Method = a.Value
		s.Place = settled
	case "budget":
		settled.Budget = a.Value
		s.Place = settled
	}
	if s.Place.Paper != paper {
		return s.askPictures()
	}
	return nil
}

// Pick shows the examples behind a point of a chart or a row of the table.
type Pick struct {
	Ref   chart.Ref
	About string
}

func (a Pick) apply(s *Snapshot) []Effect {
	s.picks++
	s.Picked = &Picked{Ref: a.Ref, About: a.About, Examples: Loaded[api.Examples]{Phase: state.Loading}}
	return []Effect{AskExamples{Gen: s.picks, ID: s.Place.ID, Ref: a.Ref}}
}

// Unpick hides them.
type Unpick struct{}

func (Unpick) apply(s *Snapshot) []Effect {
	s.Picked = nil
	return nil
}

// ExamplesArrived brings the examples that were asked for.
type ExamplesArrived struct {
	Gen      int
	Examples api.Examples
	Err      error
}

func (a ExamplesArrived) apply(s *Snapshot) []Effect {
	if s.Picked != nil && a.Gen == s.picks {
		p := *s.Picked
		p.Examples.become(a.Examples, a.Err)
		s.Picked = &p
	}
	return nil
}
