package state

import (
	"maps"

	"kvscope/engine/run"
	"kvscope/engine/trace"
)

// Answer is the outcome of a request that is asked beside the runs on the screen.
type Answer struct {
	Phase Phase       // Loading, Done or Failed
	Score float64     // of the answer
	Hits  []trace.Hit // by head
	gen   int
}

// Holding is how many heads hold the needle: they read it at every step that copies from it.
func (a Answer) Holding() int {
	n := 0
	for _, h := range a.Hits {
		if h.Hit {
			n++
		}
	}
	return n
}

// asking tells requests apart: by their model, and by the ID of all else, which the steps
// of a model's training share.
type asking struct{ model, rest string }

func askingOf(r run.Request) asking {
	model := r.Model
	r.Model = ""
	return asking{model, r.ID()}
}

// AskAnswer asks for the answer to a request.
type AskAnswer struct {
	Gen     int
	Request run.Request
}

func (AskAnswer) effect() {}

// AnswerArrived is such an answer, or why there is none.
type AnswerArrived struct {
	Gen     int
	Request run.Request
	Score   float64
	Hits    []trace.Hit
	Err     error
}

func (a AnswerArrived) apply(s *Snapshot) []Effect {
	of := askingOf(a.Request)
	if known, asked := s.answers[of]; !asked || known.gen != a.Gen {
		return nil
	}
	answer := Answer{Phase: Done, Score: a.Score, Hits: a.Hits}
	if a.Err != nil {
		answer = Answer{Phase: Failed}
	}
	s.know(of, answer)
	return nil
}

func (s *Snapshot) know(of asking, a Answer) {
	s.answers = maps.Clone(s.answers)
	if s.answers == nil {
		s.answers = map[asking]Answer{}
	}
	s.answers[of] = a
	s.learned++
}

// ask asks for the answer to a request.
func (s *Snapshot) ask(r run.Request) Effect {
	s.runs++
	s.know(askingOf(r), Answer{Phase: Loading, gen: s.runs})
	return AskAnswer{Gen: s.runs, Request: r}
}

// stopAnswers gives up on the answers that are on their way, since what a person asks for goes
// first, and forgets which of them failed, so that they are asked for again.
func (s *Snapshot) stopAnswers() []Effect {
	var out []Effect
	for of, a := range s.answers {
		switch a.Phase {
		case Loading:
			out = append(out, Cancel{Gen: a.gen})
		case Failed:
		default:
			continue
		}
		s.answers = maps.Clone(s.answers)
		delete(s.answers, of)
	}
	return out
}
