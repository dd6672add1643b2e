package jobs

import (
	"context"
	"sync"

	"kvscope/engine/experiment"
	"kvscope/native/store"
)

// Compute computes the cells that s does not have, workers at a time and without a
// queue, and returns all of them in order. It calls progress, from one goroutine at
// a time, with the examples done. The first error ends it; what was computed until
// then is in s.
func Compute(ctx context.Context, s *store.Store, r experiment.Runner, cells []experiment.Cell, workers int, progress func(done, total int)) ([]experiment.Measured, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := make([]experiment.Measured, len(cells))
	total, done := 0, 0
	for _, c := range cells {
		total += c.Examples
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	work := make(chan int)
	for range workers {
		group.Go(func() {
			for i := range work {
				o, err := computeOne(ctx, s, r, cells[i])
				if err != nil {
					cancel(err)
					continue
				}
				out[i] = experiment.Measured{Cell: cells[i], Outcome: o}
				mu.Lock()
				done += cells[i].Examples
				progress(done, total)
				mu.Unlock()
			}
		})
	}
	for i := range cells {
		if ctx.Err() == nil {
			work <- i
		}
	}
	close(work)
	group.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return out, nil
}

func computeOne(ctx context.Context, s *store.Store, r experiment.Runner, c experiment.Cell) (*experiment.Outcome, error) {
	o, err := s.Outcome(ctx, c.Key())
	if err != nil || o != nil {
		return o, err
	}
	o, err = experiment.Measure(ctx, r, c)
	if err != nil {
		return nil, err
	}
	return o, s.Finish(ctx, c, o, "eval")
}
