package e2e

import (
	"context"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/native/browsertest"
)

// gated is a runner whose runs wait at a gate, when there is one, for what is sent
// through it: nothing to go on, or why they fail.
type gated struct {
	*run.Cache
	gate    atomic.Pointer[chan error]
	waiting atomic.Int32
}

// Run implements server.Runner.
func (g *gated) Run(ctx context.Context, req run.Request, sink trace.Sink) error {
	if gate := g.gate.Load(); gate != nil {
		g.waiting.Add(1)
		defer g.waiting.Add(-1)
		select {
		case err := <-*gate:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return g.Cache.Run(ctx, req, sink)
}

// shut lets runs wait from now on.
func (g *gated) shut() chan error {
	gate := make(chan error)
	g.gate.Store(&gate)
	return gate
}

// wait lets so many runs be waiting.
func (g *gated) wait(t testing.TB, n int32) {
	t.Helper()
	for range 100 {
		if g.waiting.Load() == n {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%d runs are waiting, want %d", g.waiting.Load(), n)
}

// sitGated opens the explorer on a gated runner.
func sitGated(t *testing.T, query string) (*desk, *gated) {
	t.Helper()
	onServer(t, "its runs wait at a gate")
	e := newEngine(t)
	g := &gated{Cache: run.NewCache(e, 1<<28)}
	s := httptest.NewServer(newServer(t, g))
	t.Cleanup(s.Close)
	d := &desk{t, browsertest.Open(t), e, s.URL}
	d.do(chromedp.Navigate(s.URL + "/" + query))
	return d, g
}

// A run that is stopped on the page, or overtaken by another, ends on the server too,
// though it had nothing to say.
func TestStopEndsTheRun(t *testing.T) {
	d, g := sitGated(t, "?head=1.1")
	d.finished("")
	g.shut()
	gens := d.gens()
	d.choose("task", "S-1")
	g.wait(t, 2)
	d.press(id("stop"))
	g.wait(t, 0)
	d.choose("task", "S-2")
	g.wait(t, 2)
	gate := g.shut()
	d.choose("task", "MQ")
	close(gate)
	d.finished(gens)
	d.shown(0, run.Request{Model: "attention", Task: "MQ", Seed: 1, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}})
	d.quiet()
}
