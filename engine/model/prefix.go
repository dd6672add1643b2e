package model

import (
	"fmt"
	"slices"

	"kvscope/engine/sparse"
)

// Prefix is the state of a session after its first length tokens: caches, memories and the
// queries it kept. Any number of sessions may go on from it, with other methods too, while
// the session it was taken from goes on as well.
type Prefix struct {
	length     int
	heads      [][]*sparse.KVCache // of which the first length positions never change
	rankedBy   [][]*sparse.KVCache
	key, value [][]float32
	queries    [][]float32
	spans      []cappedMemory
	memory     *Intervention
}

// Prefix returns the state of s as it is now, without what an eviction decided.
func (s *Session) Prefix() *Prefix {
	p := &Prefix{length: s.length, heads: s.heads, rankedBy: s.rankedBy, memory: s.opt.Memory}
	for l := range s.heads {
		p.key = append(p.key, slices.Clone(s.key[l]))
		p.value = append(p.value, slices.Clone(s.value[l]))
		p.queries = append(p.queries, s.keptQueries(l))
		p.spans = append(p.spans, s.spans[l].clone())
	}
	return p
}

// keptQueries are the queries that s has kept of a layer as they are now. Where none ever goes,
// later ones only go behind them, so that they need no copy.
func (s *Session) keptQueries(l int) []float32 {
	if s.opt.Window >= s.opt.Capacity {
		return slices.Clip(s.queries[l])
	}
	return slices.Clone(s.queries[l])
}

// Len is the number of tokens read.
func (p *Prefix) Len() int { return p.length }

// Resume is NewSession for a sequence that has read p already. The memory must be
// intervened in as it was, and a window of queries must have been kept by the
// session that p is from.
func (m *Model) Resume(p *Prefix, opt Options) (*Session, error) {
	if !p.memory.Equal(opt.Memory) {
		return nil, fmt.Errorf("session: resumed with another memory")
	}
	if opt.Capacity < p.length {
		return nil, fmt.Errorf("session: capacity %d for a prefix of %d tokens", opt.Capacity, p.length)
	}
	s, err := m.NewSession(opt)
	if err != nil {
		return nil, err
	}
	s.length = p.length
	for l := range s.heads {
		for h := range s.heads[l] {
			replay(s.heads[l][h], p.heads[l][h], p.length)
			if s.rankedBy != nil {
				replay(s.rankedBy[l][h], p.rankedBy[l][h], p.length)
			}
		}
		copy(s.key[l], p.key[l])
		copy(s.value[l], p.value[l])
		s.spans[l] = p.spans[l].clone()
		if opt.Window > 0 {
			s.queries[l] = slices.Clone(p.queries[l])
		}
	}
	return s, nil
}

// replay appends the first n positions of src to dst, whose blocks may be others.
func replay(dst, src *sparse.KVCache, n int) {
	for t := range n {
		dst.Append(src.Keys[t*src.Dim:(t+1)*src.Dim], src.Values[t*src.Dim:(t+1)*src.Dim])
	}
}
