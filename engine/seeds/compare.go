package seeds

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"kvscope/engine/figures"
	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// Runner answers requests; *run.Engine does.
type Runner interface {
	Run(ctx context.Context, req run.Request, sink trace.Sink) error
}

// Row is what every model answers to one example.
type Row struct {
	Seed    uint64   `json:"seed"`
	Answers []Answer `json:"answers"`
}

// Answer is the score of one model's answer, from 0 to 1, with everything read and under
// the method of the request.
type Answer struct {
	Model  string  `json:"model"`
	Dense  float64 `json:"dense"`
	Sparse float64 `json:"sparse"`
}

// Lost reports whether every model is wholly right with everything read, and at least one
// is not under the method: the examples that show what the method costs.
func (r Row) Lost() bool {
	lost := false
	for _, a := range r.Answers {
		if a.Dense < 1 {
			return false
		}
		lost = lost || a.Sparse < 1
	}
	return lost
}

// Right names the models that are wholly right under the method, and wrong the others.
func (r Row) Right() (right, wrong []string) {
	for _, a := range r.Answers {
		if a.Sparse == 1 {
			right = append(right, a.Model)
		} else {
			wrong = append(wrong, a.Model)
		}
	}
	return right, wrong
}

// Compare answers req, whose seed and model do not matter, on each of models for n seeds
// from first on, and gives each row to each, in the order of the seeds and from one
// goroutine at a time. Several examples are computed at once. It ends with the first
// error of a run, of each, or of ctx; an error of a field of req names it.
func Compare(ctx context.Context, r Runner, req run.Request, models []string, first uint64, n int, each func(Row) error) error {
	if req.Task == "" {
		return input.Errorf("task", "none, want one, since own text has one example alone")
	}
	if n < 1 {
		return input.Errorf("seeds", "%d, want at least 1", n)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	rows := make([]chan Row, n)
	for i := range rows {
		rows[i] = make(chan Row, 1)
	}
	var group sync.WaitGroup
	defer group.Wait()
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for i := range next {
				row, err := compare(ctx, r, req, models, first+uint64(i))
				if err != nil {
					cancel(err)
					return
				}
				rows[i] <- row
			}
		})
	}
	for i := range rows {
		select {
		case row := <-rows[i]:
			if err := each(row); err != nil {
				cancel(err)
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// compare is the row of one seed.
func compare(ctx context.Context, r Runner, req run.Request, models []string, seed uint64) (Row, error) {
	row := Row{Seed: seed}
	for _, model := range models {
		req.Model, req.Seed = model, seed
		dense := req
		dense.Config, dense.Force, dense.Drop = sparse.Config{Method: "dense"}, "", ""
		a := Answer{Model: model}
		var err error
		if a.Dense, err = score(ctx, r, dense); err != nil {
			return row, err
		}
		if a.Sparse, err = score(ctx, r, req); err != nil {
			return row, err
		}
		row.Answers = append(row.Answers, a)
	}
	return row, nil
}

// score is what the answer to req is worth.
func score(ctx context.Context, r Runner, req run.Request) (float64, error) {
	var record trace.Run
	if err := r.Run(ctx, req, &record); err != nil {
		return 0, err
	}
	result, ok := figures.ResultOf(&record)
	if !ok || result.Score == nil {
		return 0, fmt.Errorf("seed %d on %s: no score", req.Seed, req.Model)
	}
	return *result.Score, nil
}
