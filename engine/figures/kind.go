package figures

import "kvscope/engine/trace"

// What a head's attention is like, by where the dense attention of its queries falls.
const (
	KindRetrieval = "retrieval" // on what the answer copies
	KindSink      = "sink"      // on the first positions
	KindLocal     = "local"     // on the newest ones
	KindVertical  = "vertical"  // on the same few positions, whatever the query
	KindSlash     = "slash"     // at the same few distances before the query
	KindBlock     = "block"     // within one block
	KindSpread    = "spread"    // none of these
)

// Kinds lists them in the order in which they are tried; of vertical and slash the one of
// the larger share counts.
func Kinds() []string {
	return []string{KindRetrieval, KindSink, KindLocal, KindVertical, KindSlash, KindBlock, KindSpread}
}

// What Attention counts, in positions, and from which mean share of the attention on a head
// is of a kind. There is no source for the numbers: they are simple ones that tell apart
// the heads of the models that ship, and are to be read beside the shares themselves.
const (
	sinkPositions  = 4
	localPositions = 16
	lines          = 2  // columns, or distances, that are counted
	blockPositions = 16 // of a block, which starts at a multiple of it

	leastRetrieval = 0.25
	leastSink      = 0.5
	leastLocal     = 0.5
	leastShape     = 0.5
)

// Attention sums up the dense attention of some queries of one head. The zero value is
// ready.
type Attention struct {
	queries, golds int
	sums           trace.Shares
	columns        []float32 // by position, [T], outside the sink and the newest positions
	distances      []float32 // by how far before the query, [T], so too
}

// Add counts a query's weights over the positions before it and its own, [t+1]; gold is the
// position that its token is copied from, or -1.
func (a *Attention) Add(weights []float32, gold int) {
	n := len(weights)
	a.queries++
	if gold >= 0 && gold < n {
		a.golds++
		a.sums.Retrieval += float64(weights[gold])
	}
	a.columns, a.distances = grown(a.columns, n), grown(a.distances, n)
	newest := max(sinkPositions, n-localPositions)
	block, best := 0.0, 0.0
	for j, w := range weights {
		switch {
		case j < sinkPositions:
			a.sums.Sink += float64(w)
			continue
		case j >= newest:
			a.sums.Local += float64(w)
			continue
		}
		a.columns[j] += w
		a.distances[n-1-j] += w
		if j%blockPositions == 0 {
			block = 0
		}
		block += float64(w)
		best = max(best, block)
	}
	a.sums.Block += best
}

func grown(x []float32, n int) []float32 {
	if len(x) < n {
		x = append(x, make([]float32, n-len(x))...)
	}
	return x
}

// Shares are the means over the queries, nil without any.
func (a *Attention) Shares() *trace.Shares {
	if a.queries == 0 {
		return nil
	}
	n := float64(a.queries)
	return &trace.Shares{
		Retrieval: mean(a.sums.Retrieval, a.golds), Sink: a.sums.Sink / n, Local: a.sums.Local / n, Block: a.sums.Block / n,
		Vertical: heaviest(a.columns) / n, Slash: heaviest(a.distances) / n,
	}
}

// heaviest is the sum of the largest lines of x.
func heaviest(x []float32) float64 {
	sum := 0.0
	for _, i := range Top(x, lines) {
		sum += float64(x[i])
	}
	return sum
}

// KindOf says what a head of these shares is. Fewer than five queries tell columns and
// distances apart badly: two lines hold half of any four.
func KindOf(s trace.Shares) string {
	switch {
	case s.Retrieval >= leastRetrieval:
		return KindRetrieval
	case s.Sink >= leastSink:
		return KindSink
	case s.Local >= leastLocal:
		return KindLocal
	case s.Vertical > leastShape && s.Vertical >= s.Slash:
		return KindVertical
	case s.Slash > leastShape:
		return KindSlash
	case s.Block > leastShape:
		return KindBlock
	}
	return KindSpread
}

// WhyKind says by which share, and from which on, a head is of its kind.
func WhyKind(s trace.Shares) (share, least float64, about string) {
	switch KindOf(s) {
	case KindRetrieval:
		return s.Retrieval, leastRetrieval, "of its attention is on what the answer copies"
	case KindSink:
		return s.Sink, leastSink, "of its attention is on the first 4 tokens"
	case KindLocal:
		return s.Local, leastLocal, "of its attention is on the newest 16 tokens"
	case KindVertical:
		return s.Vertical, leastShape, "of its attention is on the same 2 tokens, whatever the query"
	case KindSlash:
		return s.Slash, leastShape, "of its attention is at the same 2 distances before the query"
	case KindBlock:
		return s.Block, leastShape, "of its attention is within one block of 16 tokens"
	}
	return max(s.Vertical, s.Slash, s.Block), leastShape, "of its attention at most is on any line or block"
}
