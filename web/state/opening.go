package state

import (
	"slices"
	"strings"

	"kvscope/engine/lens"
	"kvscope/engine/run"
	"kvscope/web/picture"
)

// LetGo forgets the file that a column showed, which a reload would open again.
type LetGo struct{ Side int }

func (LetGo) effect() {}

// Opened shows a run from a file in a column; of attention maps, those.
type Opened struct {
	Side  int
	Name  string
	Run   *picture.Run
	Heads lens.Heads // nil when the file has none
	Again bool       // after a reload, on which the eye rests where it did
}

func (a Opened) apply(s *Snapshot) []Effect {
	c := &s.Columns[a.Side]
	effects := cancel(c.Gen(), c.Base.start())
	s.runs++
	*c = Column{Version: c.Version + 1, Status: Finished{Content{Run: a.Run, Gen: s.runs, Of: File{a.Name, a.Heads}}}}
	s.lookAtMaps(a.Run, a.Again)
	if !a.Again {
		s.Line, s.PinnedBlock, s.Token, s.Playing = Auto, None, None, false
		said := a.Name + " is open"
		if h := a.Run.Header; h.Method == "" && len(h.Ignored) > 0 {
			said += "; ignored, as attention maps have no use for it: " + strings.Join(h.Ignored, ", ")
		}
		s.say(said)
	}
	return effects
}

// lookAtMaps shows maps as such, of a head that they have; the view stays after a reload.
func (s *Snapshot) lookAtMaps(r *picture.Run, again bool) {
	h := r.Header
	if h.Method != "" {
		return
	}
	if !again {
		s.view(s.viewOf(NeedsStates))
	}
	if s.Head == nil || s.Head.Layer >= h.Layers || s.Head.Head >= h.Heads {
		s.Head = &picture.Head{}
	}
}

// Awaited says that a column is about to show a file that was open before a reload.
type Awaited struct {
	Side int
	Name string
}

func (a Awaited) apply(s *Snapshot) []Effect {
	c := &s.Columns[a.Side]
	*c = Column{Status: Opening{a.Name}, Version: c.Version + 1}
	return nil
}

// TextOpened puts the text of a file into the form, as if it had been pasted. What has
// its question, as RULER's examples do, is run.
type TextOpened struct{ Name, Text string }

func (a TextOpened) apply(s *Snapshot) []Effect {
	effects := slices.Concat(Set{Field: "source", Value: string(FromText)}.apply(s), Set{Field: "text", Value: a.Text}.apply(s))
	s.say(a.Name + " is in the text field")
	if !s.Draft.RULER() {
		return effects
	}
	effects = append(effects, Set{Field: "seed", Value: "1"}.apply(s)...)
	return append(effects, Submit{}.apply(s)...)
}

// NotOpened says at a column why a file cannot be opened there. What it shows stays.
type NotOpened struct {
	Side    int
	Name    string
	Problem string
}

func (a NotOpened) apply(s *Snapshot) []Effect {
	c := &s.Columns[a.Side]
	if _, awaits := c.Status.(Opening); awaits {
		*c = Column{Status: Empty{}, Version: c.Version}
	}
	c.Unopened = Problem{Message: a.Name + " cannot be opened", Advice: a.Problem}
	s.say("")
	c.Version++
	return nil
}

// ModelBrought shows a model that somebody brought in a column, and runs the draft with it.
type ModelBrought struct {
	Side  int
	Model run.ModelInfo
}

func (a ModelBrought) apply(s *Snapshot) []Effect {
	others := slices.DeleteFunc(slices.Clone(s.Meta.Models), func(m run.ModelInfo) bool { return m.Name == a.Model.Name })
	s.Meta.Models = append(others, a.Model)
	s.Columns[a.Side].Unopened = Problem{}
	s.say(a.Model.Name + " is loaded")
	for side := s.Draft.Columns(); side <= a.Side; side++ {
		s.Draft = s.Draft.With(ColumnField(side), ColumnSpec{Model: a.Model.Name}.String())
	}
	spec := s.Draft.Column(a.Side)
	spec.Model = a.Model.Name
	s.Draft = s.Draft.With(ColumnField(a.Side), spec.String())
	return Submit{}.start(s, true)
}

// Dismiss takes the message of NotOpened away.
type Dismiss struct{ Side int }

func (a Dismiss) apply(s *Snapshot) []Effect {
	c := &s.Columns[a.Side]
	c.Unopened = Problem{}
	c.Version++
	return nil
}

// letGo forgets the file that a column shows, if it does.
func (s *Snapshot) letGo(side int) []Effect {
	if s.Columns[side].File() == "" {
		return nil
	}
	return []Effect{LetGo{Side: side}}
}
