package sparse

import (
	"fmt"
	"math"
)

// Forced says which blocks a block method reads whatever they score. They count
// within its K.
type Forced uint8

// The rules in use.
const (
	// FirstAndLocal forces the first block and the query's own, as the paper's runs
	// do (arXiv:2605.28640). With K = 1 only the query's own fits.
	FirstAndLocal Forced = iota
	// LocalOnly forces the query's own block, as MoBA's public code does.
	LocalOnly
	// NoneForced lets every block compete, as Quest's public code does.
	NoneForced
)

// blocksBefore is the number of blocks with a position that q may read.
func blocksBefore(q Query, h *KVCache) int {
	if q.Position < 0 || q.Position >= h.Len {
		panic(fmt.Sprintf("sparse: query at position %d of a cache of %d", q.Position, h.Len))
	}
	if len(q.Q) != h.Dim {
		panic(fmt.Sprintf("sparse: query of %d for a head of size %d", len(q.Q), h.Dim))
	}
	return q.Position/h.Block + 1
}

// pick selects k of the first n blocks of h: the forced ones, and of the rest
// those that choose returns, k blocks of [lo, hi) at most, counted from lo and
// ascending.
func (f Forced) pick(dst *Selection, q Query, h *KVCache, k int, choose func(lo, hi, k int) []int) {
	n := blocksBefore(q, h)
	block := func(b int) { dst.add(b*h.Block, min((b+1)*h.Block, q.Position+1)) }
	lo, hi := 0, n
	if f != NoneForced {
		hi, k = n-1, k-1
	}
	if f == FirstAndLocal && hi > 0 && k > 0 {
		block(0)
		lo, k = 1, k-1
	}
	if k > 0 && lo < hi {
		for _, b := range choose(lo, hi, k) {
			block(lo + b)
		}
	}
	if f != NoneForced {
		block(n - 1)
	}
}

// topBlocks selects the k blocks of the highest score, the forced ones among them.
type topBlocks struct {
	k      int
	forced Forced
	score  func(dst *Selection, q Query, h *KVCache) // fills dst.Scores, [blocks]
}

// Select implements Selector.
func (m topBlocks) Select(dst *Selection, q Query, h *KVCache) {
	dst.reset(h.Block)
	m.score(dst, q, h)
	m.pick(dst, q, h)
}

// Reselect implements Reselector.
func (m topBlocks) Reselect(dst *Selection, q Query, h *KVCache, scores []float32) bool {
	if !dst.rescore(h.Block, blocksBefore(q, h), scores) {
		return false
	}
	m.pick(dst, q, h)
	return true
}

// pick picks by dst.Scores.
func (m topBlocks) pick(dst *Selection, q Query, h *KVCache) {
	m.forced.pick(dst, q, h, m.k, func(lo, hi, k int) []int {
		dst.picked = TopK(h.kernels, dst.picked, dst.Scores[lo:hi], k)
		return dst.picked
	})
}

// visible is the part [start, q.Position] of the query's own block as keys, when
// h's summary of that block covers later positions too; else nil.
func visible(q Query, h *KVCache) []float32 {
	end := q.Position + 1
	if end == h.Len || end%h.Block == 0 {
		return nil
	}
	start := q.Position / h.Block * h.Block
	return h.Keys[start*h.Dim : end*h.Dim]
}

// boundScores fills dst.Scores with Quest's bound of every block q may read.
func boundScores(dst *Selection, q Query, h *KVCache) {
	n, d, k := blocksBefore(q, h), h.Dim, h.kernels
	if h.Lo == nil {
		panic("BUG: the cache keeps no bounds of its blocks")
	}
	dst.Scores = resize(dst.Scores, n)
	k.BoundScores(dst.Scores, q.Q, h.Lo[:n*d], h.Hi[:n*d])
	if keys := visible(q, h); keys != nil {
		dst.visible = resize(dst.visible, 2*d)
		lo, hi := dst.visible[:d], dst.visible[d:]
		for c := range lo {
			lo[c], hi[c] = float32(math.Inf(1)), float32(math.Inf(-1))
		}
		k.MinMax(lo, hi, keys)
		k.BoundScores(dst.Scores[n-1:], q.Q, lo, hi)
	}
}

// meanScores fills dst.Scores with q·mean of the keys of every block q may read.
func meanScores(dst *Selection, q Query, h *KVCache) {
	n, d, k := blocksBefore(q, h), h.Dim, h.kernels
	if h.Sum == nil {
		panic("BUG: the cache keeps no sums of its blocks")
	}
	dst.Scores = resize(dst.Scores, n)
	k.DotRows(dst.Scores, q.Q, h.Sum[:n*d])
	if keys := visible(q, h); keys != nil {
		dst.visible = resize(dst.visible, d)
		clear(dst.visible)
		for ; len(keys) > 0; keys = keys[d:] {
			k.Add(dst.visible, keys[:d])
		}
		k.DotRows(dst.Scores[n-1:], q.Q, dst.visible)
	}
	for b := range dst.Scores[:n-1] {
		dst.Scores[b] /= float32(h.Block)
	}
	dst.Scores[n-1] /= float32(q.Position + 1 - (n-1)*h.Block)
}
