package jobs

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"kvscope/engine/experiment"
	"kvscope/web/api"
)

const (
	// maxDeaths is how often the worker of a cell may die before the cell is to
	// blame. It is well above MaxTries, since a worker is also killed by hand.
	maxDeaths = 8
	// fetchWait is how long to wait for a cell before looking whether to stop.
	fetchWait = time.Second
	// tellGrace is how long a worker told to stop tries to deliver its last result.
	tellGrace = 30 * time.Second
	// presenceEvery is how often a worker says that it is there.
	presenceEvery = 2 * time.Second
	// leavePause is how long a worker that left a cell to others lets them have it.
	leavePause = 250 * time.Millisecond
)

// Measure computes a cell; see experiment.Measure. By an experiment.NotHere the cell is left
// to another worker.
type Measure func(context.Context, experiment.Cell) (*experiment.Outcome, error)

// Worker takes cells from a queue until it is told to stop.
type Worker struct {
	queue   *Queue
	version string
	measure Measure
	grace   time.Duration // tellGrace
	log     *slog.Logger

	mu   sync.Mutex
	me   api.Presence
	said time.Time
}

// NewWorker returns a worker that computes cells of a version of the program by measure.
func NewWorker(q *Queue, version string, measure Measure, log *slog.Logger) *Worker {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return &Worker{queue: q, version: version, measure: measure, grace: tellGrace, log: log, me: api.Presence{ID: rand.Text()[:8], Host: host, PID: os.Getpid()}}
}

// Run computes cells until ctx ends; the one at hand is finished first. It returns
// how many were computed and how many failed.
func (w *Worker) Run(ctx context.Context) (done, failed int) {
	for ctx.Err() == nil {
		w.present(false)
		consumer, err := w.queue.js.Consumer(ctx, cellStream, cellConsumer)
		if err != nil {
			// The queue is away for now, or no dispatcher has set it up yet.
			if ctx.Err() == nil {
				w.log.Debug("no cells to take", "err", err)
			}
			pause(ctx, time.Second)
			continue
		}
		if err := w.take(ctx, consumer); err != nil && ctx.Err() == nil {
			w.log.Warn("queue", "err", err)
			pause(ctx, time.Second)
		}
	}
	return w.me.Done, w.me.Failed
}

// take computes cells as they come, until ctx or the queue ends.
func (w *Worker) take(ctx context.Context, consumer jetstream.Consumer) error {
	for ctx.Err() == nil {
		batch, err := consumer.Fetch(1, jetstream.FetchMaxWait(fetchWait))
		if err != nil {
			return err
		}
		for msg := range batch.Messages() {
			if err := w.compute(ctx, msg, consumer.CachedInfo().Config.AckWait); err != nil {
				return err
			}
		}
		if err := batch.Error(); err != nil {
			return err
		}
		w.present(false)
	}
	return nil
}

// set changes what is said of the worker.
func (w *Worker) set(change func(*api.Presence)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.me)
}

// present says that the worker is there, not too often unless now is true.
func (w *Worker) present(now bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !now && time.Since(w.said) < presenceEvery {
		return
	}
	w.said = time.Now()
	text, err := json.Marshal(w.me)
	if err == nil {
		err = w.queue.conn.Publish(presenceSubject, text)
	}
	if err != nil {
		w.log.Debug("presence", "err", err)
	}
}

// compute computes the cell of one message, and tells what came of it.
func (w *Worker) compute(ctx context.Context, msg jetstream.Msg, ackWait time.Duration) error {
	meta, err := msg.Metadata()
	if err != nil {
		return err
	}
	// The queue keeps the cell for this worker until it has the result.
	stop := w.keepAlive(msg, ackWait)
	defer stop()
	// What was begun is finished, also when the worker is told to stop meanwhile.
	r := w.result(context.WithoutCancel(ctx), msg, meta.NumDelivered-1)
	telling, cancel := graced(ctx, w.grace)
	defer cancel()
	if err := w.queue.publish(telling, r, w.refused); err != nil {
		return err
	}
	if w.trouble("") {
		w.present(true)
	}
	if err := msg.Ack(); err != nil || !r.Left {
		return err
	}
	pause(ctx, leavePause)
	return nil
}

// result computes the cell of one message, whose worker died so often before.
func (w *Worker) result(ctx context.Context, msg jetstream.Msg, deaths uint64) result {
	c, err := w.cell(msg)
	r := result{Key: keyIn(msg.Subject()), Cell: c, Try: rand.Text(), Worker: w.me.ID}
	switch {
	case err != nil:
	case deaths >= maxDeaths:
		err, r.Fatal = fmt.Errorf("its worker died or hung %d times", deaths), true
	default:
		w.set(func(me *api.Presence) { me.Cell = r.Key })
		w.present(true)
		r.Outcome, err = w.measure(ctx, c)
		if err == nil {
			err = r.Outcome.Check(c.Examples) // JSON has no words for all that numbers can be
		}
	}
	r.Left = errors.As(err, new(experiment.NotHere))
	if err != nil {
		r.Outcome, r.Error = nil, err.Error()
	}
	w.set(func(me *api.Presence) {
		me.Cell = ""
		switch {
		case r.Error == "":
			me.Done++
		case !r.Left:
			me.Failed++
		}
	})
	switch {
	case r.Left:
		w.log.Debug("cell left to another worker", "cell", r.Key, "why", r.Error)
	case r.Error != "":
		w.log.Warn("cell failed", "cell", r.Key, "model", c.Model, "task", c.Task, "method", c.Method, "err", r.Error)
	}
	return r
}

// cell reads a cell of this version of the program. Another may have other fields.
func (w *Worker) cell(msg jetstream.Msg) (c experiment.Cell, err error) {
	var of struct{ Version string }
	if err := json.Unmarshal(msg.Data(), &of); err == nil && of.Version != w.version {
		return c, experiment.NotHere{Err: fmt.Errorf("version: the cell is of %q, the worker of %q", of.Version, w.version)}
	}
	if err := json.Unmarshal(msg.Data(), &c); err != nil {
		return experiment.Cell{}, experiment.NotHere{Err: fmt.Errorf("the worker does not understand the cell: %w", err)}
	}
	return c, nil
}

// graced returns a context that ends some time after ctx does.
func graced(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		pause(out, grace)
		cancel()
	})
	return out, func() { stop(); cancel() }
}

// refused says that the queue does not take a result. A queue that is away does not hear
// of it.
func (w *Worker) refused(err error) {
	if why := refusal(err); why != "" && w.trouble(why) {
		w.log.Warn("the queue takes no results", "why", why)
	}
	w.present(true)
}

// trouble sets why the queue takes no results, and reports whether that is another reason
// than before.
func (w *Worker) trouble(why string) (other bool) {
	w.set(func(me *api.Presence) { other, me.Trouble = me.Trouble != why, why })
	return other
}

// keepAlive tells the queue that a cell is being worked on, and everybody that the worker is
// there, until stop is called.
func (w *Worker) keepAlive(msg jetstream.Msg, ackWait time.Duration) (stop func()) {
	end := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		tick := time.NewTicker(max(min(ackWait/3, presenceEvery), 10*time.Millisecond))
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if err := msg.InProgress(); err != nil {
					w.log.Debug("in progress", "err", err)
				}
				w.present(false)
			case <-end:
				return
			}
		}
	})
	return func() { close(end); group.Wait() }
}
