package state

import (
	"math"
	"slices"
	"time"

	"kvscope/engine/history"
	"kvscope/engine/run"
)

// Training is the training of a column's model: the steps that it kept, each a model too.
// The last is the model as it is shipped.
type Training struct {
	Model   string          // as it is shipped
	Points  []history.Point // of the steps, in order
	Answers []Answer        // by step, to what the column was asked last; Phase "" where not known
	At      int             // the step that is chosen
	Learned int             // grows with every change of Answers
}

// Training returns the training of the model that a column was asked for last, nil where no
// steps of it are there.
func (s *Snapshot) Training(side int) *Training {
	c := &s.Columns[side]
	name := c.Model()
	if of, _, ok := run.CutStep(name); ok && s.Model(name) != nil {
		name = of
	}
	m := s.Model(name)
	if m == nil || len(m.Steps) == 0 || c.File() != "" {
		return nil
	}
	t := &Training{Model: name, Points: m.Steps, Learned: s.learned}
	t.At = t.index(c.Model())
	if s.scrub.moves && s.scrubs(s.scrub.side, side) {
		t.At = t.nearest(s.scrub.step)
	}
	if on := c.On(); on != nil && on.scored() {
		for i := range t.Points {
			t.Answers = append(t.Answers, s.answers[asking{t.name(i), on.of.rest}])
		}
	}
	return t
}

// name returns the name of the model of a step.
func (t *Training) name(at int) string {
	if at == len(t.Points)-1 {
		return t.Model
	}
	return run.StepName(t.Model, t.Points[at].Step)
}

// index is the step of the model of a name.
func (t *Training) index(name string) int {
	_, step, _ := run.CutStep(name)
	if at := slices.IndexFunc(t.Points, func(p history.Point) bool { return p.Step == step }); at >= 0 {
		return at
	}
	return len(t.Points) - 1
}

// nearest is the step that is nearest to another model's.
func (t *Training) nearest(step int) int {
	best, least := 0, math.MaxInt
	for i, p := range t.Points {
		if apart := max(p.Step-step, step-p.Step); apart < least {
			best, least = i, apart
		}
	}
	return best
}

// The options of a view of the training.
const (
	ApartOption = "apart" // each column has a slider of its own
	EveryOption = "every" // the question is asked at every step, also by an engine in the page
)

// scrub is a slider on its way: it has been moved and has not come to rest.
type scrub struct {
	moves      bool
	side, step int
	gen        int
}

// scrubs reports whether a column follows the slider of another, or is it.
func (s *Snapshot) scrubs(slider, side int) bool {
	return slider == side || s.Option(ApartOption) == ""
}

// restsAfter is how long a slider stays where it is until it is taken to rest there: longer
// than a held arrow key takes from one step to the next.
const restsAfter = 250 * time.Millisecond

// Rest asks for a Rested after a while.
type Rest struct {
	Gen int
	For time.Duration
}

func (Rest) effect() {}

// Scrub moves the slider of a column to a step of the training. Nothing runs before it
// rests.
type Scrub struct{ Side, At int }

func (a Scrub) apply(s *Snapshot) []Effect {
	t := s.Training(a.Side)
	if t == nil || a.At < 0 || a.At >= len(t.Points) {
		return nil
	}
	s.scrub = scrub{moves: true, side: a.Side, step: t.Points[a.At].Step, gen: s.scrub.gen + 1}
	return []Effect{Rest{Gen: s.scrub.gen, For: restsAfter}}
}

// Rested says that the slider was not moved for a while, and runs the question at the step
// that it rests at: in every column that follows it.
type Rested struct{ Gen int }

func (a Rested) apply(s *Snapshot) []Effect {
	if !s.scrub.moves || a.Gen != s.scrub.gen {
		return nil
	}
	before := s.Draft
	for side := range s.Draft.Columns() {
		if t := s.Training(side); t != nil && s.scrubs(s.scrub.side, side) {
			spec := s.Draft.Column(side)
			spec.Model = t.name(t.At)
			s.Draft = s.Draft.With(ColumnField(side), spec.String())
		}
	}
	s.scrub.moves = false
	if s.Draft.Equal(before) {
		return nil
	}
	return s.submitInPlace()
}

// AsksSteps reports whether the question is asked at every step: unasked where that costs the
// page nothing.
func (s *Snapshot) AsksSteps() bool { return s.Engine.Apart || s.Option(EveryOption) != "" }

// askSteps asks, where the view says so and nothing else runs, what comes of the columns'
// question at the steps of training where that is not known: one a column at a time.
func (s *Snapshot) askSteps() []Effect {
	if !s.AsksSteps() || !s.Viewed().has(EveryOption) || s.Running() || s.MetaPhase != Done {
		return nil
	}
	var out []Effect
	for side := range s.Columns {
		f, over := s.Columns[side].Status.(Finished)
		t := s.Training(side)
		if !over || t == nil || slices.ContainsFunc(t.Answers, func(a Answer) bool { return a.Phase == Loading }) {
			continue
		}
		if at := slices.IndexFunc(t.Answers, func(a Answer) bool { return a.Phase == "" }); at >= 0 {
			asked, _ := f.Of.(Asked)
			asked.Request.Model = t.name(at)
			out = append(out, s.ask(asked.Request))
		}
	}
	return out
}
