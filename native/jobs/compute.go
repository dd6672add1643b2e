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
// queue, and returns those that are computed and those that failed, in order. Cells that
// follow each other and read the same examples are computed together. It calls progress,
// from one goroutine at a time, with the examples that are over; nil is called by nobody.
// An error of the store or of ctx ends it; what was computed until then is in s.
func Compute(ctx context.Context, s *store.Store, r experiment.Runner, cells []experiment.Cell, workers int, progress func(over, total int)) ([]experiment.Measured, []Failed, error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c := &computing{store: s, runner: r, cells: cells, outs: make([]*experiment.Outcome, len(cells)), failed: make([]error, len(cells)), progress: progress}
	for _, one := range cells {
		c.total += one.Examples
	}
	var group sync.WaitGroup
	work := make(chan span)
	for range workers {
		group.Go(func() {
			for some := range work {
				if err := c.compute(ctx, some); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, some := range sameExamples(cells) {
		if ctx.Err() == nil {
			work <- some
		}
	}
	close(work)
	group.Wait()
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	measured, failures := c.result()
	return measured, failures, nil
}

// span is the cells [from, to) of a list.
type span struct{ from, to int }

// sameExamples are the runs of cells that read the same examples.
func sameExamples(cells []experiment.Cell) []span {
	var out []span
	for from, to := 0, 0; from < len(cells); from = to {
		for to = from + 1; to < len(cells) && cells[to].SameExamples(cells[from]); {
			to++
		}
		out = append(out, span{from, to})
	}
	return out
}

// computing is a list of cells, some of which are over.
type computing struct {
	store  *store.Store
	runner experiment.Runner
	cells  []experiment.Cell
	outs   []*experiment.Outcome
	failed []error

	mu          sync.Mutex
	done, total int // examples
	progress    func(done, total int)
}

// compute finds or computes some cells; the error is the store's.
func (c *computing) compute(ctx context.Context, some span) (err error) {
	var missing []int
	var cells []experiment.Cell
	for i := some.from; i < some.to; i++ {
		if c.outs[i], err = c.store.Outcome(ctx, c.cells[i].Key()); err != nil {
			return err
		}
		if c.outs[i] == nil {
			missing, cells = append(missing, i), append(cells, c.cells[i])
			continue
		}
		c.over(c.cells[i].Examples)
	}
	outs, errs := experiment.MeasureAll(ctx, c.runner, cells, func() { c.over(1) })
	for k, i := range missing {
		if c.outs[i], c.failed[i] = outs[k], errs[k]; errs[k] != nil {
			continue
		}
		if err := c.store.Finish(ctx, c.cells[i], outs[k], "eval"); err != nil {
			return err
		}
	}
	return nil
}

// over counts n examples and tells of it.
func (c *computing) over(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done += n
	c.progress(c.done, c.total)
}

// result returns the outcomes of the cells and their failures, in order.
func (c *computing) result() (measured []experiment.Measured, failures []Failed) {
	for i, one := range c.cells {
		if c.failed[i] != nil {
			failures = append(failures, Failed{one, c.failed[i]})
			continue
		}
		measured = append(measured, experiment.Measured{Cell: one, Outcome: c.outs[i]})
	}
	return measured, failures
}
