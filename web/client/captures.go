package client

import (
	"context"
	"errors"
	"sync"
	"time"

	"kvscope/engine/checkpoint"
	"kvscope/engine/figures"
	"kvscope/engine/input"
	"kvscope/engine/lens"
	"kvscope/engine/ops"
	"kvscope/engine/run"
	"kvscope/engine/sparse/apply"
	"kvscope/engine/trace"
	"kvscope/web/api"
)

// CaptureFiles are the queries and keys in files that the page has opened, on which it runs
// methods itself.
type CaptureFiles struct {
	mu      sync.Mutex
	opened  map[string]*run.Cache // by the name of their model
	infos   []run.ModelInfo
	opening sync.WaitGroup
}

// NewCaptureFiles are none yet.
func NewCaptureFiles() *CaptureFiles { return &CaptureFiles{opened: map[string]*run.Cache{}} }

// Captures is an engine of these files, which asks another for everything else.
type Captures struct {
	Engine
	*CaptureFiles
}

// Beside are the captures beside the models of e.
func (c *CaptureFiles) Beside(e Engine) *Captures { return &Captures{Engine: e, CaptureFiles: c} }

// Await tells Meta to wait until done is called, by when a capture has been added.
func (c *CaptureFiles) Await() (done func()) {
	c.opening.Add(1)
	return c.opening.Done
}

// Add takes the queries and keys in f in under a name, in the place of what had it.
func (c *CaptureFiles) Add(name string, f *checkpoint.File) (run.ModelInfo, error) {
	e := run.NewEngine(ops.Reference())
	if err := e.AddCapture(name, f, apply.Options{}); err != nil {
		return run.ModelInfo{}, err
	}
	info := e.Models()[0]
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.opened[name] == nil {
		c.infos = append(c.infos, info)
	}
	for i := range c.infos {
		if c.infos[i].Name == name {
			c.infos[i] = info
		}
	}
	c.opened[name] = run.NewCache(e, 0)
	return info, nil
}

// Meta says what the engine has, and the captures.
func (c *Captures) Meta(ctx context.Context) (api.Meta, error) {
	c.opening.Wait()
	m, err := c.Engine.Meta(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	m.Models = append(m.Models, c.infos...)
	return m, err
}

// Run runs req here where it is of a capture.
func (c *Captures) Run(ctx context.Context, req run.Request, sink trace.Sink) error {
	cache := c.find(req.Model)
	if cache == nil {
		return c.Engine.Run(ctx, req, sink)
	}
	err := cache.Run(ctx, req, &patient{sink: sink, since: time.Now()})
	if err == nil || ctx.Err() != nil {
		return err
	}
	return sink.Emit(&trace.Failure{Field: input.Field(err), Message: message(err)})
}

// Ask says what came of req, here where it is of a capture.
func (c *Captures) Ask(ctx context.Context, req run.Request) (figures.Result, error) {
	cache := c.find(req.Model)
	if cache == nil {
		return c.Engine.Ask(ctx, req)
	}
	var r trace.Run
	if err := cache.Run(ctx, req, &patient{sink: &r, since: time.Now()}); err != nil {
		return figures.Result{}, err
	}
	result, _ := figures.ResultOf(&r) // a run without an error is done
	return result, nil
}

// message is an error without the field that a Failure names apart.
func message(err error) string {
	var refused *input.Error
	if errors.As(err, &refused) {
		return refused.Problem
	}
	return err.Error()
}

// Head returns the tensors of a head: of a capture that is open on the page from the page,
// else from the engine.
func (c *Captures) Head(ctx context.Context, req run.Request, layer, head int) (*lens.HeadTensors, error) {
	cache := c.find(req.Model)
	if cache == nil {
		return c.Engine.Head(ctx, req, layer, head)
	}
	kept := cache.Cached(req.ID())
	if kept == nil {
		if err := cache.Run(ctx, req, &patient{sink: &trace.Run{}, since: time.Now()}); err != nil {
			return nil, err
		}
		kept = cache.Cached(req.ID())
	}
	return kept.Head(layer, head)
}

func (c *CaptureFiles) find(name string) *run.Cache {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened[name]
}

// pauseEvery is how long a run keeps the page's only thread, to stay below what a hand
// notices.
const pauseEvery = 30 * time.Millisecond

// patient hands events on and lets the page draw between them.
type patient struct {
	sink  trace.Sink
	since time.Time
}

// Emit hands on an event.
func (p *patient) Emit(e trace.Event) error {
	if time.Since(p.since) > pauseEvery {
		time.Sleep(time.Millisecond)
		p.since = time.Now()
	}
	return p.sink.Emit(e)
}
