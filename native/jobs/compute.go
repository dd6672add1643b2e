package jobs

import (
	"context"
	"sync"

	"kvscope/engine/experiment"
	"kvscope/native/store"
)

// Failed is a cell that could not be computed.
type Failed struct {
	Cell experiment.Cell
	Err  error
}

// Compute computes the cells that s does not have, workers at a time and without a
// queue, and returns those that are computed and those that failed, in order. It calls
// progress, from one goroutine at a time, with the examples that are over. An error of
// the store or of ctx ends it; what was computed until then is in s.
func Compute(ctx context.Context, s *store.Store, r experiment.Runner, cells []experiment.Cell, workers int, progress func(over, total int)) ([]experiment.Measured, []Failed, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out, failed := make([]*experiment.Outcome, len(cells)), make([]error, len(cells))
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
				var err error
				if out[i], failed[i], err = computeOne(ctx, s, r, cells[i]); err != nil {
					cancel(err)
					continue
				}
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
		return nil, nil, context.Cause(ctx)
	}
	var measured []experiment.Measured
	var failures []Failed
	for i, c := range cells {
		if failed[i] != nil {
			failures = append(failures, Failed{c, failed[i]})
			continue
		}
		measured = append(measured, experiment.Measured{Cell: c, Outcome: out[i]})
	}
	return measured, failures, nil
}

// computeOne is what a cell came to, or why it could not be computed; err is the
// store's.
func computeOne(ctx context.Context, s *store.Store, r experiment.Runner, c experiment.Cell) (o *experiment.Outcome, failed, err error) {
	if o, err = s.Outcome(ctx, c.Key()); err != nil || o != nil {
		return o, nil, err
	}
	if o, failed = experiment.Measure(ctx, r, c); failed != nil {
		return nil, failed, nil
	}
	return o, nil, s.Finish(ctx, c, o, "eval")
}
