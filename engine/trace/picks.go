package trace

import "math/bits"

// Has reports whether query row q (from 0) of s selected candidate i.
func (s *Selection) Has(q, i int) bool {
	return s.Picked[q*rowBytes(s.Candidates)+i/8]>>(i%8)&1 == 1
}

// Count is the number of candidates that query row q (from 0) selected.
func (s *Selection) Count(q int) int {
	row := rowBytes(s.Candidates)
	n := 0
	for _, b := range s.Picked[q*row : (q+1)*row] {
		n += bits.OnesCount8(b)
	}
	return n
}

// Covers reports whether query row q could read a position: it is selected and not
// after the query.
func (s *Selection) Covers(q, position int) bool {
	i := position / s.Unit
	return position >= 0 && position <= s.First+q && i < s.Candidates && s.Has(q, i)
}

// rowBytes is the number of bytes that hold one query's picks.
func rowBytes(candidates int) int { return candidates/8 + (candidates%8+7)/8 }
