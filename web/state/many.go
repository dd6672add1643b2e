package state

import (
	"slices"

	"kvscope/engine/run"
	"kvscope/engine/seeds"
)

// ManySeeds is over how many examples a run is repeated.
const ManySeeds = 50

// Many holds the answers of the columns' requests, repeated over many examples.
type Many struct {
	Phase    Phase // "" before it is asked for
	Gen      int
	Requests []run.Request // one a column
	Rows     []seeds.Row   // so far; replaced, never changed
	Problem  string
}

// RepeatSeeds asks for an example after the other of what the columns show.
type RepeatSeeds struct {
	Gen      int
	Requests []run.Request
	First    uint64
	N        int
}

// CancelSeeds stops asking.
type CancelSeeds struct{ Gen int }

func (RepeatSeeds) effect() {}
func (CancelSeeds) effect() {}

// manyRequests are the requests of the columns, nil where one of them is of no task, or asks for
// a key of one example.
func (s *Snapshot) manyRequests() []run.Request {
	var reqs []run.Request
	for side := range s.Shown() {
		req := s.Columns[side].Request()
		if req.Task == "" || req.Key != "" {
			return nil
		}
		reqs = append(reqs, req)
	}
	return reqs
}

// CanRepeat reports whether what the columns show can be repeated over many examples.
func (s *Snapshot) CanRepeat() bool { return s.manyRequests() != nil }

// Repeat repeats what the columns show over many examples.
type Repeat struct{}

func (Repeat) apply(s *Snapshot) []Effect {
	reqs := s.manyRequests()
	if reqs == nil {
		return nil
	}
	effects := s.Many.cancel()
	s.runs++
	s.Many = Many{Phase: Loading, Gen: s.runs, Requests: reqs}
	return append(effects, RepeatSeeds{s.runs, reqs, 1, ManySeeds})
}

// SeedArrived hands in one example.
type SeedArrived struct {
	Gen int
	Row seeds.Row
}

func (a SeedArrived) apply(s *Snapshot) []Effect {
	if a.Gen == s.Many.Gen {
		s.Many.Rows = append(slices.Clone(s.Many.Rows), a.Row)
	}
	return nil
}

// SeedsEnded says that no more examples come, with the reason when some are missing.
type SeedsEnded struct {
	Gen int
	Err error
}

func (a SeedsEnded) apply(s *Snapshot) []Effect {
	if a.Gen != s.Many.Gen {
		return nil
	}
	s.Many.Phase = Done
	if a.Err != nil {
		s.Many.Phase, s.Many.Problem = Failed, a.Err.Error()
	}
	return nil
}

// CloseSeeds stops the examples that are under way, and puts away those that are there.
type CloseSeeds struct{}

func (CloseSeeds) apply(s *Snapshot) []Effect {
	effects := s.Many.cancel()
	s.Many = Many{}
	return effects
}

// GoToSeed shows one of the examples.
type GoToSeed struct{ Seed string }

func (a GoToSeed) apply(s *Snapshot) []Effect {
	s.Draft = s.Draft.typed("seed", a.Seed)
	return Submit{}.start(s, true)
}

func (m Many) cancel() []Effect {
	if m.Phase != Loading {
		return nil
	}
	return []Effect{CancelSeeds{m.Gen}}
}

// outdated puts examples away that are of other requests than the columns show now.
func (s *Snapshot) outdated() []Effect {
	same := func(a, b run.Request) bool {
		a.Seed, b.Seed = 0, 0
		return a.Equal(b)
	}
	if s.Many.Phase == "" || slices.EqualFunc(s.Many.Requests, s.manyRequests(), same) {
		return nil
	}
	return CloseSeeds{}.apply(s)
}
