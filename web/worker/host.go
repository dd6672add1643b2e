package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"time"

	"kvscope/engine/checkpoint"
	"kvscope/engine/figures"
	"kvscope/engine/ops"
	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/web/api"
)

// keptBytes is how much of finished runs of one model is kept to be looked into.
const keptBytes = 192 << 20

// Config gives a Host the functions of the place where it runs.
type Config struct {
	Kernels *ops.Kernels
	// Fetch gets the file at an address and says how many bytes of it are there.
	Fetch func(ctx context.Context, file api.SiteFile, told func(bytes int)) ([]byte, error)
	// Reply hands a message to the page, with the bytes that belong to it, which are the
	// page's from then on. It is called by one goroutine at a time.
	Reply func(reply api.Reply, data []byte)
	// Yield is run.Engine's.
	Yield func()
}

// Host answers the asks of a page.
type Host struct {
	config Config

	mu      sync.Mutex
	models  map[api.SiteFile]*loading
	cancels map[int]context.CancelFunc // of asks under way
	saying  sync.Mutex
}

// loading is a model that is, or will be, loaded.
type loading struct {
	mu      sync.Mutex // held while it loads
	engine  *run.Engine
	runs    *run.Cache // nil before
	trained bool       // the history of its training is there
}

// New returns a host without any model loaded.
func New(c Config) *Host {
	return &Host{config: c, models: map[api.SiteFile]*loading{}, cancels: map[int]context.CancelFunc{}}
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
	end := api.Reply{ID: ask.ID, Kind: api.ReplyEnd}
	err := h.answer(ctx, ask, &end)
	h.mu.Lock()
	delete(h.cancels, ask.ID)
	h.mu.Unlock()
	if err != nil {
		end.Failure = api.FailureOf(err)
	}
	h.reply(end, nil)
}

func (h *Host) reply(reply api.Reply, data []byte) {
	h.saying.Lock()
	defer h.saying.Unlock()
	h.config.Reply(reply, data)
}

// answer does what is asked; what is said at its end goes to end. A panic of the engine
// is a failure of the ask alone.
func (h *Host) answer(ctx context.Context, ask api.Ask, end *api.Reply) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error of the engine: %v\n%s", p, debug.Stack())
		}
	}()
	switch ask.Kind {
	case api.AskRun:
		cache, err := h.cache(ctx, ask)
		if err != nil {
			return err
		}
		return cache.Run(ctx, *ask.Request, &sink{host: h, id: ask.ID})
	case api.AskAnswer:
		end.Result, err = h.result(ctx, ask)
		return err
	case api.AskHead:
		return h.head(ctx, ask)
	case api.AskLoad:
		cache, err := h.cache(ctx, ask)
		if err != nil {
			return err
		}
		end.Model = &cache.Models()[0]
		return nil
	}
	return fmt.Errorf("a worker was asked for %q", ask.Kind)
}

// result runs the request of an ask for what comes of it.
func (h *Host) result(ctx context.Context, ask api.Ask) (*figures.Result, error) {
	cache, err := h.cache(ctx, ask)
	if err != nil {
		return nil, err
	}
	var out trace.Outcome
	if err := cache.Answer(ctx, *ask.Request, &out); err != nil {
		return nil, err
	}
	r, over := figures.ResultOf(&out.Run)
	if !over {
		return nil, errors.New("the run ended without a result")
	}
	return &r, nil
}

// discard is a sink for a run that is made to be looked into.
type discard struct{}

func (discard) Emit(trace.Event) error { return nil }

// head says what a head saw, of a run that is made again where it has been forgotten.
func (h *Host) head(ctx context.Context, ask api.Ask) error {
	cache, err := h.cache(ctx, ask)
	if err != nil {
		return err
	}
	id := ask.Request.ID()
	if cache.Cached(id) == nil {
		if err := cache.Run(ctx, *ask.Request, discard{}); err != nil {
			return err
		}
	}
	head, err := cache.Cached(id).Head(ask.Layer, ask.Head)
	if err != nil {
		return err
	}
	data, err := head.Encode()
	if err != nil {
		return err
	}
	h.reply(api.Reply{ID: ask.ID, Kind: api.ReplyHead}, data)
	return nil
}

// cache holds the runs of the model of an ask, which is loaded by the first that needs it;
// others wait.
func (h *Host) cache(ctx context.Context, ask api.Ask) (*run.Cache, error) {
	file := ask.File
	h.mu.Lock()
	m := h.models[file]
	if m == nil {
		m = &loading{}
		h.models[file] = m
	}
	h.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.runs == nil {
		e, err := h.load(ctx, ask)
		if err != nil {
			return nil, err
		}
		m.engine, m.runs = e, run.NewCache(e, keptBytes)
	}
	if ask.Request == nil || m.trained || file.History == "" {
		return m.runs, nil
	}
	if _, _, step := run.CutStep(ask.Request.Model); !step {
		return m.runs, nil
	}
	if err := h.train(ctx, ask, m.engine); err != nil {
		return nil, err
	}
	m.trained = true
	return m.runs, nil
}

// load is an engine of the model of an ask, with its index where it has one.
func (h *Host) load(ctx context.Context, ask api.Ask) (*run.Engine, error) {
	file := ask.File
	e := run.NewEngine(h.config.Kernels)
	e.Yield = h.config.Yield
	if file.Folder {
		return e, h.loadFolder(ctx, ask, e)
	}
	data, err := h.fetch(ctx, file, h.told(ask, file.Size))
	if err != nil {
		return nil, fmt.Errorf("the weights of %s could not be fetched: %w", file.Name, err)
	}
	weights, err := parse(file, data)
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", file.Name, err)
	}
	if err := e.AddParsed(file.Name, weights); err != nil {
		return nil, err
	}
	if file.Index == "" {
		return e, nil
	}
	index, err := h.fetch(ctx, api.SiteFile{Name: file.Name, File: file.Index}, func(int) {})
	if err != nil {
		return nil, fmt.Errorf("the index of %s could not be fetched: %w", file.Name, err)
	}
	return e, e.AddIndex(file.Name, index)
}

// parse reads a file with weights whose bytes are data, which the result keeps. One that somebody
// brought is told from others by its name, size and time of change.
func parse(file api.SiteFile, data []byte) (*checkpoint.File, error) {
	f, err := checkpoint.Parse(data)
	if err == nil && file.Changed != 0 {
		f.Stamp(file.Name, int64(file.Size), file.Changed*int64(time.Millisecond))
	}
	return f, err
}

// train fetches the history of a model's training, and lets the engine run its steps.
func (h *Host) train(ctx context.Context, ask api.Ask, e *run.Engine) error {
	file := ask.File
	data, err := h.fetch(ctx, api.SiteFile{Name: file.Name, File: file.History, Size: file.HistorySize}, h.told(ask, file.HistorySize))
	if err != nil {
		return fmt.Errorf("the training history of %s could not be fetched: %w", file.Name, err)
	}
	return e.AddHistory(file.Name, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
}

// fetch gets a file, if a page can hold as much as it is said to have.
func (h *Host) fetch(ctx context.Context, file api.SiteFile, told func(bytes int)) ([]byte, error) {
	if err := file.Check(); err != nil {
		return nil, err
	}
	return h.config.Fetch(ctx, file, told)
}

// told says how many bytes of so many have come of what an ask waits for.
func (h *Host) told(ask api.Ask, of int) func(bytes int) {
	return func(bytes int) {
		h.reply(api.Reply{ID: ask.ID, Kind: api.ReplyProgress, Progress: &api.RunProgress{Kind: api.Weights, Done: bytes, Of: of}}, nil)
	}
}

// sink says what happens in a run.
type sink struct {
	host  *Host
	id    int
	clock api.PromptClock
}

// Emit implements trace.Sink.
func (s *sink) Emit(e trace.Event) error {
	frame, err := trace.Append(nil, e)
	if err != nil {
		return err
	}
	s.host.reply(api.Reply{ID: s.id, Kind: api.ReplyFrame}, frame)
	return nil
}

// Reading implements trace.ReadingSink.
func (s *sink) Reading(read, prompt int) {
	p := s.clock.Read(read, prompt)
	s.host.reply(api.Reply{ID: s.id, Kind: api.ReplyProgress, Progress: &p}, nil)
}
