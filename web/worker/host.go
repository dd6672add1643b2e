package worker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"kvscope/engine/input"
	"kvscope/engine/ops"
	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/web/api"
)

// keptBytes is how much of finished runs of one model is kept to be looked into.
const keptBytes = 192 << 20

// Config is what a Host needs of the place where it runs.
type Config struct {
	Kernels *ops.Kernels
	Models  []api.SiteFile
	// Fetch gets the file at an address and says how many bytes of it are there.
	Fetch func(ctx context.Context, file api.SiteFile, told func(bytes int)) ([]byte, error)
	// Say hands a message to the page, with the bytes that belong to it, which are the
	// page's from then on. It is called by one goroutine at a time.
	Say func(said api.Said, data []byte)
	// Yield is run.Engine's.
	Yield func()
}

// Host answers the asks of a page.
type Host struct {
	config Config

	mu      sync.Mutex
	models  map[string]*loading
	cancels map[int]context.CancelFunc // of asks under way
	saying  sync.Mutex
}

// loading is a model that is, or will be, loaded.
type loading struct {
	mu    sync.Mutex // held while it loads
	shelf *run.Shelf // nil before
}

// New returns a host without any model loaded.
func New(c Config) *Host {
	return &Host{config: c, models: map[string]*loading{}, cancels: map[int]context.CancelFunc{}}
}

// Receive answers one ask, and returns when it is answered.
func (h *Host) Receive(ask api.Ask) {
	if ask.Kind == api.AskCancel {
		h.mu.Lock()
		defer h.mu.Unlock()
		if cancel := h.cancels[ask.ID]; cancel != nil {
			cancel()
		}
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	h.mu.Lock()
	h.cancels[ask.ID] = cancel
	h.mu.Unlock()
	err := h.answer(ctx, ask)
	h.mu.Lock()
	delete(h.cancels, ask.ID)
	h.mu.Unlock()
	end := api.Said{ID: ask.ID, Kind: api.SaidEnd}
	if err != nil {
		end.Failure = failure(err)
	}
	h.say(end, nil)
}

// failure tells err to the page.
func failure(err error) *trace.Failure {
	var e *input.Error
	if errors.As(err, &e) {
		return &trace.Failure{Field: e.Field, Message: e.Problem}
	}
	return &trace.Failure{Message: err.Error()}
}

func (h *Host) say(said api.Said, data []byte) {
	h.saying.Lock()
	defer h.saying.Unlock()
	h.config.Say(said, data)
}

// answer does what is asked. A panic of the engine is a failure of the ask alone.
func (h *Host) answer(ctx context.Context, ask api.Ask) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error of the engine: %v\n%s", p, debug.Stack())
		}
	}()
	switch ask.Kind {
	case api.AskRun:
		shelf, err := h.shelf(ctx, ask.ID, ask.Request.Model)
		if err != nil {
			return err
		}
		return shelf.Run(ctx, *ask.Request, &sink{host: h, id: ask.ID})
	case api.AskHead:
		return h.head(ctx, ask)
	case api.AskLoad:
		_, err := h.shelf(ctx, ask.ID, ask.Model)
		return err
	}
	return fmt.Errorf("a worker was asked for %q", ask.Kind)
}

// nothing is a sink for a run that is made to be looked into.
type nothing struct{}

func (nothing) Emit(trace.Event) error { return nil }

// head says what a head saw, of a run that is made again where it has been forgotten.
func (h *Host) head(ctx context.Context, ask api.Ask) error {
	shelf, err := h.shelf(ctx, ask.ID, ask.Request.Model)
	if err != nil {
		return err
	}
	id := ask.Request.ID()
	if shelf.Kept(id) == nil {
		if err := shelf.Run(ctx, *ask.Request, nothing{}); err != nil {
			return err
		}
	}
	head, err := shelf.Kept(id).Head(ask.Layer, ask.Head)
	if err != nil {
		return err
	}
	data, err := head.Encode()
	if err != nil {
		return err
	}
	h.say(api.Said{ID: ask.ID, Kind: api.SaidHead}, data)
	return nil
}

// shelf is that of a model, which is loaded by the first ask that needs it; others wait.
func (h *Host) shelf(ctx context.Context, id int, name string) (*run.Shelf, error) {
	at := slices.IndexFunc(h.config.Models, func(f api.SiteFile) bool { return f.Name == name })
	if at < 0 {
		return nil, input.Errorf("model", "%q is not among those that run in the browser", name)
	}
	h.mu.Lock()
	m := h.models[name]
	if m == nil {
		m = &loading{}
		h.models[name] = m
	}
	h.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shelf != nil {
		return m.shelf, nil
	}
	file := h.config.Models[at]
	data, err := h.config.Fetch(ctx, file, func(bytes int) {
		h.say(api.Said{ID: id, Kind: api.SaidProgress, Progress: &api.RunProgress{Kind: api.Weights, Done: bytes, Of: file.Size}}, nil)
	})
	if err != nil {
		return nil, fmt.Errorf("the weights of %s could not be fetched: %w", name, err)
	}
	e := run.NewEngine(h.config.Kernels)
	e.Yield = h.config.Yield
	if err := e.AddFile(name, data); err != nil {
		return nil, err
	}
	m.shelf = run.NewShelf(e, keptBytes)
	return m.shelf, nil
}

// sink says what happens in a run.
type sink struct {
	host *Host
	id   int
}

// Emit implements trace.Sink.
func (s *sink) Emit(e trace.Event) error {
	frame, err := trace.Append(nil, e)
	if err != nil {
		return err
	}
	s.host.say(api.Said{ID: s.id, Kind: api.SaidFrame}, frame)
	return nil
}

// Reading implements trace.ReadingSink.
func (s *sink) Reading(read, prompt int) {
	s.host.say(api.Said{ID: s.id, Kind: api.SaidProgress, Progress: &api.RunProgress{Kind: api.Prompt, Done: read, Of: prompt}}, nil)
}
