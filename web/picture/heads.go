package picture

import (
	"cmp"
	"math"
	"slices"

	"kvscope/engine/figures"
	"kvscope/engine/trace"
	"kvscope/viz/paint"
)

// Metric is a measure of heads that the head grid colours by.
type Metric string

// The metrics, as they stand in a URL.
const (
	Hit    Metric = "hit"    // share of the answer steps whose gold position was picked
	Recall Metric = "recall" // share of the truly heaviest candidates that were picked
	Mass   Metric = "mass"   // dense attention mass that the picks kept
	Memory Metric = "memory" // effective length of the head's memory

	Density     Metric = "density" // share of the entries that was read
	OutputError Metric = "error"   // relative error of the output against dense attention's
	Kind        Metric = "kind"    // what its dense attention is like; see figures.Kinds
)

// Metrics lists them in the order of the switch.
func Metrics() []Metric { return []Metric{Hit, Recall, Mass, Density, OutputError, Kind, Memory} }

// Optional reports whether a metric is offered only where it is known.
func (m Metric) Optional() bool { return m == Memory || m == Density || m == OutputError || m == Kind }

// Jaccard is the metric of heads that are compared; it is no choice of its own.
const Jaccard Metric = "jaccard"

// Heads is the head grid: measures of each head's selections so far.
type Heads struct {
	Layers, Heads int
	Group         int        // heads that read one head of keys and values
	Cells         []HeadCell // [Layers, Heads]
	Steps         int        // answer steps counted
}

// HeadCell holds the measures of one head's selections over the answer steps so far.
type HeadCell struct {
	Hit          bool    // the gold position was picked at every answer step that has one
	Hits, Golds  int     // steps that picked it, steps that have one
	Recall, Mass float32 // below 0: not known
	Jaccard      float32 // share of the picks that another run has too, below 0: not known
	MemoryLength int     // tokens, 0 without a memory
	Density      float32 // below 0: not known
	Attention    *trace.Shares
	Kind         string  // of figures.Kinds, "" where not known
	Error        float32 // of the output, may be above 1; below 0: not known

	memory float32 // MemoryLength on a scale of 0..1, below 0 without a memory
}

// Value is the cell under a metric, within 0..1, below 0 when not known.
func (c HeadCell) Value(m Metric) float32 {
	switch m {
	case Recall:
		return c.Recall
	case Mass:
		return c.Mass
	case Memory:
		return c.memory
	case Density:
		return c.Density
	case Kind: // evenly apart in their order, so that heads of a kind are ranked beside each other
		kinds := figures.Kinds()
		if i := slices.Index(kinds, c.Kind); i >= 0 {
			return 1 - float32(i)/float32(len(kinds)-1)
		}
		return -1
	case OutputError:
		return min(1, c.Error)
	case Jaccard:
		return c.Jaccard
	}
	switch {
	case c.Golds > 0:
		return float32(c.Hits) / float32(c.Golds)
	case c.Hit:
		return 1
	}
	return -1
}

// Fill is the colour of the cell under a metric where that is known, and the name of the
// colour of text on it: kinds have one each, quantities those of the ramp.
func (c HeadCell) Fill(m Metric) (fill, ink string) {
	if m == Kind {
		return "var(--kind-" + c.Kind + ")", "on-kind"
	}
	v := c.Value(m)
	return paint.Ramp(v).CSS(), paint.Ink(v)
}

// At is the cell of a head.
func (h *Heads) At(head Head) HeadCell {
	i := head.Layer*h.Heads + head.Head
	if i < 0 || i >= len(h.Cells) {
		return HeadCell{Recall: -1, Mass: -1, Jaccard: -1, Density: -1, Error: -1, memory: -1}
	}
	return h.Cells[i]
}

// Mean is the mean of a metric over the heads where it is known, below 0 when it
// is known for none.
func (h *Heads) Mean(m Metric) float32 {
	var sum float32
	n := 0
	for _, c := range h.Cells {
		if v := c.Value(m); v >= 0 {
			sum += v
			n++
		}
	}
	if n == 0 {
		return -1
	}
	return sum / float32(n)
}

// Hits is the number of heads that are a hit.
func (h *Heads) Hits() int {
	n := 0
	for _, c := range h.Cells {
		if c.Hit {
			n++
		}
	}
	return n
}

// KindLetter stands for a kind where there is no room for its name.
func KindLetter(kind string) string {
	return map[string]string{
		figures.KindRetrieval: "R", figures.KindSink: "S", figures.KindLocal: "L", figures.KindVertical: "V", figures.KindSlash: "/",
		figures.KindBlock: "B", figures.KindSpread: "·",
	}[kind]
}

// OfKind is the number of heads of a kind.
func (h *Heads) OfKind(kind string) int {
	n := 0
	for _, c := range h.Cells {
		if c.Kind == kind {
			n++
		}
	}
	return n
}

// HeadGrid is the head grid so far. Once the run is done its own figures are shown,
// else those of the steps that arrived.
func (r *Run) HeadGrid() *Heads {
	if r.Header == nil {
		return &Heads{}
	}
	h := &Heads{Layers: r.Header.Layers, Heads: r.Header.Heads, Group: 1, Steps: len(r.steps)}
	if kv := r.Header.KVHeads; kv > 0 && h.Heads%kv == 0 {
		h.Group = h.Heads / kv
	}
	h.Cells = make([]HeadCell, h.Layers*h.Heads)
	for i := range h.Cells {
		h.Cells[i] = HeadCell{Hits: r.found[i].hits, Golds: r.found[i].gold, Recall: -1, Mass: -1, Jaccard: -1, Density: -1, Error: -1, memory: -1}
	}
	hits := r.tally.Hits()
	known := len(r.steps) > 0
	if r.Done != nil && len(r.Done.Hits) > 0 {
		hits, known = r.Done.Hits, true
	}
	if !known {
		return h
	}
	for _, v := range hits {
		c := &h.Cells[v.Layer*h.Heads+v.Head]
		c.Hit, c.Recall, c.Mass = v.Hit, float32(v.Recall), float32(v.Mass)
		c.Attention, c.Kind = v.Attention, v.Kind
		if v.Density != nil {
			c.Density = float32(*v.Density)
		}
		if v.OutputError != nil {
			c.Error = float32(*v.OutputError)
		}
		if v.MemoryLength > 0 {
			c.MemoryLength = v.MemoryLength
			c.memory = logShare(v.MemoryLength, len(r.Header.Tokens))
		}
	}
	return h
}

// logShare is n on a logarithmic scale from 1 to all.
func logShare(n, all int) float32 {
	if all < 2 {
		return 1
	}
	return float32(math.Log(float64(n)) / math.Log(float64(all)))
}

// Has reports whether a metric is known of any head.
func (h *Heads) Has(m Metric) bool {
	return slices.ContainsFunc(h.Cells, func(c HeadCell) bool { return c.Value(m) >= 0 })
}

// Ranking lists the heads by a metric, the greatest first, those where it is not
// known last; of equals the lower layer, then the lower head, comes first.
func (h *Heads) Ranking(m Metric) []Head {
	out := make([]Head, len(h.Cells))
	for i := range out {
		out[i] = Head{i / h.Heads, i % h.Heads}
	}
	slices.SortStableFunc(out, func(a, b Head) int { return cmp.Compare(h.At(b).Value(m), h.At(a).Value(m)) })
	return out
}
