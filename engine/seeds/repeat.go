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

// Most is how many seeds may be tried at once.
const Most = 1000

// Asker answers requests.
type Asker interface {
	Ask(ctx context.Context, req run.Request) (figures.Result, error)
}

// Row holds the answers to one example, one of each request.
type Row struct {
	Seed    uint64   `json:"seed"`
	Answers []Answer `json:"answers"` // one a request
}

// Answer is how the answer to one request was scored, from 0 to 1, with everything read
// and as the request has it.
type Answer struct {
	Dense  float64     `json:"dense"`
	Score  float64     `json:"score"`
	Read   float64     `json:"kv_read_fraction"`
	Heads  []trace.Hit `json:"heads"`
	Answer string      `json:"answer"`
}

// Kept reports whether the answer is wholly right, Knew whether it is with everything read.
func (a Answer) Kept() bool { return a.Score == 1 }

// Knew reports whether the answer is wholly right with everything read.
func (a Answer) Knew() bool { return a.Dense == 1 }

// Lost reports whether everything is right with everything read, and something is not as
// its request has it: the examples that show what a method costs.
func (r Row) Lost() bool {
	lost := false
	for _, a := range r.Answers {
		if !a.Knew() {
			return false
		}
		lost = lost || !a.Kept()
	}
	return lost
}

// Repeat asks each of reqs for n seeds from first on, and gives each row to each, in the
// order of the seeds and from one goroutine at a time. Several examples are answered at
// once. It ends with the first error of an answer, of each, or of ctx; an error of a field
// of a request names it.
func Repeat(ctx context.Context, a Asker, reqs []run.Request, first uint64, n int, each func(Row) error) error {
	for _, req := range reqs {
		if req.Task == "" {
			return input.Errorf("task", "none, want one, since own text has one example alone")
		}
	}
	if n < 1 || n > Most {
		return input.Errorf("seeds", "%d, want 1 to %d", n, Most)
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
				row, err := ask(ctx, a, reqs, first+uint64(i))
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

// ask is the row of one seed.
func ask(ctx context.Context, a Asker, reqs []run.Request, seed uint64) (Row, error) {
	row := Row{Seed: seed}
	// Columns of one model under several methods read everything alike.
	read := map[string]figures.Result{}
	for _, req := range reqs {
		req.Seed = seed
		got, err := scored(ctx, a, req)
		if err != nil {
			return row, err
		}
		dense := Dense(req)
		all, known := read[dense.ID()]
		if !known {
			all = got
			if !dense.Equal(req) {
				if all, err = scored(ctx, a, dense); err != nil {
					return row, err
				}
			}
			read[dense.ID()] = all
		}
		row.Answers = append(row.Answers, Answer{*all.Score, *got.Score, got.ReadFraction, got.Heads, got.Answer})
	}
	return row, nil
}

// Dense is req with everything read: no method, and no block forced or dropped. The memory
// stays as req has it, but for what a method selects by: what comes of changing it is no
// method's doing.
func Dense(req run.Request) run.Request {
	req.Config, req.Force, req.Drop = sparse.Config{Method: sparse.DefaultMethod}, "", ""
	req.SelectWith = ""
	return req
}

// scored is the answer to req, which has a score.
func scored(ctx context.Context, a Asker, req run.Request) (figures.Result, error) {
	r, err := a.Ask(ctx, req)
	if err == nil && r.Score == nil {
		err = fmt.Errorf("seed %d on %s: no score", req.Seed, req.Model)
	}
	return r, err
}
