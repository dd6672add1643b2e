package experiment

import (
	"context"
	"math"
	"sync"
	"time"

	"kvscope/engine/run"
	"kvscope/engine/trace"
)

// Row is one measured cell.
type Row struct {
	Model    string     `json:"model"`
	Task     string     `json:"task"`
	Method   string     `json:"method"`
	Selector string     `json:"selector"`
	Budget   float64    `json:"budget"`
	Block    int        `json:"block"`
	K        int        `json:"k"`
	Examples int        `json:"examples"` // answered, all seeds together
	Accuracy float64    `json:"accuracy"` // mean score, 0..1
	CI95     [2]float64 `json:"ci95"`     // Wilson interval of Accuracy
	Seconds  float64    `json:"seconds"`
}

// Hit is how often one head's selection held the needle at every answer step.
type Hit struct {
	Model  string  `json:"model"`
	Task   string  `json:"task"`
	Method string  `json:"method"`
	Budget float64 `json:"budget"`
	Layer  int     `json:"layer"`
	Head   int     `json:"head"`
	Rate   float64 `json:"rate"`
}

// Result is a measured grid.
type Result struct {
	Rows []Row `json:"rows"`
	Hits []Hit `json:"hits"`
}

// Runner answers requests; *run.Engine does.
type Runner interface {
	Run(ctx context.Context, req run.Request, sink trace.Sink) error
}

// Measure runs the grid on workers goroutines and calls progress, from one of them
// at a time, after every example. The result does not depend on workers.
func Measure(ctx context.Context, r Runner, g Grid, workers int, progress func(done, total int)) (*Result, error) {
	if err := g.Validate(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cells, per := g.cells(), g.Examples*g.Seeds
	answers := make([][]*outcome, len(cells))
	for i := range answers {
		answers[i] = make([]*outcome, per)
	}
	jobs := make(chan [2]int)
	var group sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range workers {
		group.Go(func() {
			for job := range jobs {
				o := &outcome{}
				started := time.Now()
				if err := r.Run(ctx, g.request(cells[job[0]], job[1]%g.Examples, job[1]/g.Examples), o); err != nil {
					cancel(err)
					continue
				}
				o.seconds = time.Since(started).Seconds()
				answers[job[0]][job[1]] = o
				mu.Lock()
				done++
				progress(done, len(cells)*per)
				mu.Unlock()
			}
		})
	}
	for c := range cells {
		for i := range per {
			if ctx.Err() == nil {
				jobs <- [2]int{c, i}
			}
		}
	}
	close(jobs)
	group.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	result := &Result{}
	for i, c := range cells {
		result.add(g, c, answers[i])
	}
	return result, nil
}

// outcome keeps of a run what a cell needs; it is the run's sink.
type outcome struct {
	header  *trace.Header
	done    *trace.Done
	seconds float64
}

// Emit keeps the first and the last event.
func (o *outcome) Emit(e trace.Event) error {
	switch e := e.(type) {
	case *trace.Header:
		o.header = e
	case *trace.Done:
		o.done = e
	}
	return nil
}

// add sums up one cell.
func (r *Result) add(g Grid, c cell, answers []*outcome) {
	h := answers[0].header
	row := Row{
		Model: c.model, Task: c.task, Method: c.method, Selector: g.Selector,
		Budget: h.Budget, Block: h.Block, K: h.K, Examples: len(answers),
	}
	rates := make([]float64, h.Layers*h.Heads)
	for _, a := range answers {
		row.Accuracy += a.done.Score / float64(len(answers))
		row.Seconds += a.seconds
		for i, hit := range a.done.Hits {
			if hit.Hit {
				rates[i] += 1 / float64(len(answers))
			}
		}
	}
	row.CI95[0], row.CI95[1] = Wilson(row.Accuracy, len(answers))
	r.Rows = append(r.Rows, row)
	for i, rate := range rates {
		r.Hits = append(r.Hits, Hit{
			Model: c.model, Task: c.task, Method: c.method, Budget: h.Budget,
			Layer: i / h.Heads, Head: i % h.Heads, Rate: rate,
		})
	}
}

// Wilson is the 95% score interval of a proportion p observed over n trials
// (Wilson 1927), with z = 1.96:
//
//	(p + z²/2n ± z·sqrt(p(1−p)/n + z²/4n²)) / (1 + z²/n).
func Wilson(p float64, n int) (low, high float64) {
	const z = 1.959963984540054
	m := float64(n)
	centre := p + z*z/(2*m)
	half := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	scale := 1 + z*z/m
	return max(0, (centre-half)/scale), min(1, (centre+half)/scale)
}
