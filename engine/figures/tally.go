package figures

import (
	"fmt"

	"kvscope/engine/trace"
)

// Tally adds up, head by head, what the selections of the answer steps were worth:
// the figures of trace.Done.
type Tally struct {
	heads         int
	perHead       []headTally
	read, present int
}

type headTally struct {
	gold, hits      int // steps with a gold position, those whose selection held it
	recall, mass    float64
	recalls, masses int // terms of the sums above

	read, present int // entries, of the answer steps
	err           float64
	errs          int
}

// NewTally returns an empty tally for layers of heads.
func NewTally(layers, heads int) *Tally {
	return &Tally{heads: heads, perHead: make([]headTally, layers*heads)}
}

// Heads is how many heads of all layers are counted.
func (t *Tally) Heads() int { return len(t.perHead) }

// At is the place of the head of s among all heads.
func (t *Tally) At(s *trace.Selection) int { return s.Layer*t.heads + s.Head }

// Add counts the selection of one answer step; gold is the prompt position the
// step's token is copied from, or -1. A selection of several queries panics, since
// an answer step has one.
func (t *Tally) Add(s *trace.Selection, gold int) {
	if s.Queries != 1 {
		panic(fmt.Sprintf("figures: tally of a selection of %d queries, an answer step has 1", s.Queries))
	}
	read, present := Read(s, 0)
	t.Count(read, present)
	h := &t.perHead[t.At(s)]
	if gold >= 0 {
		h.gold++
		if s.Covers(0, gold) {
			h.hits++
		}
	}
	h.read += read
	h.present += present
	if r, ok := Recall(s); ok {
		h.recall += r
		h.recalls++
	}
	if m, ok := MassKept(s); ok {
		h.mass += m
		h.masses++
	}
}

// AddError counts how far the output of one answer step of a head is from that of dense
// attention, relative to the latter.
func (t *Tally) AddError(layer, head int, err float64) {
	h := &t.perHead[layer*t.heads+head]
	h.err += err
	h.errs++
}

// Count counts what a query read of the entries present and nothing else: for queries of
// the prefill, which are selected for but answer nothing.
func (t *Tally) Count(read, present int) {
	t.read += read
	t.present += present
}

// ReadFraction is the entries read by all queries added over the entries present,
// 1 when none was added: dense attention reads everything.
func (t *Tally) ReadFraction() float64 {
	if t.present == 0 {
		return 1
	}
	return float64(t.read) / float64(t.present)
}

// Hits returns one trace.Hit for each head, layer by layer. A head is a hit when it had
// a gold position to find and selected it at every step that has one.
func (t *Tally) Hits() []trace.Hit {
	out := make([]trace.Hit, len(t.perHead))
	for i, h := range t.perHead {
		out[i] = trace.Hit{
			Layer: i / t.heads, Head: i % t.heads,
			Hit:    h.gold > 0 && h.hits == h.gold,
			Recall: mean(h.recall, h.recalls),
			Mass:   mean(h.mass, h.masses),
		}
		if h.present > 0 {
			out[i].Density = new(float64(h.read) / float64(h.present))
		}
		if h.errs > 0 {
			out[i].OutputError = new(h.err / float64(h.errs))
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
