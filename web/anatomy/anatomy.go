package anatomy

import (
	"kvscope/engine/figures"
	"kvscope/engine/lens"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/web/picture"
)

// Block is how the score that a method gave one block for one query of one head comes
// about: of q and the keys k_j of the block that the query may read, [Dh] each.
type Block struct {
	Kind   Kind
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

	// Places are those of every block that the query may read, by the method's score of
	// keys without and with the memory; nil where plain keys are not known.
	Places []Place
}

// Place is where a block stands by its score, from 0.
type Place struct{ Plain, Memory int }

// Kind is the kind of terms that a score is a sum of.
type Kind int

// The kinds.
const (
	BoundParts Kind = iota // Quest: Σ_c max(q[c]·min_b[c], q[c]·max_b[c])
	MeanParts              // MoBA: Σ_c q[c]·mean_b[c]
	VoteParts              // evictions: votes, a position each
)

// Part is one term of a score.
type Part struct {
	Value float32 // the term
	Other float32 // of a bound: the product that lost
	Upper bool    // of a bound: the maximum won
	True  float32 // the same term of the key of Best
}

// Of takes the score of a block at a line apart. It is nil where there is no score
// of one query, and where the method makes it of something else than the keys of h.
func Of(r *picture.Run, line, block int, head picture.Head, h *lens.HeadTensors) *Block {
	if line < 0 || line >= r.LineCount() || block < 0 || h == nil || h.Dim == 0 {
		return nil
	}
	of := selection(r, r.Lines()[line], head)
	if of == nil || len(of.Scores) == 0 {
		return nil
	}
	out := &Block{Block: block, Lo: block * r.Block(), Query: of.First}
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
	out.places(h, r.Block())
	return out
}

// selection is the last of a head's that queries of a line made, or nil.
func selection(r *picture.Run, l picture.Line, head picture.Head) (of *trace.Selection) {
	for _, s := range r.Of(l.Step, head.Layer, head.Head) {
		if s.First < l.First+l.Queries && l.First < s.First+s.Queries {
			of = s
		}
	}
	return of
}

// places ranks all blocks by keys with the memory and without.
func (a *Block) places(h *lens.HeadTensors, block int) {
	if h.Plain == nil {
		return
	}
	n := min(a.Blocks, (a.Query+block)/block)
	plain, memory := make([]float32, n), make([]float32, n)
	for b := range n {
		hi := min((b+1)*block, h.Len(), a.Query+1)
		plain[b], memory[b] = a.score(h, h.Plain, b*block, hi), a.score(h, h.K, b*block, hi)
	}
	for b := range n {
		a.Places = append(a.Places, Place{figures.Rank(plain, b), figures.Rank(memory, b)})
	}
}

// score is the method's score of keys [lo, hi).
func (a *Block) score(h *lens.HeadTensors, keys []float32, lo, hi int) (sum float32) {
	for c, q := range h.Q[a.Query*h.Dim:][:h.Dim] {
		p := a.part(q, c, keys, h.Dim, lo, hi)
		sum += p.Value
	}
	return sum
}

// part is the term of channel c of the score of keys [lo, hi).
func (a *Block) part(q float32, c int, keys []float32, dim, lo, hi int) (p Part) {
	least, most, sum := keys[lo*dim+c], keys[lo*dim+c], float32(0)
	for j := lo; j < hi; j++ {
		k := keys[j*dim+c]
		least, most, sum = min(least, k), max(most, k), sum+k
	}
	if a.Kind == MeanParts {
		p.Value = q * sum / float32(hi-lo)
		return p
	}
	p.Value, p.Other, p.Upper = q*most, q*least, true
	if p.Other > p.Value {
		p.Value, p.Other, p.Upper = p.Other, p.Value, false
	}
	return p
}

// votes are the votes for each position of the block.
func (a *Block) votes(s *trace.Selection) *Block {
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
func (a *Block) channels(h *lens.HeadTensors) {
	q := h.Q[a.Query*h.Dim:][:h.Dim]
	a.Parts = make([]Part, h.Dim)
	for c := range a.Parts {
		a.Parts[c] = a.part(q[c], c, h.K, h.Dim, a.Lo, a.Hi)
	}
}

// best finds the key of the block that answers the query most, and the block's place by
// it among all that the query may read.
func (a *Block) best(h *lens.HeadTensors, block int) {
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
