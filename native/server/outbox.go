package server

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"kvscope/engine/trace"
)

const (
	// outboxBytes is how far a run may be ahead of the page that watches it. The longest
	// run of the models that ship, MoBA in blocks of one token, is 5.3 MB of frames.
	outboxBytes = 16 << 20
	// outboxesBytes is how far all runs together may be.
	outboxesBytes = 128 << 20
	// takeTimeout is for a page to take what is left when its run is over.
	takeTimeout = 2 * time.Minute
)

// outbox is a sink that keeps the frames of a run until the page has taken them, so that
// a run ends when it is computed and not when a slow page has read it. Emit waits while
// more bytes are kept than this outbox, or all outboxes together, may hold.
type outbox struct {
	ctx context.Context
	all *atomic.Int64 // bytes in all outboxes

	mu     sync.Mutex
	frames [][]byte
	bytes  int    // in frames
	told   []byte // of the progress last, where the page has yet to hear of it
	closed bool   // Done or Failure went through
	ended  bool   // nothing will be added

	added, taken chan struct{} // something was, since the last look
}

func newOutbox(ctx context.Context, all *atomic.Int64) *outbox {
	return &outbox{ctx: ctx, all: all, added: make(chan struct{}, 1), taken: make(chan struct{}, 1)}
}

// Emit adds the frame of e.
func (o *outbox) Emit(e trace.Event) error {
	if o.closed {
		return errors.New("event after the run's end")
	}
	frame, err := trace.Append(nil, e)
	if err != nil {
		return err
	}
	for !o.add(frame) {
		select {
		case <-o.taken:
		case <-o.ctx.Done():
			return context.Cause(o.ctx)
		}
	}
	switch e.(type) {
	case *trace.Done, *trace.Failure:
		o.closed = true
	}
	return nil
}

// add adds frame if there is room. An empty outbox always has some, so that no run waits
// for the pages of others.
func (o *outbox) add(frame []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := cap(frame)
	if o.bytes > 0 && (o.bytes+n > outboxBytes || o.all.Load()+int64(n) > outboxesBytes) {
		return false
	}
	o.frames = append(o.frames, frame)
	o.bytes += n
	o.all.Add(int64(n))
	wake(o.added)
	return true
}

// end says that nothing more will be added.
func (o *outbox) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	wake(o.added)
}

// tell leaves word of the progress, in the place of what was left before.
func (o *outbox) tell(progress []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.told = progress
	wake(o.added)
}

// news returns the latest word of the progress, once; nil where there is none since.
func (o *outbox) news() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	told := o.told
	o.told = nil
	return told
}

// first is the oldest frame, which stays counted until it is sent, or nil; ended says
// that no frame comes any more.
func (o *outbox) first() (frame []byte, ended bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.frames) == 0 {
		return nil, o.ended
	}
	return o.frames[0], false
}

// drop removes the first frame.
func (o *outbox) drop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := cap(o.frames[0])
	o.bytes -= n
	o.all.Add(-int64(n))
	o.frames[0] = nil
	o.frames = o.frames[1:]
	wake(o.taken)
}

// discard forgets what a page did not take, once nothing is added any more.
func (o *outbox) discard() {
	for len(o.frames) > 0 {
		o.drop()
	}
}

// send writes frames to the page until there are no more, one takes longer than timeout,
// or ctx ends. A cancelled run still sends what it has: the page may be there to see it.
func (o *outbox) send(ctx context.Context, conn *websocket.Conn, timeout time.Duration) error {
	write := func(kind websocket.MessageType, message []byte) error {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		return conn.Write(ctx, kind, message)
	}
	for {
		if told := o.news(); told != nil {
			if err := write(websocket.MessageText, told); err != nil {
				return err
			}
		}
		frame, ended := o.first()
		if ended {
			return nil
		}
		if frame == nil {
			<-o.added
			continue
		}
		if err := write(websocket.MessageBinary, frame); err != nil {
			return err
		}
		o.drop()
	}
}

// wake leaves word on a channel of one place.
func wake(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
