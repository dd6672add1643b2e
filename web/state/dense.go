package state

import (
	"kvscope/engine/run"
	"kvscope/engine/seeds"
	"kvscope/engine/sparse"
	"kvscope/viz/number"
)

// askDense asks for what the models of the runs on the screen answer when every query reads
// everything, where that is not known, once nothing else runs: it tells what a method lost
// from what the model does not know.
func (s *Snapshot) askDense() []Effect {
	if s.Running() || s.MetaPhase != Done {
		return nil
	}
	var out []Effect
	for side := range s.Columns {
		f, over := s.Columns[side].Status.(Finished)
		if !over || !f.scored() {
			continue
		}
		if _, asked := s.answers[f.dense]; asked {
			continue
		}
		asked, _ := f.Of.(Asked)
		if readsAll(asked.Request) {
			s.know(f.dense, f.answer())
			continue
		}
		out = append(out, s.ask(seeds.Dense(asked.Request)))
	}
	return out
}

// readsAll reports whether a run is what others are held against.
func readsAll(r run.Request) bool { return r.Method == sparse.DefaultMethod && !Edits(r) }

// Right is the least score of an answer that counts as right: 1, and room for rounding.
const Right = 0.9995

// Verdict says whether it is the method or the model that is to blame for a column's
// answer, "" where that is not known.
func (s *Snapshot) Verdict(side int) string {
	f, over := s.Columns[side].Status.(Finished)
	if !over || !f.scored() {
		return ""
	}
	asked, _ := f.Of.(Asked)
	if readsAll(asked.Request) {
		return "everything is read"
	}
	dense := s.answers[f.dense]
	if dense.Phase != Done {
		return ""
	}
	by := s.how(side)
	if Edits(asked.Request) {
		by += " with blocks forced or dropped"
	}
	all := number.Percent(dense.Score) + " right with everything read"
	if dense.Score >= Right {
		all = "right with everything read"
	}
	switch score := f.Run.Done.Score; {
	case dense.Score > score:
		return all + ", lost by " + by
	case score >= Right && dense.Score >= Right:
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
