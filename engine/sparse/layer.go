package sparse

// Layer is a layer as an eviction sees it whose heads decide together.
type Layer struct {
	Index, Count int         // of the layer, and how many the model has
	Windows      [][]float32 // by query head, the last queries, [w, Dh]
	Caches       []*KVCache  // by query head, what it reads: those of a group share one

	// Paid is, by query head, what the query of a step paid to each position that it read,
	// ascending: the weights by which it attended. Nil after a prefill, and where the keys of
	// Caches are not those that were read.
	Paid [][]float32
}

// part is l with the heads [from, to) alone.
func (l Layer) part(from, to int) Layer {
	l.Windows, l.Caches = l.Windows[from:to], l.Caches[from:to]
	if l.Paid != nil {
		l.Paid = l.Paid[from:to]
	}
	return l
}

// LayerEvictor is an Evictor whose heads decide together: one set of positions for all of
// them, or one budget among them. Its Keep decides for a layer of one head.
type LayerEvictor interface {
	Evictor
	// KeepLayer writes to dst, by query head, the positions that stay, as Keep does.
	KeepLayer(dst []Selection, l Layer)
}

// StepEvictor is an Evictor that goes on evicting while the answer is decoded.
type StepEvictor interface {
	Evictor
	// EvictStep is told the queries of a step, one a head, of the last position in l's
	// caches, which have read what kept says of the positions before, and their own. It
	// changes kept to what queries after them may read, the step's position included.
	EvictStep(kept []Selection, l Layer)
}

// Narrower is an Evictor of which each query reads only some of the positions that stayed.
type Narrower interface {
	Evictor
	// Narrow makes of dst, the positions that are there for q, those that q reads.
	Narrow(dst *Selection, q Query, h *KVCache)
}

// Narrow lets e say which of the positions in dst, those that are there for q, q reads: all
// of them, unless e is a Narrower.
func Narrow(e Evictor, dst *Selection, q Query, h *KVCache) {
	if m, ok := e.(Narrower); ok {
		m.Narrow(dst, q, h)
	}
}

// KeepLayer lets e decide for every head of a layer, together or one by one. Of a cache of
// nothing there is nothing to keep.
func KeepLayer(e Evictor, dst []Selection, l Layer) {
	if l.Caches[0].Len == 0 {
		for h := range dst {
			dst[h].reset(1)
		}
		return
	}
	if m, ok := e.(LayerEvictor); ok {
		m.KeepLayer(dst, l)
		return
	}
	for h := range dst {
		e.Keep(&dst[h], l.Windows[h], l.Index, h, l.Caches[h])
	}
}

// EvictStep lets e go on evicting after a step, or where it does not the step's position stay.
func EvictStep(e Evictor, kept []Selection, l Layer) {
	if m, ok := e.(StepEvictor); ok {
		m.EvictStep(kept, l)
		return
	}
	for h := range kept {
		kept[h].add(l.Caches[h].Len-1, l.Caches[h].Len)
	}
}

// keepBest keeps the n positions of the highest dst.Scores, ties to the lower position.
func keepBest(dst *Selection, h *KVCache, n int) {
	dst.Spans = dst.Spans[:0]
	dst.picked = TopK(h.kernels, dst.picked, dst.Scores, n)
	for _, j := range dst.picked {
		dst.add(j, j+1)
	}
}

// scorer is an Evictor that keeps the positions of the highest score.
type scorer interface {
	// Window implements Evictor.
	Window() int
	// score writes to dst [h.Len] what every position is worth to the queries of window,
	// and +Inf for those that are kept whatever they are worth.
	score(dst, window []float32, h *KVCache)
}
