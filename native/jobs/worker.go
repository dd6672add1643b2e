package jobs

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
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
)

// Measure computes a cell; see experiment.Measure.
type Measure func(context.Context, experiment.Cell) (*experiment.Outcome, error)

// Worker takes cells from a queue until it is told to stop.
type Worker struct {
	queue   *Queue
	measure Measure
	log     *slog.Logger
	me      api.Presence
	said    time.Time
}

// NewWorker returns a worker that computes by measure.
func NewWorker(q *Queue, measure Measure, log *slog.Logger) *Worker {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return &Worker{queue: q, measure: measure, log: log, me: api.Presence{ID: rand.Text()[:8], Host: host, PID: os.Getpid()}}
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

// present says that the worker is there, not too often unless now is true.
func (w *Worker) present(now bool) {
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

// compute computes the cell of one message.
func (w *Worker) compute(ctx context.Context, msg jetstream.Msg, ackWait time.Duration) error {
	var c experiment.Cell
	if err := json.Unmarshal(msg.Data(), &c); err != nil {
		return errors.Join(fmt.Errorf("message that is no cell: %w", err), msg.Term())
	}
	meta, err := msg.Metadata()
	if err != nil {
		return err
	}
	r := result{Cell: c, Try: rand.Text(), Worker: w.me.ID}
	// What was begun is finished, also when the worker is told to stop meanwhile.
	finish := context.WithoutCancel(ctx)
	if deaths := meta.NumDelivered - 1; deaths >= maxDeaths {
		r.Error, r.Fatal = fmt.Sprintf("its worker died or hung %d times", deaths), true
	} else {
		w.me.Cell = c.Key()
		w.present(true)
		stop := w.keepAlive(msg, ackWait)
		r.Outcome, err = w.measure(finish, c)
		stop()
		w.me.Cell = ""
		if err != nil {
			r.Outcome, r.Error = nil, err.Error()
		}
	}
	if r.Error == "" {
		w.me.Done++
	} else {
		w.me.Failed++
		w.log.Warn("cell failed", "cell", c.Key(), "model", c.Model, "task", c.Task, "method", c.Method, "err", r.Error)
	}
	finish, cancel := context.WithTimeout(finish, tellGrace)
	defer cancel()
	if err := w.queue.publish(finish, r, w.refused); err != nil {
		return err
	}
	if w.me.Trouble != "" {
		w.me.Trouble = ""
		w.present(true)
	}
	return msg.Ack()
}

// refused says that the queue does not take a result. A queue that is away does not hear
// of it.
func (w *Worker) refused(err error) {
	if why := refusal(err); why != "" && why != w.me.Trouble {
		w.log.Warn("the queue takes no results", "why", why)
		w.me.Trouble = why
	}
	w.present(true)
}

// keepAlive tells the queue that a cell is being worked on, until stop is called.
func (w *Worker) keepAlive(msg jetstream.Msg, ackWait time.Duration) (stop func()) {
	end := make(chan struct{})
	go func() {
		tick := time.NewTicker(max(ackWait/3, 10*time.Millisecond))
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if err := msg.InProgress(); err != nil {
					w.log.Debug("in progress", "err", err)
				}
			case <-end:
				return
			}
		}
	}()
	return func() { close(end) }
}
