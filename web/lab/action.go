package lab

import (
	"time"

	"kvscope/engine/experiment"
	"kvscope/viz/chart"
	"kvscope/web/api"
	"kvscope/web/state"
)

// Action changes a snapshot and says what the page must do about it.
type Action interface {
	apply(s *Snapshot) []Effect
}

// Effect is something only the page can do.
type Effect interface{ effect() }

// AskMeta asks what can be measured, after a while.
type AskMeta struct{ After time.Duration }

// AskList asks for the list, after a while.
type AskList struct{ After time.Duration }

// Estimate asks what a grid would cost, once the form has rested.
type Estimate struct {
	Gen   int
	Grid  experiment.Grid
	After time.Duration
}

// Create starts an experiment.
type Create struct {
	Name string
	Grid experiment.Grid
}

// Get asks for the open experiment.
type Get struct {
	Gen int
	ID  string
}

// AskPictures asks for its charts.
type AskPictures struct {
	Gen       int
	ID, Paper string
}

// Follow hears how it is doing, from now on and of no other.
type Follow struct {
	Gen int
	ID  string
}

// Unfollow hears of none.
type Unfollow struct{}

// Decide pauses, resumes or cancels it.
type Decide struct {
	Gen      int
	ID, What string
}

// Forget removes it.
type Forget struct {
	Gen       int
	Described api.Described
}

// Recreate asks for a removed experiment again, as far as it was.
type Recreate struct{ Described api.Described }

// AskExamples asks for the examples of a row.
type AskExamples struct {
	Gen int
	ID  string
	Ref chart.Ref
}

// NeedScript loads the script that draws charts, once.
type NeedScript struct{ Path string }

// Link makes the address say Query. A link that is pushed can be gone back from.
type Link struct {
	Query string
	Push  bool
}

// KeepAround keeps a choice of what every page has around it.
type KeepAround struct{ Choice state.Effect }

func (AskMeta) effect()     {}
func (AskList) effect()     {}
func (Estimate) effect()    {}
func (Create) effect()      {}
func (Get) effect()         {}
func (AskPictures) effect() {}
func (Follow) effect()      {}
func (Unfollow) effect()    {}
func (Decide) effect()      {}
func (Forget) effect()      {}
func (Recreate) effect()    {}
func (AskExamples) effect() {}
func (NeedScript) effect()  {}
func (Link) effect()        {}
func (KeepAround) effect()  {}

// Do applies an action. It leaves s as it was. A change of the place writes one address:
// another experiment can be gone back from, another look at one cannot.
func (s Snapshot) Do(a Action) (Snapshot, []Effect) {
	before := s.Place
	effects := a.apply(&s)
	if _, restores := a.(Restore); !restores && s.Place != before {
		_, opens := a.(Open)
		_, created := a.(Created)
		effects = append(effects, Link{Query: s.Place.Query(), Push: opens || created})
	}
	return s, effects
}

// Around is an action on what every page has around it.
type Around struct{ Do state.Action }

func (a Around) apply(s *Snapshot) []Effect {
	var out []Effect
	for _, e := range s.Chrome.Do(a.Do) {
		out = append(out, KeepAround{e})
	}
	return out
}
