package model

import "kvscope/engine/sparse"

// Bytes is the memory that s holds beside the weights, by the capacity of its slices:
//
//	4 · (caches + caches of an intervention + queries + memories + buffers)
//
// of float32. What an eviction decided is not counted.
func (s *Session) Bytes() int {
	n := cacheFloats(s.heads) + cacheFloats(s.rankedBy) + memoryFloats(s.spans) +
		rowFloats(s.queries, s.key, s.value, s.scores)
	b := &s.buf
	return 4 * (n + rowFloats([][]float32{b.x, b.h, b.parts, b.attn, b.hidden, b.upGate, b.logits}))
}

// Bytes is the memory that p holds beside the caches, which are those of its session.
func (p *Prefix) Bytes() int {
	return 4 * (memoryFloats(p.spans) + rowFloats(p.queries, p.key, p.value))
}

// ReleaseBuffers lets go of what only computing needs. The next step makes it again.
func (s *Session) ReleaseBuffers() {
	s.buf = buffers{}
	clear(s.scores)
}

func cacheFloats(heads [][]*sparse.KVCache) int {
	n := 0
	for _, layer := range heads {
		for _, h := range layer {
			n += cap(h.Keys) + cap(h.Values) + cap(h.Lo) + cap(h.Hi) + cap(h.Sum) + cap(h.Rounded)
		}
	}
	return n
}

func memoryFloats(spans []cappedMemory) int {
	n := 0
	for l := range spans {
		n += spans[l].floats()
	}
	return n
}

func rowFloats(of ...[][]float32) int {
	n := 0
	for _, rows := range of {
		for _, row := range rows {
			n += cap(row)
		}
	}
	return n
}
