package state

import (
	"reflect"
	"time"

	"kvscope/engine/lens"
	"kvscope/engine/run"
	"kvscope/web/picture"
)

// Action changes a snapshot and says what the page must do about it.
type Action interface {
	apply(s *Snapshot) []Effect
}

// Effect is something only the page can do.
type Effect interface{ effect() }

// Start asks for a run in a column. Earlier runs of the column are over.
type Start struct {
	Side, Gen int
	Request   run.Request
}

// Cancel stops a run.
type Cancel struct{ Gen int }

// AskHead asks for what a head of a column's run saw, of the file that the run was opened from
// where there is one.
type AskHead struct {
	Side, Gen int
	Request   run.Request
	Head      picture.Head
	Heads     lens.Heads // of the file, else nil
}

// Save writes something of a column to a file.
type Save struct {
	Side int
	What Export
}

// CopyLink puts the address into the clipboard. Note says what it lacks.
type CopyLink struct{ Note string }

// KeepRun puts the run of a column among the traces.
type KeepRun struct{ Side int }

// CopyCommand puts the line that asks for a request into the clipboard.
type CopyCommand struct{ Request run.Request }

// Link makes the address say Query. A link that is pushed can be gone back from.
type Link struct {
	Query string
	Push  bool
}

// AskMeta asks what can be asked for, after a while.
type AskMeta struct{ After time.Duration }

// KeepTheme keeps the choice of colours.
type KeepTheme struct{ Theme Theme }

// KeepLetters keeps the choice whether letters are keys.
type KeepLetters struct{ Off bool }

// Wait asks for a Tick after a while.
type Wait struct {
	Gen int
	For time.Duration
}

// AskModel asks the engine to open a model.
type AskModel struct{ Path string }

// ShowNeedle scrolls the prompts to the needle.
type ShowNeedle struct{}

// FocusTask moves the keyboard to the tasks.
type FocusTask struct{}

func (Start) effect()      {}
func (Cancel) effect()     {}
func (Link) effect()       {}
func (AskMeta) effect()    {}
func (KeepTheme) effect()  {}
func (Wait) effect()       {}
func (ShowNeedle) effect() {}
func (FocusTask) effect()  {}
func (AskHead) effect()    {}
func (AskModel) effect()   {}
func (Save) effect()       {}
func (CopyLink) effect()   {}

func (KeepRun) effect()     {}
func (CopyCommand) effect() {}
func (KeepLetters) effect() {}

// Do applies an action. It leaves s as it was.
func (s Snapshot) Do(a Action) (Snapshot, []Effect) {
	before, said := s.Place, s.Toast
	effects := append(a.apply(&s), s.askHeads()...)
	effects = append(append(effects, s.outdated()...), s.unasked()...)
	effects = append(append(effects, s.askDense()...), s.askQuestions()...)
	effects = append(append(effects, s.askSteps()...), s.fade(said)...)
	for _, e := range effects {
		if _, links := e.(Link); links {
			return s, effects
		}
	}
	// Where the eye rests goes into the address without a trace in the history.
	if _, restores := a.(Restore); !restores && !reflect.DeepEqual(s.Place, before) {
		effects = append(effects, Link{Query: s.Query()})
	}
	return s, effects
}
