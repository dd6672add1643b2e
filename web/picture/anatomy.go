package picture

import (
	"kvscope/engine/figures"
	"kvscope/engine/lens"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// Anatomy is how the score that a method gave one block for one query of one head comes
// about: of q and the keys k_j of the block that the query may read, [Dh] each.
type Anatomy struct {
	Kind   AnatomyKind
	Block  int
	Lo, Hi int // positions [Lo, Hi)
	Query  int // position
	Gold   bool
	Picked bool
	Parts  []Part // a channel each, of votes a position each

	Score     float32 // the method's own, from the trace
	ScoreRank int     // place by it, from 0
	Blocks    int     // that were scored

	Best     float32 // max_j q·k_j
	BestAt   int     // the position j of it
	BestRank int     // place by Best, from 0
}

// AnatomyKind is what a score is a sum of.
type AnatomyKind int

// The kinds.
const (
	BoundParts AnatomyKind = iota // Quest: Σ_c max(q[c]·min_b[c], q[c]·max_b[c])
	MeanParts                     // MoBA: Σ_c q[c]·mean_b[c]
	VoteParts                     // evictions: votes, a position each
)

// Part is one term of a score.
type Part struct {
	Value float32 // the term
	Other float32 // of a bound: the product that lost
	Upper bool    // of a bound: the maximum won
	True  float32 // the same term of the key of Best
}

// Anatomy takes the score of a block at a line apart. It is nil where there is no score
// of one query, and where the method makes it of something else than the keys of h.
func (r *Run) Anatomy(line, block int, head Head, h *lens.Head) *Anatomy {
	if line < 0 || line >= len(r.lines) || block < 0 || h == nil || h.Dim == 0 {
		return nil
	}
	var of *trace.Selection
	r.each(r.lines[line], head, func(s *trace.Selection, _ int) { of = s })
	if of == nil || len(of.Scores) == 0 {
		return nil
	}
	out := &Anatomy{Block: block, Lo: block * r.Block(), Query: of.First}
	out.Hi = min(out.Lo+r.Block(), h.Len(), out.Query+1)
	readout, ok := r.Readout(line, block, &head)
	if !ok || readout.ScoreRank < 0 || out.Lo >= out.Hi {
		return nil
	}
	out.Score, out.ScoreRank, out.Gold, out.Picked = readout.Score, readout.ScoreRank, readout.Gold, readout.Share > 0
	switch {
	case r.Header.Phase == sparse.PhaseEvict:
		return out.votes(of)
	case of.Unit != r.Block():
		return nil
	case r.Header.Method == "quest":
		out.Kind = BoundParts
	case r.Header.Method == "moba":
		out.Kind = MeanParts
	default:
		return nil
	}
	out.Blocks = of.Candidates
	out.channels(h)
	out.best(h, r.Block())
	return out
}

// votes are the votes for each position of the block.
func (a *Anatomy) votes(s *trace.Selection) *Anatomy {
	a.Kind, a.Blocks = VoteParts, (s.Candidates*s.Unit+a.Hi-a.Lo-1)/max(1, a.Hi-a.Lo)
	for i := range s.Scores {
		if at := i * s.Unit; at >= a.Lo && at < a.Hi {
			a.Parts = append(a.Parts, Part{Value: s.Scores[i]})
		}
	}
	if len(a.Parts) == 0 {
		return nil
	}
	return a
}

// channels takes the score apart by channels.
func (a *Anatomy) channels(h *lens.Head) {
	q := h.Q[a.Query*h.Dim:][:h.Dim]
	a.Parts = make([]Part, h.Dim)
	for c := range a.Parts {
		lo, hi, sum := h.K[a.Lo*h.Dim+c], h.K[a.Lo*h.Dim+c], float32(0)
		for j := a.Lo; j < a.Hi; j++ {
			k := h.K[j*h.Dim+c]
			lo, hi, sum = min(lo, k), max(hi, k), sum+k
		}
		p := &a.Parts[c]
		if a.Kind == MeanParts {
			p.Value = q[c] * sum / float32(a.Hi-a.Lo)
			continue
		}
		p.Value, p.Other, p.Upper = q[c]*hi, q[c]*lo, true
		if p.Other > p.Value {
			p.Value, p.Other, p.Upper = p.Other, p.Value, false
		}
	}
}

// best finds the key of the block that answers the query most, and the block's place by
// it among all that the query may read.
func (a *Anatomy) best(h *lens.Head, block int) {
	q := h.Q[a.Query*h.Dim:][:h.Dim]
	most := make([]float32, (a.Query+block)/block)
	for j := range a.Query + 1 {
		var dot float32
		for c, k := range h.K[j*h.Dim:][:h.Dim] {
			dot += q[c] * k
		}
		if b := j / block; j%block == 0 || dot > most[b] {
			most[b] = dot
			if b == a.Block {
				a.Best, a.BestAt = dot, j
			}
		}
	}
	a.BestRank = figures.Rank(most, a.Block)
	for c := range a.Parts {
		a.Parts[c].True = q[c] * h.K[a.BestAt*h.Dim+c]
	}
}
