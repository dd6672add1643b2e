package jobstest

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"

	"kvscope/engine/experiment"
	"kvscope/engine/run"
	"kvscope/native/jobs"
	"kvscope/native/store"
)

// Lab is what a server runs experiments with.
type Lab struct {
	Store *store.Store
	Jobs  *jobs.Dispatcher

	queue *jobs.Queue
	ctx   context.Context
	group *sync.WaitGroup
}

// Open starts a lab for experiments on models. It ends with the test.
func Open(t testing.TB, models func() []run.ModelInfo) *Lab {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), filepath.Join(dir, "kvscope.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	embedded, err := jobs.Embed(filepath.Join(dir, "queue"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(embedded.Close)
	q, err := embedded.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.Close)
	d, err := jobs.NewDispatcher(t.Context(), s, q, jobs.Options{Models: models, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &Lab{Store: s, Jobs: d, queue: q, ctx: ctx, group: &sync.WaitGroup{}}
	l.group.Go(func() {
		if err := d.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); l.group.Wait() })
	return l
}

// Version is that of the program whose cells the workers measure.
const Version = "test"

// Work adds a worker that measures cells of Version.
func (l *Lab) Work(measure func(context.Context, experiment.Cell) (*experiment.Outcome, error)) {
	l.group.Go(func() { jobs.NewWorker(l.queue, Version, measure, slog.New(slog.DiscardHandler)).Run(l.ctx) })
}
