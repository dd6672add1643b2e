package jobs

import (
	"context"
	"fmt"
	"time"

	"kvscope/engine/experiment"
	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/native/store"
)

// Estimate is what a grid would cost.
type Estimate struct {
	Cells    int     `json:"cells"`
	Known    int     `json:"known"` // of the cells, computed before
	Examples int     `json:"examples"`
	Left     int     `json:"examples_left"`
	Tokens   float64 `json:"tokens"`  // to read and write at most, of the examples left
	FLOP     float64 `json:"flop"`    // 2 · weights · tokens, without attention
	Seconds  float64 `json:"seconds"` // of computing by one worker
	Tried    int     `json:"tried"`   // combinations of model and method timed just now on one example
}

// kind is what the time of an example depends on.
type kind struct {
	hash, method string
	context      int
}

// EstimateCells says what computing cells would cost. The time of an example is
// that of past cells of its model, method and context; where there are none, one
// example is tried.
func EstimateCells(ctx context.Context, s *store.Store, r experiment.Runner, cells []experiment.Cell) (Estimate, error) {
	e := Estimate{Cells: len(cells)}
	keys := make([]string, len(cells))
	for i, c := range cells {
		keys[i] = c.Key()
		e.Examples += c.Examples
	}
	done, err := s.Computed(ctx, keys)
	if err != nil {
		return e, err
	}
	params := map[string]int{}
	for _, m := range r.Models() {
		params[m.Hash] = m.Params
	}
	seconds := map[kind]float64{}
	for i, c := range cells {
		if done[keys[i]] {
			e.Known++
			continue
		}
		tokens := float64(c.Examples * c.Context)
		e.Left += c.Examples
		e.Tokens += tokens
		e.FLOP += 2 * float64(params[c.ModelHash]) * tokens
		k := kind{c.ModelHash, c.Method, c.Context}
		mean, ok := seconds[k]
		if !ok {
			if mean, err = s.SecondsPerExample(ctx, k.hash, k.method, k.context); err != nil {
				return e, err
			}
			if mean == 0 {
				if mean, err = try(ctx, r, c.Request(0)); err != nil {
					return e, fmt.Errorf("try %s on %s: %w", c.Method, c.Model, err)
				}
				e.Tried++
			}
			seconds[k] = mean
		}
		e.Seconds += mean * float64(c.Examples)
	}
	return e, nil
}

// try times one example.
func try(ctx context.Context, r experiment.Runner, req run.Request) (float64, error) {
	started := time.Now()
	err := r.Run(ctx, req, &trace.Run{})
	return time.Since(started).Seconds(), err
}
