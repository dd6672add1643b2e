package figures

import (
	"cmp"

	"kvscope/engine/ops"
	"kvscope/engine/trace"
)

// Read returns how many of the entries that query row q of s may see it did read, and
// how many there are: positions 0..First+q, as far as the candidates reach. Their
// ratio is the KV read fraction of the query. The last candidate counts only as
// far as the query's own position.
func Read(s *trace.Selection, q int) (read, present int) {
	present = s.First + q + 1
	if s.Candidates <= (present-1)/s.Unit {
		present = s.Candidates * s.Unit
	}
	for i := 0; i*s.Unit < present; i++ {
		if s.Has(q, i) {
			read += min(s.Unit, present-i*s.Unit)
		}
	}
	return read, present
}

// Recall is the share of the truly heaviest candidates that a single query
// selected: |picked ∩ top| / |picked|, where top holds as many candidates as were
// picked, those of largest dense attention mass, ties to the lower index. It is
// false when s has no mass or nothing is picked.
func Recall(s *trace.Selection) (float64, bool) {
	if len(s.Mass) == 0 {
		return 0, false
	}
	k := s.Count(0)
	if k == 0 {
		return 0, false
	}
	n := min(k, len(s.Mass))
	least, above := ops.KthLargest(s.Mass, n)
	ties := n - above // of those that equal the least, so many belong to it
	both := 0
	for i, m := range s.Mass {
		c := cmp.Compare(m, least)
		if c < 0 || c == 0 && ties == 0 {
			continue
		}
		if c == 0 {
			ties--
		}
		if s.Has(0, i) {
			both++
		}
	}
	return float64(both) / float64(k), true
}

// MassKept is the share of the dense attention of a single query that falls on
// what it selected: the sum of Mass over the picked candidates. It is false when s
// has no mass.
func MassKept(s *trace.Selection) (float64, bool) {
	if len(s.Mass) == 0 {
		return 0, false
	}
	var sum float64
	for i, m := range s.Mass {
		if s.Has(0, i) {
			sum += float64(m)
		}
	}
	return sum, true
}
