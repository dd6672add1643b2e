package run

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"kvscope/engine/model"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// TestProbe: heads are rated by what runs of the probe's examples picked, once for a model,
// the same in another engine, and those of the highest rates read everything.
func TestProbe(t *testing.T) {
	e := testEngine(t, model.Attention)
	duo := Request{Model: "m", Task: "S-2", Seed: 1, MaxNew: new(2), Config: sparse.Config{
		Method: "duoattention", Values: sparse.Values{"budget": "1/2", "window": "20"},
	}}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := e.Run(stopped, duo, &trace.Run{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a probe that was stopped says %v", err)
	}
	r := record(t, e, duo)
	if !strings.Contains(r.Header.Rates, "4 examples of MK-1 with 256 tokens") {
		t.Errorf("rates are said to be %q", r.Header.Rates)
	}
	rates := e.models[0].probe.rates
	found, steps := [2][2]float64{}, 0.0
	for seed := uint64(1 << 40); seed < 1<<40+4; seed++ {
		p := record(t, e, Request{Task: "MK-1", Seed: seed, Context: new(256), Config: sparse.Config{Method: "oracle-token", Values: sparse.Values{"budget": "1/16"}}})
		for step := range p.Steps {
			if step >= len(p.Header.Gold) || p.Header.Gold[step] < 0 {
				continue
			}
			steps++
			for l := range found {
				for h := range found[l] {
					if p.Selection(step, l, h).Covers(0, p.Header.Gold[step]) {
						found[l][h]++
					}
				}
			}
		}
	}
	best, whole := 0, 0
	for l := range found {
		for h := range found[l] {
			if got, want := rates[l][h], found[l][h]/steps; math.Abs(got-want) > 1e-12 {
				t.Errorf("layer %d head %d has a rate of %g, want %g of %g steps", l, h, got, want, steps)
			}
			if rates[l][h] > rates[best/2][best%2] {
				best = 2*l + h
			}
			if s := r.Selection(0, l, h); s.Count(0) == s.Candidates {
				whole++
				if rates[l][h] < rates[best/2][best%2] {
					t.Errorf("layer %d head %d reads everything, layer %d head %d finds more", l, h, best/2, best%2)
				}
			}
		}
	}
	if whole != 1 { // (128 − 24)/(256 − 24) of four heads
		t.Errorf("%d heads read everything, want 1", whole)
	}
	if again := record(t, testEngine(t, model.Attention), duo); again.Header.Rates != r.Header.Rates || again.Selection(0, 1, 1).Count(0) != r.Selection(0, 1, 1).Count(0) {
		t.Errorf("another engine rates heads by %q", again.Header.Rates)
	}
	if other := record(t, e, Request{Task: "S-2", Seed: 1, MaxNew: new(2)}); other.Header.Rates != "" {
		t.Errorf("a method without rates has them from %q", other.Header.Rates)
	}
}
