package state

import "kvscope/web/api"

// Engine is a place where runs are computed, as people read of it.
type Engine struct {
	Kind   string // that tells it from others
	Title  string // "in this browser"
	Advice string // what to do when it does not answer
	Apart  bool   // computes elsewhere: what is asked beside the runs does not slow the page down
}

// Engage lets runs be computed by the engine of a kind from now on.
type Engage struct{ Kind string }

func (Engage) effect() {}

// HasEngines says which engines there are, and which of them is in use.
type HasEngines struct {
	Engines []Engine
	Kind    string // the first where there is none of this kind
}

func (a HasEngines) apply(s *Snapshot) []Effect {
	s.Engines, s.Engine = a.Engines, Engine{}
	for i, e := range a.Engines {
		if i == 0 || e.Kind == a.Kind {
			s.Engine = e
		}
	}
	return nil
}

// UseEngine changes to another engine, which runs the draft anew: what was run by one is
// no claim about the other.
type UseEngine struct{ Kind string }

func (a UseEngine) apply(s *Snapshot) []Effect {
	for _, e := range s.Engines {
		if e.Kind != a.Kind || e == s.Engine {
			continue
		}
		effects := s.disown()
		s.Opening = ""
		s.Engine, s.MetaPhase, s.MetaError = e, Loading, ""
		return append(effects, Engage{Kind: e.Kind}, AskMeta{})
	}
	return nil
}

// disown stops what the engine computes, and takes nothing that it has computed for what the run
// on the screen is any more: that stays, as any run that is not the one asked for.
func (s *Snapshot) disown() []Effect {
	effects := append(Stop{}.apply(s), s.stopAnswers()...)
	effects = append(append(effects, CloseSeeds{}.apply(s)...), CloseQuestions{}.apply(s)...)
	s.answers = nil
	s.learned++
	for side := range s.Columns {
		c := &s.Columns[side]
		c.Base = nil
		if f, over := c.Status.(Finished); over {
			if asked, live := f.Of.(Asked); live {
				c.become(Stopped{Attempt{Request: asked.Request, On: &f.Content, Stale: true}})
			}
		}
	}
	return effects
}

// Progressed says how far what a run waits for has come.
type Progressed struct {
	Side, Gen int
	Progress  api.RunProgress
}

func (a Progressed) apply(s *Snapshot) []Effect {
	c := &s.Columns[a.Side]
	switch {
	case c.Gen() != a.Gen:
		return nil
	case c.notes.gen != a.Gen:
		c.notes = notes{gen: a.Gen}
	}
	if a.Progress.Kind == api.Recorded {
		c.notes.recorded = true
	} else {
		c.notes.waits = a.Progress
	}
	return nil
}
