package state

import (
	"maps"

	"kvscope/engine/run"
	"kvscope/engine/seeds"
	"kvscope/viz/number"
)

// Dense is the score of a model's answer when every query reads everything. It tells what a
// method lost from what the model does not know.
type Dense struct {
	Phase Phase   // Loading, Done or Failed
	Score float64 // of the answer
	gen   int
}

// AskDense asks for such an answer.
type AskDense struct {
	Gen     int
	Request run.Request
}

func (AskDense) effect() {}

// DenseArrived is such an answer, or why there is none.
type DenseArrived struct {
	Gen     int
	Request run.Request
	Score   float64
	Err     error
}

func (a DenseArrived) apply(s *Snapshot) []Effect {
	id := a.Request.ID()
	if known, asked := s.dense[id]; !asked || known.gen != a.Gen {
		return nil
	}
	d := Dense{Phase: Done, Score: a.Score}
	if a.Err != nil {
		d = Dense{Phase: Failed}
	}
	s.knowDense(id, d)
	return nil
}

func (s *Snapshot) knowDense(id string, d Dense) {
	s.dense = maps.Clone(s.dense)
	if s.dense == nil {
		s.dense = map[string]Dense{}
	}
	s.dense[id] = d
}

// askDense asks for the dense answers of the runs on the screen that are not known, once
// nothing else runs.
func (s *Snapshot) askDense() []Effect {
	if s.Running() || s.MetaPhase != Done {
		return nil
	}
	var out []Effect
	for side := range s.Columns {
		f, over := s.Columns[side].Status.(Finished)
		if !over || f.denseID == "" {
			continue
		}
		if _, asked := s.dense[f.denseID]; asked {
			continue
		}
		asked, _ := f.Of.(Asked)
		if asked.Request.Method == "dense" && !Edits(asked.Request) {
			s.knowDense(f.denseID, Dense{Phase: Done, Score: f.Run.Done.Score})
			continue
		}
		s.runs++
		s.knowDense(f.denseID, Dense{Phase: Loading, gen: s.runs})
		out = append(out, AskDense{Gen: s.runs, Request: seeds.Dense(asked.Request)})
	}
	return out
}

// stopDense gives up on the dense answers that are on their way: what a person asks for
// goes first.
func (s *Snapshot) stopDense() []Effect {
	var out []Effect
	for id, d := range s.dense {
		if d.Phase == Loading {
			out = append(out, Cancel{Gen: d.gen})
			s.dense = maps.Clone(s.dense)
			delete(s.dense, id)
		}
	}
	return out
}

// right is the least score of an answer that counts as right: 1, and room for rounding.
const right = 0.9995

// Verdict says whether it is the method or the model that is to blame for a column's
// answer, "" where that is not known.
func (s *Snapshot) Verdict(side int) string {
	f, over := s.Columns[side].Status.(Finished)
	if !over || f.denseID == "" {
		return ""
	}
	asked, _ := f.Of.(Asked)
	dense := s.dense[f.denseID]
	if dense.Phase != Done || asked.Request.Method == "dense" && !Edits(asked.Request) {
		return ""
	}
	by := s.how(side)
	if Edits(asked.Request) {
		by += " with blocks forced or dropped"
	}
	all := number.Percent(dense.Score) + " right with everything read"
	if dense.Score >= right {
		all = "right with everything read"
	}
	switch score := f.Run.Done.Score; {
	case dense.Score > score:
		return all + ", lost by " + by
	case score >= right && dense.Score >= right:
		return all + " too"
	case score > dense.Score && dense.Score == 0:
		return "wrong with everything read"
	case score > dense.Score:
		return "only " + all
	case score == 0:
		return "wrong anyway: with everything read too"
	}
	return all + " too"
}
