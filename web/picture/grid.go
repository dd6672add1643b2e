package picture

import (
	"math"
	"slices"

	"kvscope/engine/figures"
	"kvscope/engine/trace"
)

// Head names one head of one layer.
type Head struct{ Layer, Head int }

// Grid is the block grid: a line for each answer step or run of queries, a column
// for each block of the context.
type Grid struct {
	Lines   []Line
	Planned int // lines the grid will have, at least len(Lines)
	Queried int // of these, the first ones that are of the prompt's queries
	Columns int
	Block   int // positions in a column
	Unit    int // positions in a candidate

	// Share is [Lines, Columns]. For one head it is the share of the block that was
	// picked, which is 0 or 1 for one query that selects whole blocks; over all
	// heads it is the mean of that. Below 0: not there to be picked.
	Share []float32
	// Oracle is [Lines, Columns]: the blocks of largest dense attention mass, as
	// many as were picked.
	Oracle []bool
	// Picked lists, for one head, the candidates each line picked. Nil over all
	// heads.
	Picked [][]int

	Gold     []int  // [Lines], block of the line's gold position, or -1
	Answers  []bool // [Columns], blocks that hold the gold of any answer token
	Needles  []bool // [Columns], blocks that hold a needle
	SumHeads bool   // over all heads
	Diff     *Diff  // against another run, nil without one
}

// At is the share of column b in line l, below 0 when there is none.
func (g *Grid) At(l, b int) float32 {
	if l < 0 || l >= len(g.Lines) || b < 0 || b >= g.Columns {
		return -1
	}
	return g.Share[l*g.Columns+b]
}

// Grid pictures the selections of one head, or of all heads when head is nil.
func (r *Run) Grid(head *Head) *Grid {
	g := &Grid{
		Lines: r.Lines(), Planned: r.Planned(), Columns: r.Columns(), Block: r.Block(), Unit: r.Block(),
		SumHeads: head == nil,
	}
	if g.Queried = slices.IndexFunc(g.Lines, func(l Line) bool { return l.Step >= 0 }); g.Queried < 0 {
		g.Queried = r.queried()
	}
	g.Share = make([]float32, len(g.Lines)*g.Columns)
	g.Oracle = make([]bool, len(g.Share))
	g.Gold = make([]int, len(g.Lines))
	g.Answers = make([]bool, g.Columns)
	g.Needles = make([]bool, g.Columns)
	if len(r.Selections) > 0 {
		g.Unit = r.Selections[len(r.Selections)-1].Unit
	}
	if head != nil {
		g.Picked = make([][]int, len(g.Lines))
	}
	r.landmarks(g)
	for i, l := range r.lines {
		share := g.Share[i*g.Columns : (i+1)*g.Columns]
		for b := range share {
			share[b] = -1
		}
		s, mass := l, l.mass
		if head != nil {
			s = r.one(l, *head)
			g.Picked[i] = r.picked(l, *head)
			mass = s.mass
		}
		total := 0.0
		for b, n := range s.seen {
			if n > 0 {
				share[b] = float32(s.share[b] / float64(n))
				total += float64(share[b])
			}
		}
		if len(mass) > 0 {
			for _, b := range heaviest(mass, int(math.Ceil(total-1e-6))) {
				g.Oracle[i*g.Columns+b] = true
			}
		}
	}
	return g
}

// landmarks fills in where the answer and the needles are.
func (r *Run) landmarks(g *Grid) {
	if r.Header == nil {
		return
	}
	for _, p := range r.Header.Gold {
		if p >= 0 {
			g.Answers[p/g.Block] = true
		}
	}
	for _, n := range r.Header.Needles {
		for p := n.Span[0]; p < n.Span[1]; p++ {
			g.Needles[p/g.Block] = true
		}
	}
	for i, l := range g.Lines {
		g.Gold[i] = -1
		if p := r.Gold(l.Step); p >= 0 {
			g.Gold[i] = p / g.Block
		}
	}
}

// each calls f with every query of one head that belongs to a line.
func (r *Run) each(l *sum, head Head, f func(s *trace.Selection, q int)) {
	for _, s := range r.Of(l.Step, head.Layer, head.Head) {
		for q := max(0, l.First-s.First); q < min(s.Queries, l.First+l.Queries-s.First); q++ {
			f(s, q)
		}
	}
}

// picked is the candidates that any query of a line picked, ascending.
func (r *Run) picked(l *sum, head Head) []int {
	var any []bool
	r.each(l, head, func(s *trace.Selection, q int) {
		any = grow(any, s.Candidates)
		for i := range s.Candidates {
			any[i] = any[i] || s.Has(q, i)
		}
	})
	out := []int{}
	for i, p := range any {
		if p {
			out = append(out, i)
		}
	}
	return out
}

// heaviest is the k blocks of largest mass.
func heaviest(mass []float64, k int) []int {
	v := make([]float32, len(mass))
	for i, m := range mass {
		v[i] = float32(m)
	}
	return figures.Top(v, k)
}
