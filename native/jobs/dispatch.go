package jobs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"kvscope/engine/experiment"
	"kvscope/engine/run"
	"kvscope/native/store"
	"kvscope/web/api"
)

// What is believed of workers, who may be anyone: messages of so many bytes, from so many.
const (
	maxPresence = 4 << 10
	maxWorkers  = 1000
)

// window is how many cells are on the queue at once: enough that workers never
// wait, few enough that a pause is soon felt.
const window = 64

// Dispatcher keeps the cells of running experiments on a queue and stores what
// comes back. There is one for a store and one for a queue.
type Dispatcher struct {
	store   *store.Store
	queue   *Queue
	ackWait time.Duration
	models  func() []run.ModelInfo
	log     *slog.Logger

	feeding sync.Mutex // one feed or state change at a time

	mu       sync.Mutex
	inFlight map[string]string // key of a cell on the queue → experiment it is there for
	trouble  string            // why the queue takes no messages, "" while it does
	workers  map[string]lastSeen
	left     map[string]*left  // by the key of a cell that workers left to others
	meters   map[string]*meter // by experiment
	watchers map[chan struct{}]bool
}

// lastSeen is a worker and when it was last heard of.
type lastSeen struct {
	api.Presence
	at time.Time
}

// Options are of a Dispatcher. Zero values mean the default named.
type Options struct {
	Models  func() []run.ModelInfo // whose results are taken, asked at every result; none
	AckWait time.Duration          // 15 s: silence after which a worker counts as dead
	Log     *slog.Logger           // slog.Default()
}

// NewDispatcher sets the queue up and takes off it what an earlier dispatcher left:
// the store knows what is still to compute.
func NewDispatcher(ctx context.Context, s *store.Store, q *Queue, o Options) (*Dispatcher, error) {
	if o.AckWait == 0 {
		o.AckWait = defaultAckWait
	}
	if o.Models == nil {
		o.Models = func() []run.ModelInfo { return nil }
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	d := &Dispatcher{
		store: s, queue: q, ackWait: o.AckWait, models: o.Models, log: o.Log, inFlight: map[string]string{},
		workers: map[string]lastSeen{}, left: map[string]*left{}, meters: map[string]*meter{}, watchers: map[chan struct{}]bool{},
	}
	err := q.setUp(ctx, o.AckWait)
	var refused *jetstream.APIError
	if errors.As(err, &refused) {
		// What an earlier run left is damaged.
		o.Log.Warn("queue cannot be set up, making it anew", "why", err)
		err = q.remake(ctx, o.AckWait)
	}
	if err == nil {
		err = q.takeBack(ctx, "")
	}
	if err != nil {
		return nil, fmt.Errorf("set up queue: %w", err)
	}
	return d, nil
}

// Run feeds the queue and stores results until ctx ends.
func (d *Dispatcher) Run(ctx context.Context) error {
	reading, err := d.read(ctx)
	if err != nil && ctx.Err() == nil {
		return err
	}
	if err != nil {
		return nil // told to stop
	}
	defer func() { reading.Stop() }()
	presence, err := d.queue.conn.Subscribe(presenceSubject, d.heartbeat)
	if err != nil {
		return fmt.Errorf("hear of workers: %w", err)
	}
	defer presence.Unsubscribe() //nolint:errcheck // the connection may be gone already
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	var reopened time.Time
	for {
		if why := d.Trouble(); why != "" && time.Since(reopened) > reopenEvery {
			d.log.Warn("queue takes no messages, making it anew", "why", why)
			reopened = time.Now()
			again, err := d.readAnew(ctx, reading)
			if err != nil && ctx.Err() == nil {
				d.log.Warn("make queue anew", "err", err)
			}
			reading = cmp.Or(again, reading)
		}
		d.refill(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// read begins to store results.
func (d *Dispatcher) read(ctx context.Context) (jetstream.ConsumeContext, error) {
	results, err := d.queue.js.CreateOrUpdateConsumer(ctx, resultStream, jetstream.ConsumerConfig{
		Durable: resultConsumer, AckPolicy: jetstream.AckExplicitPolicy, MaxDeliver: -1,
	})
	if err != nil {
		return nil, fmt.Errorf("read results: %w", err)
	}
	reading, err := results.Consume(func(msg jetstream.Msg) { d.storeResult(ctx, msg) })
	if err != nil {
		return nil, fmt.Errorf("read results: %w", err)
	}
	return reading, nil
}

// readAnew makes the queue anew and reads from it instead of by old.
func (d *Dispatcher) readAnew(ctx context.Context, old jetstream.ConsumeContext) (jetstream.ConsumeContext, error) {
	old.Stop()
	if err := d.reopen(ctx); err != nil {
		return nil, err
	}
	reading, err := d.read(ctx)
	if err != nil {
		d.refused(err.Error()) // so that it is tried again
	}
	return reading, err
}

// refill feeds the queue where what is done is done, whatever comes of it.
func (d *Dispatcher) refill(ctx context.Context) { d.note(ctx, "feed queue", d.feed(ctx)) }

// note notes what came of something that the queue was asked for and is asked for again.
func (d *Dispatcher) note(ctx context.Context, what string, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	d.log.Warn(what, "err", err)
	if why := refusal(err); why != "" {
		d.refused(why)
	}
}

// feed tops the queue up, oldest experiment first.
func (d *Dispatcher) feed(ctx context.Context) error {
	d.feeding.Lock()
	defer d.feeding.Unlock()
	if d.inFlightCount() > window/2 {
		return nil
	}
	list, err := d.store.Experiments(ctx)
	if err != nil {
		return err
	}
	slices.Reverse(list)
	for _, e := range list {
		if e.State != api.Running {
			continue
		}
		n := d.inFlightCount()
		if n >= window {
			return nil
		}
		cells, err := d.store.Pending(ctx, e.ID, window+n)
		if err != nil {
			return err
		}
		for _, c := range cells {
			if d.inFlightCount() >= window {
				return nil
			}
			if !d.enqueue(c.Key(), e.ID) {
				continue
			}
			if err := d.queue.put(ctx, e.ID, c); err != nil {
				d.dequeue(c.Key(), true)
				return err
			}
		}
	}
	return nil
}

func (d *Dispatcher) inFlightCount() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.inFlight)
}

// enqueue notes that a cell is on the queue; false if it already was.
func (d *Dispatcher) enqueue(key, id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, up := d.inFlight[key]; up {
		return false
	}
	d.inFlight[key] = id
	return true
}

// dequeue notes that a cell is off the queue, for now or for good, and says for which
// experiment it was there.
func (d *Dispatcher) dequeue(key string, forNow bool) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	id := d.inFlight[key]
	delete(d.inFlight, key)
	if !forNow {
		delete(d.left, key)
	}
	return id
}

// storeResult stores one result.
func (d *Dispatcher) storeResult(ctx context.Context, msg jetstream.Msg) {
	r, err := readResult(msg.Data())
	if err != nil {
		d.log.Error("message that is no result", "err", err)
		d.answer(msg.Term())
		return
	}
	key := r.key()
	if err := r.check(d.models()); err != nil {
		// It counts as a try: the worker may be of another version, and would do it again.
		d.log.Error("result that cannot be", "cell", key, "worker", r.Worker, "err", err)
		r.Outcome, r.Fatal, r.Left, r.Error = nil, false, false, "a worker sent a result that cannot be: "+err.Error()
	}
	if r.Left && d.leave(key, r.Worker) {
		r.Left, r.Fatal, r.Error = false, true, "no worker here can compute it; the last to say why: "+r.Error
	}
	switch {
	case r.Outcome != nil:
		err = d.store.Finish(ctx, r.Cell, r.Outcome, r.Worker)
	case !r.Left:
		_, err = d.store.Fail(ctx, key, r.Try, r.Error, r.Worker, r.Fatal)
	}
	if err != nil {
		if ctx.Err() == nil {
			d.log.Error("store result", "cell", key, "err", err)
		}
		d.answer(msg.NakWithDelay(time.Second))
		return
	}
	d.answer(msg.Ack())
	// Not while the queue is fed: what is being fed was read from the store before
	// this result was in it, and would be put on the queue again.
	d.feeding.Lock()
	id := d.dequeue(key, r.Left)
	d.feeding.Unlock()
	if id != "" && r.Outcome != nil {
		d.mu.Lock()
		d.meter(id).add(time.Now(), r.Cell.Examples)
		d.mu.Unlock()
	}
	d.notify()
	d.refill(ctx)
}

// answer notes that the queue did not hear an answer; it will ask again.
func (d *Dispatcher) answer(err error) {
	if err != nil {
		d.log.Debug("answer queue", "err", err)
	}
}

// heartbeat notes that a worker is there.
func (d *Dispatcher) heartbeat(msg *nats.Msg) {
	var p api.Presence
	if err := json.Unmarshal(msg.Data, &p); err != nil {
		d.log.Debug("message that is no presence", "err", err)
		return
	}
	if len(msg.Data) > maxPresence {
		d.log.Debug("presence that is too long", "bytes", len(msg.Data))
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.workers) >= maxWorkers {
		d.forget()
	}
	if _, known := d.workers[p.ID]; known || len(d.workers) < maxWorkers {
		d.workers[p.ID] = lastSeen{p, time.Now()}
	}
}

// Create stores and starts an experiment.
func (d *Dispatcher) Create(ctx context.Context, name string, g experiment.Grid, cells []experiment.Cell) (api.Experiment, error) {
	e, err := d.store.Create(ctx, name, g, cells)
	if err != nil {
		return e, err
	}
	d.notify()
	d.refill(ctx)
	return e, nil
}

// SetState pauses, resumes or cancels an experiment. Cells that workers have begun
// are finished and counted all the same.
func (d *Dispatcher) SetState(ctx context.Context, id string, state api.State) error {
	return d.change(ctx, id, func() error { return d.store.SetState(ctx, id, state) }, state != api.Running)
}

// Remove forgets an experiment.
func (d *Dispatcher) Remove(ctx context.Context, id string) error {
	return d.change(ctx, id, func() error { return d.store.Remove(ctx, id) }, true)
}

// change changes an experiment in the store, and then on the queue what follows from it;
// where stop is, its cells are taken off.
func (d *Dispatcher) change(ctx context.Context, id string, change func() error, stop bool) error {
	d.feeding.Lock()
	err := change()
	if err == nil && stop {
		d.stop(ctx, id)
	}
	d.feeding.Unlock()
	if err != nil {
		return err
	}
	d.notify()
	d.refill(ctx)
	return nil
}

// stop takes the cells of an experiment off the queue; d.feeding is held. Those that stay on
// a queue that is away are computed and count all the same.
func (d *Dispatcher) stop(ctx context.Context, id string) {
	if err := d.queue.takeBack(ctx, id); err != nil {
		d.note(ctx, "take cells off the queue", err)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.inFlight, func(_, of string) bool { return of == id })
	maps.DeleteFunc(d.left, func(_ string, l *left) bool { return l.of == id })
	delete(d.meters, id)
}
