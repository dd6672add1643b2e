package trace

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Run is a run as its events tell it: a Sink that keeps them and refuses what is
// out of order. The zero value is ready for a header. It is not safe for
// concurrent use.
type Run struct {
	Header     *Header      // nil before the run has begun
	Selections []*Selection // in the order emitted
	Steps      []*Step      // Steps[i].Step == i
	Done       *Done        // nil unless the run finished
	Failure    *Failure     // nil unless the run failed

	byHead map[headKey][]*Selection
	next   int // step after the last that a selection or a step was of
}

type headKey struct{ step, layer, head int }

// Emit adds e to the run.
func (r *Run) Emit(e Event) error {
	if err := r.admit(e); err != nil {
		return fmt.Errorf("%v event: %w", kindOf(e), err)
	}
	switch e := e.(type) {
	case *Header:
		r.Header = e
	case *Selection:
		if r.byHead == nil {
			r.byHead = make(map[headKey][]*Selection)
		}
		k := headKey{e.Step, e.Layer, e.Head}
		r.byHead[k] = append(r.byHead[k], e)
		r.Selections = append(r.Selections, e)
		r.next = max(r.next, e.Step+1)
	case *Step:
		r.Steps = append(r.Steps, e)
		r.next = max(r.next, len(r.Steps))
	case *Done:
		r.Done = e
	case *Failure:
		r.Failure = e
	}
	return nil
}

// admit says why e may not follow what the run holds.
func (r *Run) admit(e Event) error {
	if err := check(e); err != nil {
		return err
	}
	if r.Closed() {
		return errors.New("the run is over")
	}
	_, begins := e.(*Header)
	_, fails := e.(*Failure)
	switch {
	case begins && r.Header != nil:
		return errors.New("the run has begun")
	case begins, fails: // a run may fail before it could say what it is
		return nil
	case r.Header == nil:
		return errors.New("the run has not begun, a header comes first")
	}
	switch e := e.(type) {
	case *Selection:
		if err := r.admitHead(e.Layer, e.Head); err != nil {
			return err
		}
		return r.admitSelection(e)
	case *Step:
		if e.Step != len(r.Steps) {
			return fmt.Errorf("step %d where step %d is next", e.Step, len(r.Steps))
		}
		if n := len(r.Header.Tokens) + e.Step; e.Position >= max(n, 1) {
			return fmt.Errorf("position: %d, of %d positions at step %d", e.Position, n, e.Step)
		}
	case *Done:
		for _, h := range e.Hits {
			if err := r.admitHead(h.Layer, h.Head); err != nil {
				return err
			}
		}
	}
	return nil
}

// admitSelection holds s to the header, so that what is made of it is no larger than the
// run: its step is the next at most, its queries and candidates are positions that exist,
// its candidates no larger than the run's blocks.
func (r *Run) admitSelection(s *Selection) error {
	positions, block := len(r.Header.Tokens)+max(s.Step, 0), max(r.Header.Block, 1)
	switch {
	case s.Step > r.next:
		return fmt.Errorf("step: %d where step %d is next", s.Step, r.next)
	case s.First+s.Queries > positions:
		return fmt.Errorf("first: %d queries from position %d on, of %d positions", s.Queries, s.First, positions)
	case s.Unit > block:
		return fmt.Errorf("unit: %d positions per candidate, the run's blocks have %d", s.Unit, block)
	case (s.Candidates-1)*s.Unit >= positions:
		return fmt.Errorf("candidates: %d of %d positions each, of %d positions", s.Candidates, s.Unit, positions)
	}
	return nil
}

func (r *Run) admitHead(layer, head int) error {
	if layer >= r.Header.Layers || head >= r.Header.Heads {
		return fmt.Errorf("layer %d head %d of a model with %d layers of %d heads", layer, head, r.Header.Layers, r.Header.Heads)
	}
	return nil
}

// Closed reports whether the run has ended, one way or the other.
func (r *Run) Closed() bool { return r.Done != nil || r.Failure != nil }

// Of returns the selections that one head made at one step (-1 for the prefill),
// in the order emitted. The prefill has several: runs of queries. The slice is the
// run's own.
func (r *Run) Of(step, layer, head int) []*Selection {
	return r.byHead[headKey{step, layer, head}]
}

// Selection returns the last selection that one head made at one step, or nil.
func (r *Run) Selection(step, layer, head int) *Selection {
	s := r.Of(step, layer, head)
	if len(s) == 0 {
		return nil
	}
	return s[len(s)-1]
}

// Events lists what the run is made of in an order that a Run takes: the prefill,
// then every step after what was selected for it. Within a step selections keep the
// order in which they came.
func (r *Run) Events() []Event {
	out := make([]Event, 0, len(r.Selections)+len(r.Steps)+2)
	if r.Header != nil {
		out = append(out, r.Header)
	}
	selections := slices.Clone(r.Selections)
	slices.SortStableFunc(selections, func(a, b *Selection) int { return cmp.Compare(a.Step, b.Step) })
	steps := 0
	for _, s := range selections {
		for ; steps < min(s.Step, len(r.Steps)); steps++ {
			out = append(out, r.Steps[steps])
		}
		out = append(out, s)
	}
	for _, s := range r.Steps[steps:] {
		out = append(out, s)
	}
	if r.Done != nil {
		out = append(out, r.Done)
	}
	if r.Failure != nil {
		out = append(out, r.Failure)
	}
	return out
}
