package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"time"

	"kvscope/engine/run"
	"kvscope/native/jobs"
	"kvscope/native/store"
)

// laboratory holds the parts that a server runs experiments with: the database, the queue
// and the dispatcher between them.
type laboratory struct {
	store *store.Store
	queue *jobs.Queue
	jobs  *jobs.Dispatcher
	url   string // where workers reach the queue
	close func()
}

// openLaboratory opens the store in folder and the queue at url, or one of its own
// in the same folder, for experiments on models. One process has a folder at a time.
func openLaboratory(ctx context.Context, folder, url string, models func() []run.ModelInfo, log *slog.Logger) (*laboratory, error) {
	lab := &laboratory{url: url}
	var closers []func()
	lab.close = func() {
		for i := len(closers) - 1; i >= 0; i-- {
			closers[i]()
		}
	}
	fail := func(err error) error {
		lab.close()
		return err
	}
	unlock, err := store.Lock(ctx, filepath.Join(folder, "lock.db"))
	if err != nil {
		return nil, err
	}
	closers = append(closers, unlock)
	if why := looseFolder(folder); why != "" {
		log.Warn("data folder", "why", why)
	}
	if lab.store, err = store.Open(ctx, filepath.Join(folder, storeFile)); err != nil {
		return nil, fail(err)
	}
	closers = append(closers, func() { lab.store.Close() })
	if url == "" {
		embedded, err := jobs.Embed(filepath.Join(folder, queueFolder))
		if err != nil {
			return nil, fail(err)
		}
		closers = append(closers, embedded.Close)
		lab.url = embedded.URL()
		lab.queue, err = embedded.Connect()
		if err != nil {
			return nil, fail(err)
		}
	} else if lab.queue, err = jobs.Connect(url); err != nil {
		return nil, fail(err)
	}
	closers = append(closers, lab.queue.Close)
	start, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if lab.jobs, err = jobs.NewDispatcher(start, lab.store, lab.queue, jobs.Options{Models: models, Log: log}); err != nil {
		return nil, fail(err)
	}
	return lab, nil
}

// start dispatches, and computes n cells at once here, until ctx ends. The function
// it returns waits for what was begun to be finished and stored.
func (l *laboratory) start(ctx context.Context, engine *run.Engine, n int, log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	// Results of the last cells are still to be stored when ctx has ended.
	storing, stored := context.WithCancel(context.WithoutCancel(ctx))
	dispatched, worked := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(dispatched)
		if err := l.jobs.Run(storing); err != nil {
			log.Error("experiments stopped", "err", err)
		}
	}()
	go func() {
		defer close(worked)
		work(ctx, l.queue, engine, n, log)
	}()
	return func() {
		cancel()
		<-worked
		stored()
		<-dispatched
	}
}
