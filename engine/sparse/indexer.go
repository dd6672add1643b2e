package sparse

import (
	"fmt"
	"math"

	"kvscope/engine/input"
	"kvscope/engine/ops"
)

// indexerMethod is the entry of the trained indexer in the list of methods.
func indexerMethod() Info {
	return Info{
		ID: "indexer", Name: "Learned indexer", Family: FamilyBlocks, Unit: UnitBlock, Phase: PhaseDecode, Scores: ScoresKeys, Random: true,
		Help:      "blocks that a small trained index scores highest, distilled from the model's own attention",
		Paper:     "arXiv:2410.13276",
		Params:    append([]Param{budgetParam(), blockParam(), blocksParam()}, jointParams()...),
		Summaries: Summaries{Bounds: true, Mean: true},
		plan: func(s Settings) (Plan, error) {
			p := s.blockPlan(s.blocks(), FirstAndLocal, func(limit int) Selector { return Indexer{Blocks: limit} })
			p.NeedsIndex, p.NeedsModel = !s.Random, !s.Random
			return p, nil
		},
	}
}

// IndexParts is J, how many scores an index adds up. Their weights begin as +1 and −1 in
// turns, so an even number.
const IndexParts = 4

// Index holds the trained weights of an Indexer for one model: for each of the H query heads
// of each of L layers, the projections of its queries and of the summaries of its blocks to
// the Dim channels in which they are compared.
type Index struct {
	Layers, Heads, HeadDim int // L, H, Dh
	Dim                    int // channels of the index, d
	Block                  int // size of the blocks that it was trained on

	Query  []float32 // [L, H, J·d, Dh]
	Key    []float32 // [L, H, d, 3·Dh], over the minima, the maxima and the mean of a block's keys
	Weight []float32 // [L, H, J]
}

// NewIndex is an index of zeros.
func NewIndex(layers, heads, headDim, dim, block int) *Index {
	n := layers * heads
	return &Index{
		Layers: layers, Heads: heads, HeadDim: headDim, Dim: dim, Block: block,
		Query: make([]float32, n*IndexParts*dim*headDim), Key: make([]float32, n*dim*3*headDim), Weight: make([]float32, n*IndexParts),
	}
}

// Fits reports what keeps x from scoring the blocks of a model of that shape.
func (x *Index) Fits(layers, heads, headDim int) error {
	if x.Layers != layers || x.Heads != heads || x.HeadDim != headDim {
		return fmt.Errorf("it is for %d layers of %d heads of %d channels, the model has %d of %d of %d", x.Layers, x.Heads, x.HeadDim, layers, heads, headDim)
	}
	return nil
}

// Part is the index of one head: parameters [J·d, Dh], [d, 3·Dh] and [J], not copied.
func (x *Index) Part(layer, head int) (query, key, weight []float32) {
	at := layer*x.Heads + head
	q, k := IndexParts*x.Dim*x.HeadDim, 3*x.Dim*x.HeadDim
	return x.Query[at*q : (at+1)*q], x.Key[at*k : (at+1)*k], x.Weight[at*IndexParts : (at+1)*IndexParts]
}

// Indexer selects, for each query, the K blocks that a trained index scores highest, in
// the manner of SeerAttention (arXiv:2410.13276), with the sum of rectified
// products of DeepSeek's indexer (arXiv:2512.02556): with m_b = [min_b, max_b,
// mean_b] [3·Dh] of the keys of block b,
//
//	s_b = Σ_j w_j·relu((W_j q)·(V m_b))
//
// W_j [d, Dh] and V [d, 3·Dh]. It reads what the cache keeps of blocks and nothing of the
// model, so that a memory over keys changes it as it changes Quest and MoBA.
//
// Time O(J·d·Dh + J·Dh·blocks) a query: J·3 products of Dh where Quest has one of 2·Dh, six
// times its scores; beside the attention over K blocks that is little. Memory as Quest's
// and MoBA's summaries together.
type Indexer struct {
	Blocks int    // K
	Index  *Index // nil where nothing is scored anew
}

// Select implements Selector.
func (m Indexer) Select(dst *Selection, q Query, h *KVCache) { m.top().Select(dst, q, h) }

// Reselect implements Reselector.
func (m Indexer) Reselect(dst *Selection, q Query, h *KVCache, scores []float32) bool {
	return m.top().Reselect(dst, q, h, scores)
}

func (m Indexer) top() topBlocks { return topBlocks{m.Blocks, FirstAndLocal, m.scores} }

// scores fills dst.Scores, [blocks]. The query's own block, which is read whatever it
// scores, has no score.
func (m Indexer) scores(dst *Selection, q Query, h *KVCache) {
	if m.Index == nil || h.Lo == nil || h.Sum == nil {
		panic("BUG: an indexer without an index, or a cache without its summaries")
	}
	n := blocksBefore(q, h)
	dst.Scores = resize(dst.Scores, n)
	clear(dst.Scores)
	past := n - 1
	dst.Scores[past] = float32(math.Inf(1))
	if past == 0 {
		return
	}
	x, d := m.Index, h.Dim
	wq, wk, weight := x.Part(q.Layer, q.Head)
	n, dst.visible = IndexParts*x.Dim, resize(dst.visible, IndexParts*x.Dim+3*d+2*past)
	reach, meet := dst.visible[:n], dst.visible[n:n+3*d] // W_j q, and Vᵀ of it
	part, sum := dst.visible[n+3*d:][:past], dst.visible[n+3*d+past:]
	h.kernels.MatVec(reach, wq, q.Q)
	for j, w := range weight {
		combine(h.kernels, meet, reach[j*x.Dim:(j+1)*x.Dim], wk)
		for c := 2 * d; c < 3*d; c++ {
			meet[c] /= float32(h.Block) // the cache keeps sums
		}
		h.kernels.DotRows(sum, meet[:d], h.Lo[:past*d])
		h.kernels.DotRows(part, meet[d:2*d], h.Hi[:past*d])
		h.kernels.Add(sum, part)
		h.kernels.DotRows(part, meet[2*d:], h.Sum[:past*d])
		h.kernels.Add(sum, part)
		for b, v := range sum {
			dst.Scores[b] += w * max(v, 0)
		}
	}
}

// combine computes dst = Σ_c by[c]·rows[c], rows [len(by), len(dst)].
func combine(k *ops.Kernels, dst, by, rows []float32) {
	out := ops.Dense(dst, 1, len(dst))
	k.MatMul(out, ops.Dense(by, 1, len(by)), ops.Dense(rows, len(by), len(dst)), false)
}

// UseIndex gives a plan that needs one the index of its model, nil where it has none.
func (p *Plan) UseIndex(x *Index) error {
	if !p.NeedsIndex {
		return nil
	}
	if x == nil {
		return input.Errorf("method", "%s asks for an index that was trained for the model, and this one has none: kvscope train makes one", p.Method)
	}
	m := p.Selector.(Indexer) // of the only method that needs one
	m.Index = x
	p.Selector = m
	return nil
}
