package page

import (
	"context"
	"sync"
	"time"

	"kvscope/engine/trace"
)

// flushEvery is how often the events of a run are handed to the page: often enough
// to look alive, seldom enough that drawing keeps up.
const flushEvery = 33 * time.Millisecond

// stream gathers the events of a run and hands them on in batches.
type stream struct {
	ctx     context.Context
	deliver func([]trace.Event)
	after   func(time.Duration, func()) // calls a func after a while

	mu      sync.Mutex
	events  []trace.Event
	waiting bool
}

// Emit keeps e for the next batch.
func (s *stream) Emit(e trace.Event) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
	if !s.waiting {
		s.waiting = true
		s.after(flushEvery, s.flush)
	}
	return nil
}

// flush hands on what is there.
func (s *stream) flush() {
	s.mu.Lock()
	events := s.events
	s.events, s.waiting = nil, false
	s.mu.Unlock()
	if len(events) > 0 && s.ctx.Err() == nil {
		s.deliver(events)
	}
}

func afterFunc(d time.Duration, f func()) { time.AfterFunc(d, f) }
