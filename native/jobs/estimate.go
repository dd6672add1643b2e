package jobs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"kvscope/engine/experiment"
	"kvscope/engine/trace"
	"kvscope/native/store"
	"kvscope/web/api"
)

// kind holds the settings that the time of an example is taken to depend on.
type kind struct {
	hash, method string
	context      int
}

// Estimator says what cells would cost. It is safe for concurrent use.
type Estimator struct {
	store  *store.Store
	runner experiment.Runner

	mu    sync.Mutex
	tried map[kind]float64 // seconds of one example
}

// NewEstimator returns an estimator that knows the past cells of s and tries on r
// what it finds no past of.
func NewEstimator(s *store.Store, r experiment.Runner) *Estimator {
	return &Estimator{store: s, runner: r, tried: map[kind]float64{}}
}

// Estimate says what computing cells would cost. The time of an example is that of
// past cells of its model, method and context; where there are none, one example is
// tried, once.
func (t *Estimator) Estimate(ctx context.Context, cells []experiment.Cell) (api.Estimate, error) {
	e := api.Estimate{Cells: len(cells)}
	keys := make([]string, len(cells))
	for i, c := range cells {
		keys[i] = c.Key()
		e.Examples += c.Examples
	}
	done, err := t.store.Computed(ctx, keys)
	if err != nil {
		return e, err
	}
	params := map[string]int{}
	for _, m := range t.runner.Models() {
		params[m.Name] = m.Params
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
		e.FLOP += 2 * float64(params[c.Model]) * tokens
		k := kind{c.ModelHash, c.Method, c.Context}
		mean, ok := seconds[k]
		if !ok {
			tried := false
			if mean, tried, err = t.secondsOf(ctx, k, c); err != nil {
				return e, fmt.Errorf("time %s on %s: %w", c.Method, c.Model, err)
			}
			if tried {
				e.Tried++
			}
			seconds[k] = mean
		}
		e.Seconds += mean * float64(c.Examples)
	}
	return e, nil
}

// secondsOf is the time of one example like c, and whether it had to be tried.
func (t *Estimator) secondsOf(ctx context.Context, k kind, c experiment.Cell) (mean float64, tried bool, err error) {
	mean, err = t.store.SecondsPerExample(ctx, k.hash, k.method, k.context)
	if err != nil || mean > 0 {
		return mean, false, err
	}
	t.mu.Lock()
	mean = t.tried[k]
	t.mu.Unlock()
	if mean > 0 {
		return mean, false, nil
	}
	started := time.Now()
	if err := t.runner.Run(ctx, c.Request(0), &trace.Run{}); err != nil {
		return 0, true, err
	}
	mean = time.Since(started).Seconds()
	t.mu.Lock()
	t.tried[k] = mean
	t.mu.Unlock()
	return mean, true, nil
}
