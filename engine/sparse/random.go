package sparse

import "math/bits"

// RandomBlocks stands in for Quest or MoBA to ask how much their choice matters
// (arXiv:2605.28640, hypothesis 2): the same number of blocks, the same ones
// forced, the rest drawn uniformly without replacement. A draw depends on Seed,
// layer, head and position only, so the order of calls does not matter.
type RandomBlocks struct {
	Pattern
	Blocks int // K
	Seed   uint64
	Forced Forced // the rule of the method it replaces
}

// Select implements Selector.
func (m RandomBlocks) Select(dst *Selection, q Query, h *KVCache) {
	dst.reset(h.Block)
	r := newSource(m.Seed, q.Layer, q.Head, q.Position)
	m.Forced.pick(dst, q, h, m.Blocks, func(lo, hi, k int) []int {
		dst.picked = r.sample(dst.picked, hi-lo, k)
		return dst.picked
	})
}

// RandomTokens stands in for SnapKV in the same way: it keeps Capacity positions,
// the last Recent of them and the rest drawn uniformly from those before.
type RandomTokens struct {
	Capacity int
	Recent   int // SnapKV's observation window
	Seed     uint64
	Whose    string // WhoseHead, which "" is too, WhoseLayer or WhoseAll: who has one draw
}

// Window implements Evictor: no query is observed.
func (m RandomTokens) Window() int { return 0 }

// Keep implements Evictor.
func (m RandomTokens) Keep(dst *Selection, _ []float32, layer, head int, h *KVCache) {
	dst.reset(1)
	if h.Len <= m.Capacity {
		dst.add(0, h.Len)
		return
	}
	switch m.Whose {
	case WhoseAll:
		layer, head = 0, 0
	case WhoseLayer:
		head = 0
	}
	r := newSource(m.Seed, layer, head, h.Len-1)
	dst.picked = r.sample(dst.picked, h.Len-m.Recent, m.Capacity-m.Recent)
	for _, j := range dst.picked {
		dst.add(j, j+1)
	}
	dst.add(h.Len-m.Recent, h.Len)
}

// Reevict implements Reevictor: a draw asks for no scores.
func (m RandomTokens) Reevict(dst *Selection, layer, head int, h *KVCache, _ []float32) bool {
	m.Keep(dst, nil, layer, head, h)
	return true
}

// source is a SplitMix64 stream (Steele, Lea and Flood, 2014).
type source uint64

// newSource starts a stream of its own for every query of every head.
func newSource(seed uint64, layer, head, position int) *source {
	s := source(seed)
	for _, v := range [...]int{layer, head, position} {
		s = source(s.next() ^ uint64(v))
	}
	return &s
}

func (s *source) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// sample writes to dst min(k, n) of the numbers below n, ascending, every subset
// as likely (selection sampling, Knuth, The Art of Computer Programming 3.4.2 S).
func (s *source) sample(dst []int, n, k int) []int {
	dst = dst[:0]
	k = min(k, n)
	for i := 0; len(dst) < k; i++ {
		// i is taken with probability (still wanted) / (still left).
		if r, _ := bits.Mul64(s.next(), uint64(n-i)); r < uint64(k-len(dst)) {
			dst = append(dst, i)
		}
	}
	return dst
}
