package jobs

import (
	"cmp"
	"context"
	"slices"
	"time"

	"kvscope/web/api"
)

// workerGone is the silence after which a worker is not counted any more.
const workerGone = 20 * time.Second

// Status tells how an experiment is doing.
func (d *Dispatcher) Status(ctx context.Context, id string) (api.Status, error) {
	e, err := d.store.Experiment(ctx, id)
	if err != nil {
		return api.Status{}, err
	}
	p, err := d.store.Progress(ctx, id)
	if err != nil {
		return api.Status{}, err
	}
	s := api.Status{Progress: p, State: e.State, Over: p.Over(), Workers: len(d.Workers())}
	if s.Over {
		s.State = api.Finished
	}
	if s.Over || e.State != api.Running {
		return s, nil
	}
	s.Trouble = d.Trouble()
	d.mu.Lock()
	s.Rate = d.meter(id).rate(time.Now())
	d.mu.Unlock()
	if s.Rate > 0 {
		s.Left = float64(p.Examples-p.ExamplesDone) / s.Rate
	}
	return s, nil
}

// Workers lists the workers heard of lately.
func (d *Dispatcher) Workers() []api.Presence {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forget()
	list := []api.Presence{}
	for _, w := range d.workers {
		list = append(list, w.Presence)
	}
	slices.SortFunc(list, func(a, b api.Presence) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// forget drops the workers not heard of lately; d.mu is held.
func (d *Dispatcher) forget() {
	for id, w := range d.workers {
		if time.Since(w.at) > workerGone {
			delete(d.workers, id)
		}
	}
}

// Watch returns a channel that has a value whenever something may have changed,
// until ctx ends.
func (d *Dispatcher) Watch(ctx context.Context) <-chan struct{} {
	ch := make(chan struct{}, 1)
	d.mu.Lock()
	d.watchers[ch] = true
	d.mu.Unlock()
	context.AfterFunc(ctx, func() {
		d.mu.Lock()
		delete(d.watchers, ch)
		d.mu.Unlock()
	})
	return ch
}

func (d *Dispatcher) notify() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for ch := range d.watchers {
		select {
		case ch <- struct{}{}:
		default: // it has not looked since the last change
		}
	}
}

// meter measures the rate of an experiment over the last cells. The first cell only
// starts the clock: nobody knows since when it was computed.
type meter struct {
	at []time.Time
	n  []int
}

const (
	meterCells = 64
	meterSpan  = time.Minute
)

// meter finds the meter of an experiment; d.mu is held.
func (d *Dispatcher) meter(id string) *meter {
	m := d.meters[id]
	if m == nil {
		m = &meter{}
		d.meters[id] = m
	}
	return m
}

func (m *meter) add(now time.Time, examples int) {
	m.at, m.n = append(m.at, now), append(m.n, examples)
	if extra := len(m.at) - meterCells; extra > 0 {
		m.at, m.n = m.at[extra:], m.n[extra:]
	}
}

// rate is the examples a second since the oldest cell within the span.
func (m *meter) rate(now time.Time) float64 {
	if len(m.at) == 0 {
		return 0
	}
	from := 0
	for from < len(m.at)-1 && now.Sub(m.at[from]) > meterSpan {
		from++
	}
	sum := 0
	for _, n := range m.n[from+1:] {
		sum += n
	}
	if sum == 0 {
		return 0
	}
	return float64(sum) / max(now.Sub(m.at[from]).Seconds(), 1e-3)
}
