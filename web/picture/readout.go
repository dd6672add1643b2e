package picture

import (
	"math"

	"kvscope/engine/figures"
	"kvscope/engine/trace"
)

// Readout describes one block at one line of the block grid: its tokens, scores and picks.
type Readout struct {
	Line
	Block  int
	Lo, Hi int  // positions [Lo, Hi)
	Seen   bool // the line's queries could pick it
	Gold   bool // it holds the position this step's token is copied from

	Votes, Heads int // heads that picked any of it, heads that selected

	// For one head, or the mean over heads.
	Share float32 // share of it that was picked
	Mass  float32 // dense attention mass, below 0 when not known
	Rank  int     // place by mass among the blocks, from 0; -1 when not known

	// For one head whose method scores.
	Score     float32 // the largest score of its candidates
	ScoreRank int     // place by score among the candidates, from 0; -1 when there is none
	Scored    int     // candidates scored
	Sum       float32 // of the scores that are finite: of an eviction the votes for the block
}

// Readout reads block b at a line. It is false when either does not exist.
func (r *Run) Readout(line, b int, head *Head) (Readout, bool) {
	block := r.Block()
	if line < 0 || line >= len(r.lines) || b < 0 || b >= r.Columns() {
		return Readout{}, false
	}
	l := r.lines[line]
	out := Readout{Line: l.Line, Block: b, Lo: b * block, Hi: (b + 1) * block, Mass: -1, Rank: -1, ScoreRank: -1}
	if p := r.Gold(l.Step); p >= 0 {
		out.Gold = p/block == b
	}
	votes := r.votes(l)
	out.Heads = votes.heads
	if b < len(votes.picked) {
		out.Votes = votes.picked[b]
	}
	of := l
	if head != nil {
		of = r.one(l, *head)
		r.score(&out, l, *head)
	}
	if b < len(of.seen) && of.seen[b] > 0 {
		out.Seen = true
		out.Share = float32(of.share[b] / float64(of.seen[b]))
	}
	if b < len(of.mass) {
		mass := make([]float32, len(of.mass))
		for i, m := range of.mass {
			mass[i] = float32(m / float64(of.heads))
		}
		out.Mass, out.Rank = mass[b], figures.Rank(mass, b)
	}
	return out, true
}

// votes are those of a line. They are kept: a pointer goes from block to block of it.
func (r *Run) votes(l *sum) *votes {
	v := &l.votes
	if v.of == l.added {
		return v
	}
	*v = votes{of: l.added}
	for layer := range r.Header.Layers {
		for h := range r.Header.Heads {
			one := r.sumOf(l, Head{layer, h})
			if len(one.seen) == 0 {
				continue
			}
			v.heads++
			v.picked = grow(v.picked, len(one.share))
			for b, share := range one.share {
				if share > 0 {
					v.picked[b]++
				}
			}
		}
	}
	return v
}

// one is a line of one head by itself, for looking at. That of the last head is kept.
func (r *Run) one(l *sum, head Head) *sum {
	if a := &l.alone; a.sum == nil || a.head != head || a.of != l.added {
		*a = alone{head: head, sum: r.sumOf(l, head), of: l.added}
	}
	return l.alone.sum
}

func (r *Run) sumOf(l *sum, head Head) *sum {
	out := &sum{Line: l.Line}
	r.each(l, head, func(s *trace.Selection, q int) { out.add(s, q, r.Block()) })
	return out
}

func (r *Run) score(out *Readout, l *sum, head Head) {
	r.each(l, head, func(s *trace.Selection, _ int) {
		best := -1
		for i := range s.Scores {
			at := i * s.Unit
			if at < out.Lo || at >= out.Hi {
				continue
			}
			if best < 0 || s.Scores[i] > s.Scores[best] {
				best = i
			}
			if !math.IsInf(float64(s.Scores[i]), 1) {
				out.Sum += s.Scores[i]
			}
		}
		if best >= 0 {
			out.Score, out.ScoreRank, out.Scored = s.Scores[best], figures.Rank(s.Scores, best), len(s.Scores)
		}
	})
}

// ReadsAt counts the entries that the queries of a line read, for one head or all heads
// together.
func (r *Run) ReadsAt(line int, head *Head) Reads {
	if line < 0 || line >= len(r.lines) {
		return Reads{}
	}
	if head != nil {
		return r.one(r.lines[line], *head).reads
	}
	return r.lines[line].reads
}
