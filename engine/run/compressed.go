package run

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
	"time"

	"kvscope/engine/model"
	"kvscope/engine/trace"
)

// compress evicts of the context that session has read, before the question, or takes over
// what the same method has evicted of it for another question. It notes what is left.
func (j *job) compress(session *model.Session, gates *gates, started time.Time) error {
	shared := j.context != nil && j.context.evicts(j)
	var err error
	if shared {
		err = session.EvictAs(j.plan.Evictor, j.context.kept)
	} else {
		err = session.Evict(j.plan.Evictor)
	}
	if err != nil {
		return err
	}
	if !shared && (j.keep || j.share) {
		took := milliseconds(started)
		if j.context != nil {
			took += j.context.took
		}
		j.left = j.contextOf(session, gates, took)
	}
	j.compressed = compressed(session, j.model.Config())
	j.compressed.Shared = shared
	return nil
}

// compressed describes the entries that an eviction has left in the cache of a session.
func compressed(s *model.Session, c model.Config) *trace.Compressed {
	out := &trace.Compressed{Tokens: s.Len()}
	sum := sha256.New()
	for l, heads := range s.Kept() {
		for h, kept := range heads {
			cache, n := s.Cache(l, h), 0
			for _, span := range kept.Spans {
				n += span.Len()
				at := [2]uint32{uint32(span.Start), uint32(span.End)}
				_ = binary.Write(sum, binary.LittleEndian, at[:]) // a hash takes everything
				for _, x := range [][]float32{cache.Keys, cache.Values} {
					digest(sum, x[span.Start*c.HeadDim:span.End*c.HeadDim])
				}
			}
			out.Kept = append(out.Kept, n)
		}
	}
	out.Hash = hex.EncodeToString(sum.Sum(nil)[:8])
	return out
}

// digest adds numbers to a hash.
func digest(to hash.Hash, x []float32) {
	bytes := make([]byte, 4*len(x))
	for i, v := range x {
		binary.LittleEndian.PutUint32(bytes[4*i:], math.Float32bits(v))
	}
	to.Write(bytes)
}
