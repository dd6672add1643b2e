package picture

import (
	"math/bits"

	"kvscope/engine/figures"
	"kvscope/engine/trace"
)

type selection = trace.Selection

// Line is one row of the block grid: an answer step, or a run of prefill queries.
type Line struct {
	Step    int // answer step, or -1 during prefill
	First   int // position of the first query
	Queries int // consecutive queries merged into the line
}

// sum adds up a line over the heads, block by block.
type sum struct {
	Line
	share []float64 // [blocks], share of the block's positions that were picked, summed
	seen  []int     // [blocks], terms of share: queries that could see the block
	mass  []float64 // [blocks], attention mass, summed
	heads int       // terms of mass
	token []float64 // [positions], picks, when candidates are smaller than blocks
	terms int       // terms of token
	reads Reads

	added int   // queries that were added
	votes votes // as they were asked for last
	alone alone
}

// votes is how many heads picked any of each block of a line, and how many selected.
type votes struct {
	picked []int // [blocks]
	heads  int
	of     int // the line's added then
}

// alone is a line of one head by itself.
type alone struct {
	head Head
	sum  *sum // nil for none
	of   int  // the line's added then
}

// add adds query q of s.
func (l *sum) add(s *trace.Selection, q, block int) {
	present := present(s, q)
	n := (present + block - 1) / block
	l.share = grow(l.share, n)
	l.seen = grow(l.seen, n)
	for b := range n {
		l.seen[b]++
	}
	shares(s, q, block, func(b int, share float64) { l.share[b] += share })
	if s.Unit < block {
		l.token = grow(l.token, present)
		picks(s, q, func(lo, hi int) {
			for p := lo; p < hi; p++ {
				l.token[p]++
			}
		})
		l.terms++
	}
	if len(s.Mass) > 0 {
		l.mass = grow(l.mass, n)
		addMass(l.mass, s, block)
		l.heads++
	}
	l.added++
	read, all := figures.Read(s, q)
	l.reads.Read += read
	l.reads.Present += all
}

// grow returns v with at least n elements.
func grow[T any](v []T, n int) []T {
	if len(v) >= n {
		return v
	}
	return append(v, make([]T, n-len(v))...)
}

// present is the number of positions that query q of s may see, as far as its
// candidates reach.
func present(s *trace.Selection, q int) int {
	return min(s.First+q+1, s.Candidates*s.Unit)
}

// picks calls f with the positions [lo, hi) of each candidate that query q picked,
// cut off at what the query may see.
func picks(s *trace.Selection, q int, f func(lo, hi int)) {
	n := present(s, q)
	row := (s.Candidates + 7) / 8
	for at, b := range s.Picked[q*row : (q+1)*row] {
		for ; b != 0; b &= b - 1 {
			lo := (at*8 + bits.TrailingZeros8(b)) * s.Unit
			if lo < n {
				f(lo, min(lo+s.Unit, n))
			}
		}
	}
}

// shares calls f with parts of the share of block b's visible positions that query
// q picked. A block may come several times; its parts add up to at most 1.
func shares(s *trace.Selection, q, block int, f func(b int, share float64)) {
	n := present(s, q)
	picks(s, q, func(lo, hi int) {
		for lo < hi {
			b := lo / block
			end := min((b+1)*block, n)
			f(b, float64(min(hi, end)-lo)/float64(end-b*block))
			lo = end
		}
	})
}

// addMass adds the attention mass of the candidates of s to the blocks they start
// in.
func addMass(dst []float64, s *trace.Selection, block int) {
	for i, m := range s.Mass {
		if b := i * s.Unit / block; b < len(dst) {
			dst[b] += float64(m)
		}
	}
}
