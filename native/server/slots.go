package server

import (
	"context"
	"errors"
	"sync/atomic"
)

// maxWaiting bounds the requests that wait for a run to end.
const maxWaiting = 32

var errBusy = errors.New("the server is busy with other runs, try again in a moment")

// slots bounds the runs at once. Those beyond wait in turn.
type slots struct {
	taken   chan struct{}
	waiting atomic.Int32
}

func newSlots(n int) *slots { return &slots{taken: make(chan struct{}, n)} }

// acquire takes a slot, waiting while ctx lasts. The caller gives it back with
// release.
func (s *slots) acquire(ctx context.Context) error {
	select {
	case s.taken <- struct{}{}:
		return nil
	default:
	}
	if s.waiting.Add(1) > maxWaiting {
		s.waiting.Add(-1)
		return errBusy
	}
	defer s.waiting.Add(-1)
	select {
	case s.taken <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *slots) release() { <-s.taken }
