package client

import (
	"context"
	"errors"

	"kvscope/engine/figures"
	"kvscope/engine/run"
	"kvscope/engine/trace"
)

// Ask runs req in a worker.
func (w *Workers) Ask(ctx context.Context, req run.Request) (figures.Result, error) {
	var out trace.Outcome
	if err := w.Run(ctx, req, &out); err != nil {
		return figures.Result{}, err
	}
	if out.Failure != nil {
		return figures.Result{}, failed(out.Failure)
	}
	r, over := figures.ResultOf(&out.Run)
	if !over {
		return r, errors.New("the run ended without a result")
	}
	return r, nil
}

// Ask sends req to /api/ask and returns what came of it, without its selections.
func (s *Server) Ask(ctx context.Context, req run.Request) (figures.Result, error) {
	var r figures.Result
	err := s.ask(ctx, methodPost, "ask", nil, req, &r)
	return r, err
}
