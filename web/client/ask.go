package client

import (
	"context"
	"errors"

	"kvscope/engine/figures"
	"kvscope/engine/run"
	"kvscope/web/api"
)

// Ask runs req in a worker, which says what comes of it and nothing else.
func (w *Workers) Ask(ctx context.Context, req run.Request) (r figures.Result, err error) {
	err = w.ask(ctx, api.Ask{Kind: api.AskAnswer, Request: &req}, func(a answer) error {
		switch {
		case a.reply.Kind != api.ReplyEnd:
		case a.reply.Failure != nil:
			return failed(a.reply.Failure)
		case a.reply.Result == nil:
			return errors.New("the run ended without a result")
		default:
			r = *a.reply.Result
		}
		return nil
	})
	return r, err
}

// Ask sends req to /api/ask and returns what came of it, without its selections.
func (s *Server) Ask(ctx context.Context, req run.Request) (figures.Result, error) {
	var r figures.Result
	err := s.ask(ctx, methodPost, "ask", nil, req, &r)
	return r, err
}
