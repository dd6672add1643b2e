package sparse

import (
	"math"

	"kvscope/engine/input"
	"kvscope/engine/ops"
)

// xAttentionMethod is the entry of XAttention in the list of methods.
func xAttentionMethod() Info {
	return Info{
		ID: "xattention", Name: "XAttention", Family: FamilyBlocks, Unit: UnitBlock, Phase: PhasePrefill, Scores: ScoresKeys,
		Alone: "how many blocks a block of queries reads follows from its own attention",
		Help:  "for every block of queries, the fewest blocks of keys that hold a share p of the attention, as estimated from their antidiagonals",
		Paper: "arXiv:2503.16428",
		Params: []Param{
			budgetParam(), blockParam(), blocksParam(),
			{
				Name: "top_p", Title: "Share of attention, p", Kind: KindFloat, Max: 1, Above: true, Restricts: true,
				Help:    "the authors' threshold: share of the estimated attention that is read; 0.9, or 1 where the budget leaves nothing out",
				Aliases: []string{"threshold", "tau"},
			},
			{
				Name: "stride", Title: "Stride, tokens", Kind: KindInt, Min: 1, Max: 4096,
				Help: "one of so many products of a query with keys is computed; 8, or what of it divides the block, when not set",
			},
			publicParam("as the authors' code: pairs that no query may read count in the estimate; else they do not"),
		},
		plan: planXAttention,
	}
}

// xStride and xShare are the stride and the threshold where none are given.
const (
	xStride = 8
	xShare  = 0.9
)

func planXAttention(s Settings) (Plan, error) {
	k, block := s.blocks(), s.Int("block")
	m := XAttention{Blocks: s.limit(k), TopP: xShare, Stride: s.Int("stride"), AsReleased: s.Bool("public_code")}
	switch {
	case !s.Given("stride"):
		for m.Stride = xStride; block%m.Stride != 0; m.Stride /= 2 {
		}
	case block%m.Stride != 0:
		return Plan{}, input.Errorf("stride", "%d, want a divisor of the block of %d", m.Stride, block)
	}
	switch {
	case s.Given("top_p"):
		m.TopP = s.Float("top_p")
	case s.everything():
		m.TopP = 1 // nothing was asked that would leave anything out
	}
	return Plan{Selector: m, K: min(k, s.allBlocks())}, nil
}

// XAttention lets every block of queries of a prompt read the blocks of keys whose
// antidiagonals promise the most attention (Xu et al., arXiv:2503.16428, section 3). A map of
// attention is cut into squares of S = Stride queries by S keys. With z[r, c] the mean of
// q·k/√Dh over the pairs of square (r, c) on its antidiagonal, q = r·S + i and k = c·S + S−1−i,
// as far as q may read k,
//
//	s_b = 1/R·Σ_r Σ_{c in b} softmax(z[r])_c         [blocks]
//
// over the R squares that the block of queries is high, and the squares c that block b is wide.
// It reads the first block and its own and then, from the greatest s on, the fewest whose s
// add up with theirs to at least TopP, and no more than Blocks in all. A query that comes
// alone is a block of its own. Scores are s.
//
// Time O(P²·Dh/S) and memory O(P·Dh + B/S·P/S) a head before the prompt is read, then
// O(Blocks·B·Dh) a query.
type XAttention struct {
	Blocks int     // K, the first and the own block included
	TopP   float64 // within (0, 1]; 1 reads as many as Blocks allows
	Stride int     // S, which divides the block

	// AsReleased follows the authors' code, which divides by S also where fewer pairs are
	// there, and counts pairs that no query may read.
	AsReleased bool
}

// Select implements Selector.
func (m XAttention) Select(dst *Selection, q Query, h *KVCache) { alone(m, dst, q, h) }

// Prefill implements Prefiller.
func (m XAttention) Prefill(queries []float32, h *KVCache) Selector {
	first := h.Len - len(queries)/h.Dim
	out := squares{of: m, from: first / h.Block}
	a := m.strided(queries, h)
	for b := out.from; b < h.Blocks(); b++ {
		scores := a.scores(b)
		out.scores = append(out.scores, scores)
		out.picked = append(out.picked, m.others(scores, h.kernels))
	}
	return out
}

// others are the blocks between the first and the last of those that scores are of which are
// read beside these two, counted from the second, ascending.
func (m XAttention) others(scores []float32, k *ops.Kernels) []int {
	last := len(scores) - 1
	if last < 2 {
		return nil
	}
	between := scores[1:last]
	picked := TopK(k, nil, between, m.Blocks-2)
	if m.TopP >= 1 {
		return picked
	}
	return fewest(picked, between, m.TopP-float64(scores[0])-float64(scores[last]))
}

// squares are the blocks of keys chosen for blocks of queries.
type squares struct {
	of     XAttention
	from   int         // first block of queries
	picked [][]int     // [blocks of queries], see XAttention.others
	scores [][]float32 // [blocks of queries][blocks of keys]
}

// Select implements Selector.
func (m squares) Select(dst *Selection, q Query, h *KVCache) {
	b := q.Position/h.Block - m.from
	if b < 0 || b >= len(m.picked) {
		m.of.Select(dst, q, h)
		return
	}
	dst.reset(h.Block)
	dst.Scores = append(dst.Scores, m.scores[b]...)
	FirstAndLocal.pick(dst, q, h, m.of.Blocks, func(_, _, _ int) []int { return m.picked[b] })
}

// strided are queries and keys so that a product of a row of one with a row of the other is
// the sum over an antidiagonal.
type strided struct {
	h        *KVCache
	stride   int
	released bool      // see XAttention.AsReleased
	first    int       // position of the first query
	query    []float32 // [squares, S·Dh], 0 where there is no query
	keys     []float32 // [squares, S·Dh], from the last of a square to its first, 0 where there is none
	row      int       // number of the first square of query
	dots     []float32 // scratch
}

func (m XAttention) strided(queries []float32, h *KVCache) *strided {
	d, s := h.Dim, m.Stride
	first := h.Len - len(queries)/d
	a := &strided{h: h, stride: s, released: m.AsReleased, first: first, row: first / s}
	n := (h.Len + s - 1) / s
	a.query, a.keys = make([]float32, (n-a.row)*s*d), make([]float32, n*s*d)
	copy(a.query[(first-a.row*s)*d:], queries)
	for j := range h.Len {
		at := j/s*s + s - 1 - j%s
		copy(a.keys[at*d:], h.Keys[j*d:(j+1)*d])
	}
	return a
}

// scores are s_b of a block of queries for every block of keys up to its own.
func (a *strided) scores(block int) []float32 {
	h, s, d := a.h, a.stride, a.h.Dim
	wide := h.Block / s
	lo, hi := max(a.row, block*wide), min((block+1)*wide, (h.Len+s-1)/s)
	out := make([]float32, block+1)
	a.dots = resize(a.dots, (hi-lo)*hi)
	dots := ops.Dense(a.dots, hi-lo, hi)
	h.kernels.MatMul(dots, ops.Dense(a.query[(lo-a.row)*s*d:], hi-lo, s*d), ops.Dense(a.keys, hi, s*d).T(), false)
	for r := lo; r < hi; r++ {
		row := dots.Row(r - lo)[:r+1]
		pairs := s
		if !a.released {
			pairs = min((r+1)*s, h.Len) - max(r*s, a.first)
		}
		for c := range row {
			row[c] /= float32(pairs)
		}
		if !a.released {
			row[r] = a.diagonal(r)
		}
		if r > 0 {
			h.kernels.Softmax(row, r+1, headScale(h))
		} else {
			row[0] = 1
		}
		for c, v := range row {
			out[c/wide] += v / float32(hi-lo)
		}
	}
	return out
}

// diagonal is the mean of q·k over the antidiagonal of square (r, r), as far as queries may
// read, −Inf where none may.
func (a *strided) diagonal(r int) float32 {
	h, s, d := a.h, a.stride, a.h.Dim
	var sum float32
	n := 0
	for i := range s {
		q, k := r*s+i, r*s+s-1-i
		if q < a.first || q >= h.Len || k > q {
			continue
		}
		x := a.query[(q-a.row*s)*d:][:d]
		for c, v := range h.Keys[k*d : (k+1)*d] {
			sum += v * x[c]
		}
		n++
	}
	if n == 0 {
		return float32(math.Inf(-1))
	}
	return sum / float32(n)
}
