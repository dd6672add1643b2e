package sparse

import (
	"fmt"
	"math"

	"kvscope/engine/ops"
)

// KVCache is the cache of one head of keys and values of one layer. Keys and values are [Len, Dh]
// contiguous, so that a block is contiguous, with its summaries beside it. Keys
// are stored as attention reads them: after the memory, rotated.
type KVCache struct {
	Dim   int // Dh
	Block int // B, the block size of the summaries
	Len   int // positions held

	// Scale is the factor of q·k before the softmax: Dh^-1/2 unless it is set to something
	// else.
	Scale float32

	Keys, Values []float32 // [capacity, Dh]

	// Rotations are the cosines and sines by which the keys and queries of positions 0..n-1
	// were turned, [n, Dh/2] each, in the rotate-half layout; nil where they are not known.
	Rotations func(n int) (cos, sin []float32)

	// Summaries of the blocks, as far as they are kept.
	Lo, Hi []float32 // [ceil(Len/B), Dh], per-channel bounds of a block's keys; or nil
	Sum    []float32 // [ceil(Len/B), Dh], sum of a block's keys; or nil

	Rounded []float32 // [capacity, Dh], keys rounded to 4 bits; or nil

	kernels *ops.Kernels
}

// NewKVCache returns an empty cache for capacity positions of size dim in blocks of
// block, of which it keeps what is asked for.
func NewKVCache(k *ops.Kernels, dim, block, capacity int, keep Summaries) *KVCache {
	if dim <= 0 || block <= 0 || capacity <= 0 {
		panic(fmt.Sprintf("sparse: head of size %d, block %d, capacity %d", dim, block, capacity))
	}
	n := (capacity + block - 1) / block * dim
	size := 2 * capacity * dim
	if keep.Bounds {
		size += 2 * n
	}
	if keep.Mean {
		size += n
	}
	if keep.Rounded {
		size += capacity * dim
	}
	all := make([]float32, size)
	wantHugePages(all)
	take := func(n int) []float32 {
		part := all[:n:n]
		all = all[n:]
		return part
	}
	h := &KVCache{Dim: dim, Block: block, Scale: float32(1 / math.Sqrt(float64(dim))), kernels: k, Keys: take(capacity * dim), Values: take(capacity * dim)}
	if keep.Bounds {
		h.Lo, h.Hi = take(n), take(n)
	}
	if keep.Mean {
		h.Sum = take(n)
	}
	if keep.Rounded {
		h.Rounded = take(capacity * dim)
	}
	return h
}

// Append adds one position and updates its block's summaries.
func (h *KVCache) Append(key, value []float32) {
	if len(key) != h.Dim || len(value) != h.Dim {
		panic(fmt.Sprintf("sparse: key of %d and value of %d for a head of size %d", len(key), len(value), h.Dim))
	}
	at := h.Len * h.Dim
	copy(h.Keys[at:at+h.Dim], key)
	copy(h.Values[at:at+h.Dim], value)
	b, first := h.Len/h.Block*h.Dim, h.Len%h.Block == 0
	if h.Lo != nil {
		lo, hi := h.Lo[b:b+h.Dim], h.Hi[b:b+h.Dim]
		if first {
			for c := range lo {
				lo[c], hi[c] = float32(math.Inf(1)), float32(math.Inf(-1))
			}
		}
		h.kernels.MinMax(lo, hi, key)
	}
	if h.Sum != nil {
		sum := h.Sum[b : b+h.Dim]
		if first {
			clear(sum)
		}
		h.kernels.Add(sum, key)
	}
	if h.Rounded != nil {
		round4(h.Rounded[at:at+h.Dim], key)
	}
	h.Len++
}

// Truncate forgets the positions from n on.
func (h *KVCache) Truncate(n int) {
	if n < 0 || n > h.Len {
		panic(fmt.Sprintf("sparse: a cache of %d positions cut to %d", h.Len, n))
	}
	start, keys := n/h.Block*h.Block, h.Keys
	h.Len = min(h.Len, start)
	for t := start; t < n; t++ { // the summaries of the last block are made anew
		h.Append(keys[t*h.Dim:(t+1)*h.Dim], h.Values[t*h.Dim:(t+1)*h.Dim])
	}
}

// Blocks is the number of blocks that hold at least one position.
func (h *KVCache) Blocks() int { return (h.Len + h.Block - 1) / h.Block }

// Kernels is the kernel table the head was made with.
func (h *KVCache) Kernels() *ops.Kernels { return h.kernels }
