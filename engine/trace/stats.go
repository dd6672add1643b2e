package trace

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
)

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

// Read returns how many of the entries that query row q may see it did read, and
// how many there are: positions 0..First+q, as far as the candidates reach. Their
// ratio is the KV read fraction of the query. The last candidate counts only as
// far as the query's own position.
func (s *Selection) Read(q int) (read, present int) {
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
func (s *Selection) Recall() (float64, bool) {
	if len(s.Mass) == 0 {
		return 0, false
	}
	k := s.Count(0)
	if k == 0 {
		return 0, false
	}
	both := 0
	for _, i := range Top(s.Mass, k) {
		if s.Has(0, i) {
			both++
		}
	}
	return float64(both) / float64(k), true
}

// MassKept is the share of the dense attention of a single query that falls on
// what it selected: the sum of Mass over the picked candidates. It is false when s
// has no mass.
func (s *Selection) MassKept() (float64, bool) {
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

// Top returns the indices of the k largest values, largest first, ties to the
// lower index. NaN sorts last. k beyond len(values) means all of them.
func Top(values []float32, k int) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[b], values[a]) })
	return order[:min(k, len(order))]
}

// Rank is the place of values[i] among values, from 0 for the largest, ties to the
// lower index: the number of values that Top puts before it.
func Rank(values []float32, i int) int {
	n := 0
	for j, v := range values {
		if c := cmp.Compare(v, values[i]); c > 0 || c == 0 && j < i {
			n++
		}
	}
	return n
}

// Tally adds up, head by head, what the selections of the answer steps were worth:
// the figures of Done.
type Tally struct {
	heads         int
	perHead       []headTally
	read, present int
}

type headTally struct {
	gold, hits      int // steps with a gold position, those whose selection held it
	recall, mass    float64
	recalls, masses int // terms of the sums above
}

// NewTally returns an empty tally for layers of heads.
func NewTally(layers, heads int) *Tally {
	return &Tally{heads: heads, perHead: make([]headTally, layers*heads)}
}

// Add counts the selection of one answer step; gold is the prompt position the
// step's token is copied from, or -1. A selection of several queries panics, since
// an answer step has one.
func (t *Tally) Add(s *Selection, gold int) {
	if s.Queries != 1 {
		panic(fmt.Sprintf("trace: tally of a selection of %d queries, an answer step has 1", s.Queries))
	}
	t.AddReads(s)
	h := &t.perHead[s.Layer*t.heads+s.Head]
	if gold >= 0 {
		h.gold++
		if s.Covers(0, gold) {
			h.hits++
		}
	}
	if r, ok := s.Recall(); ok {
		h.recall += r
		h.recalls++
	}
	if m, ok := s.MassKept(); ok {
		h.mass += m
		h.masses++
	}
}

// AddReads counts what the queries of s read and nothing else: for queries of the
// prefill, which are selected for but answer nothing.
func (t *Tally) AddReads(s *Selection) {
	for q := range s.Queries {
		read, present := s.Read(q)
		t.read += read
		t.present += present
	}
}

// ReadFraction is the entries read by all queries added over the entries present,
// 1 when none was added: dense attention reads everything.
func (t *Tally) ReadFraction() float64 {
	if t.present == 0 {
		return 1
	}
	return float64(t.read) / float64(t.present)
}

// Hits returns one Hit for each head, layer by layer. A head is a hit when it had
// a gold position to find and selected it at every step that has one.
func (t *Tally) Hits() []Hit {
	out := make([]Hit, len(t.perHead))
	for i, h := range t.perHead {
		out[i] = Hit{
			Layer: i / t.heads, Head: i % t.heads,
			Hit:    h.gold > 0 && h.hits == h.gold,
			Recall: mean(h.recall, h.recalls),
			Mass:   mean(h.mass, h.masses),
		}
	}
	return out
}

func mean(sum float64, n int) float64 {
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}
