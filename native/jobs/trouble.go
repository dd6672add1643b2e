package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// reopenEvery is how often a queue that takes no messages is made anew: well above the
// time that a worker needs to try again.
const reopenEvery = 15 * time.Second

// silent is said of a queue that is there and does not answer, as with a full disk.
const silent = "it does not answer, perhaps its disk is full"

// refusal is why the queue takes no messages by what publishing one came to, "" for other
// errors. A stream whose disk was full goes on without an answer, or with a refusal, when
// there is room again: it keeps the error of its file until it is made anew.
func refusal(err error) string {
	var api *jetstream.APIError
	switch {
	case errors.As(err, &api):
		return api.Description
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout), errors.Is(err, jetstream.ErrNoStreamResponse):
		return silent
	}
	return ""
}

// remake makes the streams anew, without what is in them.
func (q *Queue) remake(ctx context.Context, ackWait time.Duration) error {
	for _, name := range []string{cellStream, resultStream} {
		if err := q.js.DeleteStream(ctx, name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return fmt.Errorf("delete stream %s: %w", name, err)
		}
	}
	return q.setUp(ctx, ackWait)
}

// reopen makes the queue anew. The store knows what is still to compute, and workers
// tell their results until they are taken, so nothing is lost; cells that workers are at
// are put on the queue again, and count once.
func (d *Dispatcher) reopen(ctx context.Context) error {
	d.feeding.Lock()
	defer d.feeding.Unlock()
	if err := d.queue.remake(ctx, d.ackWait); err != nil {
		d.refused(cmp.Or(refusal(err), err.Error()))
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.inFlight)
	clear(d.left)
	d.trouble = ""
	for id, w := range d.workers {
		w.Trouble = "" // until it says so again
		d.workers[id] = w
	}
	return nil
}

// refused notes that the queue takes no messages and why.
func (d *Dispatcher) refused(why string) {
	d.mu.Lock()
	d.trouble = why
	d.mu.Unlock()
	d.notify()
}

// Trouble is why the queue takes no messages, "" while it does: by the dispatcher, or by
// a worker heard of lately.
func (d *Dispatcher) Trouble() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	why := d.trouble
	for _, w := range d.workers {
		if time.Since(w.at) <= workerGone {
			why = cmp.Or(why, w.Trouble)
		}
	}
	return why
}
