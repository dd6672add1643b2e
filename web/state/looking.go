package state

import (
	"time"

	"kvscope/web/picture"
)

// playStep is how long the timeline rests on a line while it plays.
const playStep = 350 * time.Millisecond

// Set changes a field of the draft. Its complaint, if any, is out of date then.
type Set struct{ Field, Value string }

func (a Set) apply(s *Snapshot) []Effect {
	s.Draft = s.Draft.typed(a.Field, a.Value)
	s.Problems = without(s.Problems, a.Field)
	for field, problem := range s.check() {
		if field == a.Field && a.Value != "" {
			s.Problems[field] = problem
		}
	}
	return nil
}

func (s *Snapshot) check() Problems {
	_, p := s.Draft.Request("", s.Longest())
	return p
}

// without is a copy of p that lacks a field.
func without(p Problems, field string) Problems {
	out := Problems{}
	for k, v := range p {
		if k != field {
			out[k] = v
		}
	}
	return out
}

// Restore shows what a link says, and runs it when that is another request.
type Restore struct{ Place Place }

func (a Restore) apply(s *Snapshot) []Effect {
	p := a.Place
	if s.MetaPhase == Done {
		p.Form = s.withModels(p.Form)
	}
	same := p.Form.Equal(s.Form)
	s.Place, s.Hover, s.Preview = p, Hover{}, nil
	s.settle()
	s.view(p.View)
	s.say("")
	effects := s.attend()
	if same && s.started() {
		return effects
	}
	s.Draft, s.Problems = p.Form, nil
	return append(effects, Submit{}.start(s, false)...)
}

// Point moves the pointer to a block, and to a line if it is not None.
type Point struct{ Block, Line int }

func (a Point) apply(s *Snapshot) []Effect {
	s.Hover = Hover{On: true, Block: a.Block, Line: a.Line, Token: None}
	return nil
}

// PointToken moves the pointer to a position, which is in a block.
type PointToken struct{ Token, Block int }

func (a PointToken) apply(s *Snapshot) []Effect {
	s.Hover = Hover{On: true, Block: a.Block, Line: None, Token: a.Token}
	return nil
}

// ChooseToken holds a position and its block; the position held already is let go.
type ChooseToken struct{ Token, Block int }

func (a ChooseToken) apply(s *Snapshot) []Effect {
	if a.Token == s.Token {
		s.Token, s.PinnedBlock = None, None
		return nil
	}
	s.Token, s.PinnedBlock = a.Token, a.Block
	return nil
}

// Leave takes the pointer off the blocks.
type Leave struct{}

func (Leave) apply(s *Snapshot) []Effect {
	s.Hover = Hover{}
	return nil
}

// Choose rests on a line and holds a block; the block held already is let go.
type Choose struct{ Line, Block int }

func (a Choose) apply(s *Snapshot) []Effect {
	if a.Line >= 0 {
		s.Line = a.Line
	}
	if a.Block == s.PinnedBlock {
		a.Block = None
	}
	s.PinnedBlock = a.Block
	return nil
}

// PreviewHead looks at a head while the pointer is on it, nil when it leaves.
type PreviewHead struct{ Head *picture.Head }

func (a PreviewHead) apply(s *Snapshot) []Effect {
	s.Preview = a.Head
	return nil
}

// Lock keeps looking at a head. The head locked already is let go, and so is any
// by nil.
type Lock struct{ Head *picture.Head }

func (a Lock) apply(s *Snapshot) []Effect {
	if a.Head == nil || s.Head != nil && *s.Head == *a.Head {
		s.Head, s.Preview = nil, nil
		return nil
	}
	s.Head = a.Head
	return nil
}

// LookAt keeps looking at a head, locked already or not.
type LookAt struct{ Head picture.Head }

func (a LookAt) apply(s *Snapshot) []Effect {
	s.Head, s.Preview = &a.Head, nil
	return nil
}

// MoveHead locks the head so many places on, layer by layer.
type MoveHead struct{ By int }

func (a MoveHead) apply(s *Snapshot) []Effect {
	layers, heads := s.Heads()
	n := layers * heads
	if n == 0 {
		return nil
	}
	at := 0
	switch {
	case s.Head != nil:
		at = s.Head.Layer*heads + s.Head.Head + a.By
	case a.By < 0:
		at = n - 1
	}
	at = ((at % n) + n) % n
	s.Head, s.Preview = &picture.Head{Layer: at / heads, Head: at % heads}, nil
	return nil
}

// MoveLayer locks the same head so many layers on.
type MoveLayer struct{ By int }

func (a MoveLayer) apply(s *Snapshot) []Effect {
	_, heads := s.Heads()
	return MoveHead{By: a.By * heads}.apply(s)
}

// GoTo rests on a line, Auto for the one that the run suggests.
type GoTo struct{ Line int }

func (a GoTo) apply(s *Snapshot) []Effect {
	s.Line, s.Playing = max(a.Line, Auto), false
	return nil
}

// Step moves so many lines on.
type Step struct{ By int }

func (a Step) apply(s *Snapshot) []Effect {
	s.Playing = false
	s.move(a.By)
	return nil
}

func (s *Snapshot) move(by int) {
	if n := s.Lines(); n > 0 {
		s.Line = min(max(s.Cursor()+by, 0), n-1)
	}
}

// TogglePlay plays the lines one after the other, from the start when at the end.
type TogglePlay struct{}

func (TogglePlay) apply(s *Snapshot) []Effect {
	s.Playing = !s.Playing && s.Lines() > 0
	if !s.Playing {
		return nil
	}
	if s.Cursor() == s.Lines()-1 {
		s.Line = 0
	}
	s.plays++
	return []Effect{Wait{Gen: s.plays, For: s.rest()}}
}

// rest is how long the timeline rests on a line.
func (s *Snapshot) rest() time.Duration {
	switch s.Speed {
	case "1/4":
		return 4 * playStep
	case "1/2":
		return 2 * playStep
	case "2":
		return playStep / 2
	case "4":
		return playStep / 4
	}
	return playStep
}

// Tick is a beat of playing.
type Tick struct{ Gen int }

func (a Tick) apply(s *Snapshot) []Effect {
	if !s.Playing || a.Gen != s.plays {
		return nil
	}
	s.move(1)
	if s.Cursor() == s.Lines()-1 && !s.Running() {
		s.Playing = false
		return nil
	}
	return []Effect{Wait{Gen: s.plays, For: s.rest()}}
}

// ColourBy chooses the metric of the head grid.
type ColourBy struct{ Metric picture.Metric }

func (a ColourBy) apply(s *Snapshot) []Effect {
	s.Metric = a.Metric
	return nil
}

// FindNeedle scrolls to the needle.
type FindNeedle struct{}

func (FindNeedle) apply(*Snapshot) []Effect { return []Effect{ShowNeedle{}} }

// Focus moves the keyboard to the tasks.
type Focus struct{}

func (Focus) apply(*Snapshot) []Effect { return []Effect{FocusTask{}} }
