package model

import (
	"fmt"
	"math"
	"slices"

	"kvscope/engine/ops"
)

// LogLikelihood is ln p of a token by logits [V], their log-softmax, in float64.
func LogLikelihood(logits []float32, id int32) float64 {
	top := float64(slices.Max(logits))
	sum := 0.0
	for _, v := range logits {
		sum += math.Exp(float64(v) - top)
	}
	return float64(logits[id]) - top - math.Log(sum)
}

// scoredRows is how many rows of logits exist at a time where those of a whole chunk are
// asked for.
const scoredRows = 32

// PrefillScored is Prefill, and returns ln p of what follows each of the tokens, next [T].
func (s *Session) PrefillScored(ids, next []int32) ([]float64, error) {
	if len(next) != len(ids) {
		return nil, fmt.Errorf("session: %d tokens follow %d, want one each", len(next), len(ids))
	}
	if err := s.forward(ids); err != nil {
		return nil, err
	}
	m, c, b := s.model, s.model.cfg, &s.buf
	out := make([]float64, len(ids))
	rows := make([]float32, min(scoredRows, len(ids))*c.Vocab)
	for from := 0; from < len(ids); from += scoredRows {
		n := min(scoredRows, len(ids)-from)
		m.kernels.RMSNorm(b.h[:n*c.Dim], b.x[from*c.Dim:(from+n)*c.Dim], m.weights.FinalNorm, c.Eps)
		m.separately(ops.Dense(rows[:n*c.Vocab], n, c.Vocab), m.head, b.h[:n*c.Dim])
		for t := range n {
			out[from+t] = LogLikelihood(rows[t*c.Vocab:(t+1)*c.Vocab], next[from+t])
		}
	}
	return out, nil
}

// Foresee returns ln p of each of the tokens ids but the first, after those before it, as if
// ids were read one by one, selections and evictions at work. The session stays as it is,
// nothing is observed, and there must be room for all of ids but the last.
func (s *Session) Foresee(ids []int32) ([]float64, error) {
	was := s.save()
	defer s.restore(was)
	var out []float64
	for i, id := range ids[:max(0, len(ids)-1)] {
		logits, err := s.Step(id)
		if err != nil {
			return nil, err
		}
		out = append(out, LogLikelihood(logits, ids[i+1]))
	}
	return out, nil
}

// saved is a copy of the session's state that reading tokens changes. The cache is not
// copied: entries are only ever added to it, so that its length is enough to go back.
type saved struct {
	session Session
	key     [][]float32
	value   [][]float32
	spans   []cappedMemory
}

// save is s as it is now; until restore nothing is observed.
func (s *Session) save() saved {
	was := saved{session: *s}
	s.kept, s.next, s.decided = slices.Clone(s.kept), slices.Clone(s.next), slices.Clone(s.decided)
	s.queries = slices.Clone(s.queries)
	for l := range s.heads {
		was.key, was.value = append(was.key, slices.Clone(s.key[l])), append(was.value, slices.Clone(s.value[l]))
		was.spans = append(was.spans, s.spans[l].clone())
		s.queries[l] = slices.Clip(s.queries[l])
	}
	s.opt.Observe, s.opt.Tap = nil, nil
	return was
}

// restore makes s what it was.
func (s *Session) restore(was saved) {
	buf, scores, selection := s.buf, s.scores, s.selection
	*s = was.session
	s.buf, s.scores, s.selection = buf, scores, selection
	for l := range s.heads {
		copy(s.key[l], was.key[l])
		copy(s.value[l], was.value[l])
		s.spans[l] = was.spans[l]
		for h := range s.heads[l] {
			s.heads[l][h].Truncate(s.length)
			if s.rankedBy != nil {
				s.rankedBy[l][h].Truncate(s.length)
			}
		}
	}
}
