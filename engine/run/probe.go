package run

import (
	"context"
	"fmt"

	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// A probe tells which heads of a model find needles. Its examples are of seeds that no
// experiment counts up to.
const (
	probeTask     = "MK-1"
	probeExamples = 4
	probeContext  = 512
	probeSeed     = 1 << 40
	probeBudget   = "1/16"
)

// probe is the hit rates of a model's heads, measured when first asked for.
type probe struct {
	turn  chan struct{} // holds a token while nobody measures
	rates [][]float64   // [L][H], nil before
	from  string        // what they were measured on
}

func newProbe() *probe {
	p := &probe{turn: make(chan struct{}, 1)}
	p.turn <- struct{}{}
	return p
}

// rated gives p's method the hit rates of the heads of l, where it asks for them, and says
// where they come from.
func (e *Engine) rated(ctx context.Context, l *loaded, p sparse.Plan) (sparse.Plan, string, error) {
	if !p.Probe {
		return p, "", nil
	}
	select {
	case <-l.probe.turn:
		defer func() { l.probe.turn <- struct{}{} }()
	case <-ctx.Done():
		return p, "", ctx.Err()
	}
	if l.probe.rates == nil {
		if err := e.measure(ctx, l); err != nil {
			return p, "", err
		}
	}
	return p.Rated(l.probe.rates, l.model.Config().Group()), l.probe.from, nil
}

// measure runs the examples of the probe on l. The rate of a head is the share of the
// answer's steps with a golden position at which that was among the 1/16 of the prompt that
// the head attended to most.
func (e *Engine) measure(ctx context.Context, l *loaded) error {
	c := l.model.Config()
	tokens := min(probeContext, c.Context)
	sink := &hits{found: make([]int, c.Layers*c.Heads), heads: c.Heads}
	for i := range uint64(probeExamples) {
		req := Request{Model: l.info.Name, Task: probeTask, Seed: probeSeed + i, Context: &tokens}
		req.Config = sparse.Config{Method: "oracle-token", Values: sparse.Values{"budget": probeBudget}}
		if err := e.Run(ctx, req, sink); err != nil {
			return fmt.Errorf("the probe of %s's heads: %w", l.info.Name, err)
		}
	}
	l.probe.rates = nil
	for layer := range c.Layers {
		rates := make([]float64, c.Heads)
		for h := range rates {
			rates[h] = float64(sink.found[layer*c.Heads+h]) / float64(max(1, sink.steps))
		}
		l.probe.rates = append(l.probe.rates, rates)
	}
	l.probe.from = fmt.Sprintf("how often, at %d answer steps of %d examples of %s with %d tokens, the value was among the %s of the tokens that a head attended to most",
		sink.steps, probeExamples, probeTask, tokens, probeBudget)
	return nil
}

// hits counts at how many answer steps each head picked the golden position.
type hits struct {
	heads, steps int
	found        []int // [L·H]
	gold         []int // of the run that is on
}

// Emit implements trace.Sink.
func (h *hits) Emit(e trace.Event) error {
	switch e := e.(type) {
	case *trace.Header:
		h.gold = e.Gold
	case *trace.Selection:
		if e.Step < 0 || e.Step >= len(h.gold) || h.gold[e.Step] < 0 {
			break
		}
		at := e.Layer*h.heads + e.Head
		if at == 0 {
			h.steps++
		}
		if e.Covers(0, h.gold[e.Step]) {
			h.found[at]++
		}
	}
	return nil
}
