package trace

import (
	"errors"
	"fmt"
	"math"
)

// maxHeads bounds layers*heads, so that a table of all heads stays small.
const maxHeads = 1 << 16

// check says what of e contradicts itself. What passes can be indexed by the
// fields beside it without a further look.
func check(e Event) error {
	switch e := e.(type) {
	case *Header:
		return e.check()
	case *Selection:
		return e.check()
	case *Step:
		if e.Step < 0 || e.Position < 0 {
			return fmt.Errorf("step %d at position %d, neither may be negative", e.Step, e.Position)
		}
	case *Done:
		if err := e.Compressed.check(); err != nil {
			return fmt.Errorf("compressed: %w", err)
		}
		if e.LightFrom != nil && *e.LightFrom < 0 {
			return fmt.Errorf("light_from: step %d, may not be negative", *e.LightFrom)
		}
		for _, h := range e.Hits {
			if h.Layer < 0 || h.Head < 0 {
				return fmt.Errorf("heads: layer %d head %d, neither may be negative", h.Layer, h.Head)
			}
		}
	case *Failure:
		if e.Message == "" {
			return errors.New("message: empty, a failure says what happened")
		}
	}
	return nil
}

func (c *Compressed) check() error {
	if c == nil {
		return nil
	}
	if c.Tokens < 0 || len(c.Kept) > maxHeads {
		return fmt.Errorf("%d tokens, of which %d heads keep some, neither may be negative and at most %d heads are allowed", c.Tokens, len(c.Kept), maxHeads)
	}
	for _, n := range c.Kept {
		if n < 0 || n > c.Tokens {
			return fmt.Errorf("kept: %d entries of %d tokens", n, c.Tokens)
		}
	}
	return nil
}

func (h *Header) check() error {
	if h.Layers < 1 || h.Heads < 1 || h.Layers > maxHeads || h.Heads > maxHeads/h.Layers {
		return fmt.Errorf("layers, heads: %d layers of %d heads, at least one and at most %d heads in all are allowed", h.Layers, h.Heads, maxHeads)
	}
	if n := len(h.Pieces); n > 0 && n != len(h.Tokens) {
		return fmt.Errorf("pieces: %d texts for %d tokens", n, len(h.Tokens))
	}
	if len(h.Gold) != len(h.Answer) {
		return fmt.Errorf("gold: %d positions for %d answer tokens", len(h.Gold), len(h.Answer))
	}
	for i, g := range h.Gold {
		if g < -1 || g >= len(h.Tokens) {
			return fmt.Errorf("gold: position %d of answer token %d, the prompt has %d tokens", g, i, len(h.Tokens))
		}
	}
	for _, f := range []struct {
		name  string
		value *int
	}{{"sparse_from", h.SparseFrom}, {"evicted_at", h.EvictedAt}} {
		if f.value != nil && (*f.value < 0 || *f.value >= len(h.Tokens)) {
			return fmt.Errorf("%s: position %d, the prompt has %d tokens", f.name, *f.value, len(h.Tokens))
		}
	}
	for _, n := range h.Needles {
		for _, r := range [...][2]int{n.Span, n.Values} {
			if r[0] < 0 || r[0] > r[1] || r[1] > len(h.Tokens) {
				return fmt.Errorf("needles: range %v of %q, the prompt has %d tokens", r, n.Key, len(h.Tokens))
			}
		}
	}
	return nil
}

// checkSizes checks all of s but its slices, whose lengths it takes.
func (s *Selection) checkSizes(scores, mass int) error {
	for _, f := range [...]struct {
		name       string
		value, min int
	}{
		{"step", s.Step, -1},
		{"layer", s.Layer, 0},
		{"head", s.Head, 0},
		{"first", s.First, 0},
		{"queries", s.Queries, 1},
		{"unit", s.Unit, 1},
		{"candidates", s.Candidates, 1},
	} {
		if f.value < f.min || f.value > math.MaxInt32 {
			return fmt.Errorf("%s: %d, must be within %d and %d", f.name, f.value, f.min, math.MaxInt32)
		}
	}
	if err := s.checkFloats("scores", scores); err != nil {
		return err
	}
	return s.checkFloats("mass", mass)
}

func (s *Selection) checkFloats(name string, n int) error {
	switch {
	case n == 0 || n == s.Candidates && s.Queries == 1:
		return nil
	case s.Queries > 1:
		return fmt.Errorf("%s: %d values for %d queries, only a single query carries them", name, n, s.Queries)
	}
	return fmt.Errorf("%s: %d values for %d candidates, must be none or one each", name, n, s.Candidates)
}

func (s *Selection) check() error {
	if err := s.checkSizes(len(s.Scores), len(s.Mass)); err != nil {
		return err
	}
	row := rowBytes(s.Candidates)
	if int64(len(s.Picked)) != int64(s.Queries)*int64(row) {
		return fmt.Errorf("picked: %d bytes, %d queries of %d candidates take %d", len(s.Picked), s.Queries, s.Candidates, int64(s.Queries)*int64(row))
	}
	if used := s.Candidates % 8; used != 0 {
		for q := range s.Queries {
			if s.Picked[q*row+row-1]>>used != 0 {
				return fmt.Errorf("picked: query %d has bits beyond its %d candidates", q, s.Candidates)
			}
		}
	}
	return nil
}
