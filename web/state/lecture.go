package state

import (
	"maps"

	"kvscope/web/lesson"
)

// Progress is how far somebody is in the lecture. It is replaced, never changed.
type Progress struct {
	Seen   map[string]bool `json:"seen"`   // steps that were on the screen
	Chosen map[string]int  `json:"chosen"` // options of predictions, by step
}

// Prediction is the option that was chosen at a step, -1 before.
func (p Progress) Prediction(at lesson.At) int {
	if option, ok := p.Chosen[at.String()]; ok {
		return option
	}
	return -1
}

func (p Progress) see(at lesson.At) Progress {
	p.Seen = maps.Clone(p.Seen)
	if p.Seen == nil {
		p.Seen = map[string]bool{}
	}
	p.Seen[at.String()] = true
	return p
}

func (p Progress) choose(at lesson.At, option int) Progress {
	p.Chosen = maps.Clone(p.Chosen)
	if p.Chosen == nil {
		p.Chosen = map[string]int{}
	}
	p.Chosen[at.String()] = option
	return p
}

// Query is the picture of a step: its own, or that of the step before until what it asks is
// predicted.
func (p Progress) Query(at lesson.At) string {
	_, step, _ := at.Find()
	if step.Predict != nil && p.Prediction(at) < 0 {
		return at.Before()
	}
	return step.Query
}

// KeepProgress keeps how far the lecture is, and tells the window of notes which step is
// on the screen.
type KeepProgress struct {
	Progress Progress
	At       lesson.At
}

func (KeepProgress) effect() {}

// UseProgress takes up what was kept.
type UseProgress struct{ Progress Progress }

func (a UseProgress) apply(s *Snapshot) []Effect { //nolint:unparam // as every action
	s.Progress = a.Progress
	return nil
}

// Teach goes to a step of the lecture: its picture, or the one before it until what it
// asks is predicted.
type Teach struct{ At lesson.At }

func (a Teach) apply(s *Snapshot) []Effect {
	if _, _, ok := a.At.Find(); !ok {
		return nil
	}
	return s.teach(s.Progress.Query(a.At), a.At, true)
}

// teach shows a picture of the lecture, in the window as it is arranged.
func (s *Snapshot) teach(query string, at lesson.At, push bool) []Effect {
	p := ParseQuery(query)
	p.Lesson, p.Present, p.Wide, p.Speed, p.Hide = at, s.Present, s.Wide, s.Speed, s.Hide
	effects := Restore{p}.apply(s)
	return append(effects, Link{Query: s.Query(), Push: push})
}

// attend notes that the step of the place is on the screen.
func (s *Snapshot) attend() []Effect {
	if _, _, ok := s.Lesson.Find(); !ok {
		return nil
	}
	s.Progress = s.Progress.see(s.Lesson)
	return []Effect{KeepProgress{s.Progress, s.Lesson}}
}

// Turn goes so many steps on in the lecture.
type Turn struct{ By int }

func (a Turn) apply(s *Snapshot) []Effect {
	to := s.Lesson.On(a.By)
	if to == s.Lesson {
		return nil
	}
	return Teach{to}.apply(s)
}

// Predict answers the question of the step on the screen, which shows its picture. What
// was predicted first stays.
type Predict struct{ Option int }

func (a Predict) apply(s *Snapshot) []Effect {
	_, step, ok := s.Lesson.Find()
	if !ok || step.Predict == nil || a.Option < 0 || a.Option >= len(step.Predict.Options) || s.Progress.Prediction(s.Lesson) >= 0 {
		return nil
	}
	s.Progress = s.Progress.choose(s.Lesson, a.Option)
	return s.teach(step.Query, s.Lesson, false)
}

// Again shows the picture of the step as it was, whatever was changed since.
type Again struct{}

func (Again) apply(s *Snapshot) []Effect { return Teach{s.Lesson}.apply(s) }

// LeaveLecture closes the lesson and leaves the picture.
type LeaveLecture struct{}

func (LeaveLecture) apply(s *Snapshot) []Effect {
	s.Lesson = lesson.At{}
	return nil
}

// FreeLecture shows the controls beside a lesson, or hides them.
type FreeLecture struct{}

func (FreeLecture) apply(s *Snapshot) []Effect { //nolint:unparam // as every action
	s.Free = !s.Free
	return nil
}
