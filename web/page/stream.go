package page

import (
	"context"
	"sync"
	"time"

	"kvscope/engine/trace"
	"kvscope/web/api"
)

// flushEvery is how often the events of a run are handed to the page: often enough to look
// alive. Where drawing takes longer, as of a thousand heads, they come that much later, so
// that the page has as much time to take events in as it needs to draw them.
const flushEvery = 33 * time.Millisecond

// stream gathers the events of a run and hands them on in batches.
type stream struct {
	ctx     context.Context
	deliver func([]trace.Event)
	after   func(time.Duration, func()) // calls a func after a while
	told    func(api.RunProgress)

	mu       sync.Mutex
	events   []trace.Event
	progress *api.RunProgress // the last, where the page has yet to hear of it
	waiting  bool
	drawing  time.Duration // that drawing the last batch took
}

// Emit keeps e for the next batch.
func (s *stream) Emit(e trace.Event) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
	s.soon()
	return nil
}

// Progress keeps p for the next batch, instead of what was told before.
func (s *stream) Progress(p api.RunProgress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.progress = &p
	s.soon()
}

// soon lets a batch be handed on after a while.
func (s *stream) soon() {
	if !s.waiting {
		s.waiting = true
		s.after(max(flushEvery, s.drawing), s.flush)
	}
}

// drew is told how long drawing a batch took.
func (s *stream) drew(took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drawing = took
}

// flush hands on what is there.
func (s *stream) flush() {
	s.mu.Lock()
	events, progress := s.events, s.progress
	s.events, s.progress, s.waiting = nil, nil, false
	s.mu.Unlock()
	if progress != nil && s.ctx.Err() == nil {
		s.told(*progress)
	}
	if len(events) > 0 && s.ctx.Err() == nil {
		s.deliver(events)
	}
}

func afterFunc(d time.Duration, f func()) { time.AfterFunc(d, f) }
