package sparse

import "math"

// rocketKVMethod is the entry of RocketKV in the list of methods.
func rocketKVMethod() Info {
	return Info{
		ID: "rocketkv", Name: "RocketKV", Family: FamilyEviction, Unit: UnitToken, Phase: PhaseEvict, Scores: ScoresAttention, Random: true,
		Alone: "of what stays every query chooses pages of its own",
		Help:  "evicts once, as SnapKV with wide pooling, and of what stays reads the tokens in the most promising pages at every step",
		Paper: "arXiv:2502.14051",
		Params: []Param{
			budgetParam(), capacityParam(), observedParam(), kernelParam("63"),
			{
				Name: "page", Title: "Page, tokens", Kind: KindInt, Default: "4", Min: 1, Max: 4096, Extent: true,
				Help: "kept tokens that share bounds in the second stage",
			},
			{
				Name: "channels", Title: "Channels read", Kind: KindFloat, Default: "0.5", Max: 1, Above: true, Extent: true,
				Help: "share of the channels, those where queries are largest, that the second stage scores pages by",
			},
			groupParam(groupMean),
		},
		plan: func(s Settings) (Plan, error) {
			p, snap, err := planObserved(s)
			if p.Evictor != nil || err != nil {
				return p, err
			}
			read := s.limit(snap.Capacity)
			snap.Pooling, snap.Capacity = MaxPool, max(snap.Capacity, rocketStays(s.Tokens, snap.Capacity))
			p.Evictor = RocketKV{Scorer: snap, Read: read, Page: s.Int("page"), Channels: s.Float("channels"), Group: s.Choice("group")}
			return p, nil
		},
	}
}

// rocketStays is how many of so many tokens stay after the first stage where each query
// may read budget of them: tokens/c^α, c = tokens/budget, α = min(0.2 + 0.06·log2 c, 0.8).
func rocketStays(tokens, budget int) int {
	c := float64(tokens) / float64(budget)
	alpha := min(0.2+0.06*math.Log2(c), 0.8)
	return min(tokens, int(math.Round(float64(tokens)/math.Pow(c, alpha))))
}

// RocketKV evicts and then selects (Behnam et al., arXiv:2502.14051, sections 3.2 and 3.3).
// Once after the prefill it keeps the positions that SnapKV, with maxima pooled widely, scores
// highest, Scorer.Capacity of them: T/c^α where a query may read T/c. At every step a query
// q then reads the positions of the pages of the greatest
//
//	s_p = Σ_{c in C} max(q[c]·min_p[c], q[c]·max_p[c]),  C the ⌈Channels·Dh⌉ of the largest |q[c]|
//
// with pages of Page kept positions each, in their order, and min_p and max_p the bounds of
// their keys; Read positions at most, the newest page among them. The authors choose C and
// the pages for a group of heads together; here each query does. Scores are those of the
// first stage, [P].
//
// Time O(w·P·Dh) after the prefill and O(n/Page·Dh + Read·Dh) a step, n positions having
// stayed: bounds are made once and read whole, those of positions that came since at every
// step. Memory O(w·P + n/Page·Dh) a head. A step takes 1.7 times what Quest's does, whose pages
// are of a block each and follow each other in memory.
type RocketKV struct {
	Scorer   SnapKV  // its Capacity stays
	Read     int     // positions that a query reads
	Page     int     // positions of a page
	Channels float64 // share of them
	Group    string
}

// Window implements Evictor.
func (m RocketKV) Window() int { return m.Scorer.Window() }

// Keep implements Evictor.
func (m RocketKV) Keep(dst *Selection, window []float32, layer, _ int, h *KVCache) {
	keepAlone(m, dst, window, layer, h)
}

// KeepLayer implements LayerEvictor.
func (m RocketKV) KeepLayer(dst []Selection, l Layer) {
	Grouped{Scorer: m.Scorer, Capacity: m.Scorer.Capacity, Group: m.Group}.KeepLayer(dst, l)
	for h := range dst {
		if m.Group != groupEach && h > 0 && l.Caches[h] == l.Caches[h-1] {
			dst[h].bounds, dst[h].paged = dst[h-1].bounds, dst[h-1].paged
			continue
		}
		there := dst[h].positions()
		dst[h].paged = there[:len(there)/m.Page*m.Page]
		dst[h].bounds = m.bounds(dst[h].paged, l.Caches[h])
	}
}

// Narrow implements Narrower.
func (m RocketKV) Narrow(dst *Selection, q Query, h *KVCache) {
	n := dst.Count()
	if n <= m.Read {
		return
	}
	last := (n - 1) / m.Page // the newest page, which is read whatever its keys are
	known := len(dst.paged) / m.Page
	since := dst.last(n - len(dst.paged))
	dst.weights = resize(dst.weights, max(last, known))
	own := m.largest(q, h)
	m.score(dst.weights[:known], own, dst.bounds, h)
	if known < last {
		m.score(dst.weights[known:last], own, m.bounds(since[:(last-known)*m.Page], h), h)
	}
	newest := dst.last(n - last*m.Page)
	dst.picked = TopK(h.kernels, dst.picked, dst.weights[:last], (m.Read-len(newest))/m.Page)
	dst.Spans = dst.Spans[:0]
	for _, p := range dst.picked {
		page := dst.paged
		if p >= known {
			page, p = since, p-known
		}
		for _, j := range page[p*m.Page : (p+1)*m.Page] {
			dst.add(j, j+1)
		}
	}
	for _, j := range newest[max(0, len(newest)-m.Read):] {
		dst.add(j, j+1)
	}
}

// bounds are the least and the greatest of each channel of the keys at positions, page by
// page: all that are least, [pages, Dh], and then all that are greatest.
func (m RocketKV) bounds(positions []int, h *KVCache) []float32 {
	pages, d := len(positions)/m.Page, h.Dim
	out := make([]float32, 2*pages*d)
	for i := range out {
		out[i] = float32(math.Inf(1))
		if i >= pages*d {
			out[i] = float32(math.Inf(-1))
		}
	}
	for i, j := range positions {
		at := i / m.Page * d
		h.kernels.MinMax(out[at:at+d], out[pages*d+at:][:d], h.Keys[j*d:(j+1)*d])
	}
	return out
}

// score writes to dst s_p of the pages with the bounds, q being 0 on the channels that do
// not count.
func (m RocketKV) score(dst, q, bounds []float32, h *KVCache) {
	if len(dst) > 0 {
		h.kernels.BoundScores(dst, q, bounds[:len(dst)*h.Dim], bounds[len(bounds)/2:][:len(dst)*h.Dim])
	}
}

// largest is q on the channels in which it is largest, and 0 on the others.
func (m RocketKV) largest(q Query, h *KVCache) []float32 {
	size, out := make([]float32, h.Dim), make([]float32, h.Dim)
	for c, v := range q.Q {
		size[c] = float32(math.Abs(float64(v)))
	}
	for _, c := range TopK(h.kernels, nil, size, int(math.Ceil(m.Channels*float64(h.Dim)))) {
		out[c] = q.Q[c]
	}
	return out
}
