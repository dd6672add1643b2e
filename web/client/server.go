package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/web/api"
)

// Server is the Engine of `kvscope serve`.
type Server struct {
	base *url.URL
}

// NewServer returns the engine at the origin of base, a page of that server.
func NewServer(base *url.URL) *Server {
	return &Server{&url.URL{Scheme: base.Scheme, Host: base.Host}}
}

// Meta asks /api/meta.
func (s *Server) Meta(ctx context.Context) (api.Meta, error) {
	return fetchMeta(ctx, s.base.JoinPath("api/meta").String())
}

// OpenModel opens the model at a path on the server's machine and lists all models then,
// the new one last.
func (s *Server) OpenModel(ctx context.Context, path string) ([]run.ModelInfo, error) {
	var answer struct{ Models []run.ModelInfo }
	err := s.ask(ctx, methodPost, "models/open", nil, map[string]string{"path": path}, &answer)
	return answer.Models, err
}

// Run sends req over a WebSocket of its own and reads its frames. Cancelling ctx
// stops the run.
func (s *Server) Run(ctx context.Context, req run.Request, sink trace.Sink) error {
	at := *s.base.JoinPath("api/run")
	at.Scheme = map[string]string{"https": "wss"}[at.Scheme]
	if at.Scheme == "" {
		at.Scheme = "ws"
	}
	hears, _ := sink.(ProgressSink)
	if hears != nil {
		at.RawQuery = "progress=1"
	}
	body, err := json.Marshal(req)
	if err != nil {
		return fmt.Errorf("write request: %w", err)
	}
	conn, err := dial(ctx, at.String())
	if err != nil {
		return lost(ctx, err)
	}
	defer conn.close()
	if err := conn.send(ctx, body); err != nil {
		return lost(ctx, err)
	}
	for {
		frame, isText, err := conn.receive(ctx)
		if err != nil {
			return lost(ctx, err)
		}
		if isText && hears != nil {
			var p api.RunProgress
			if err := json.Unmarshal(frame, &p); err != nil {
				return fmt.Errorf("read progress: %w", err)
			}
			hears.Progress(p)
			continue
		}
		e, err := trace.Decode(frame)
		if err != nil {
			return fmt.Errorf("read frame: %w", err)
		}
		if err := sink.Emit(e); err != nil {
			return err
		}
		switch e.(type) {
		case *trace.Done, *trace.Failure:
			return nil
		}
	}
}

// lost tells a cancelled run from a connection that broke.
func lost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &LostError{err}
}

// errClosed says that a connection was closed in order, though the run was not over.
var errClosed = errors.New("the server closed the connection before the run was over")
