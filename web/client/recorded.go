package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/web/api"
)

// Recorded is an Engine that answers some requests, once each, with what the same run
// did when it was recorded, and leaves all else to Workers: a page shows something before
// the engine is there.
type Recorded struct {
	*Workers
	fetch func(ctx context.Context, file api.SiteFile) ([]byte, error)

	mu   sync.Mutex
	runs map[string]api.SiteFile // by the IDs of their requests, those not used yet
}

// NewRecorded returns an engine that fetches recorded runs, files of the frames of
// package trace.
func NewRecorded(w *Workers, runs []api.SiteFile, fetch func(context.Context, api.SiteFile) ([]byte, error)) *Recorded {
	r := &Recorded{Workers: w, fetch: fetch, runs: map[string]api.SiteFile{}}
	for _, f := range runs {
		r.runs[f.Name] = f
	}
	return r
}

// Run shows the recorded run of req, or runs it. While one is shown, the model is made
// ready for what comes next.
func (r *Recorded) Run(ctx context.Context, req run.Request, sink trace.Sink) error {
	file, ok := r.take(req.ID())
	if !ok {
		return r.Workers.Run(ctx, req, sink)
	}
	data, err := r.fetch(ctx, file)
	if err != nil {
		return r.Workers.Run(ctx, req, sink)
	}
	go func() {
		// What goes wrong is said by the run that needs the model.
		_ = r.Load(context.WithoutCancel(ctx), req.Model)
	}()
	if s, ok := sink.(ProgressSink); ok {
		s.Progress(api.RunProgress{Kind: api.Recorded})
	}
	return replay(data, sink)
}

// take is the recorded run of an ID, the first time.
func (r *Recorded) take(id string) (api.SiteFile, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, ok := r.runs[id]
	delete(r.runs, id)
	return f, ok
}

// replay emits the frames of a recorded run.
func replay(data []byte, sink trace.Sink) error {
	for frames := trace.NewReader(bytes.NewReader(data)); ; {
		e, err := frames.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the recorded run: %w", err)
		}
		if err := sink.Emit(e); err != nil {
			return err
		}
	}
}
