package client

import (
	"context"
	"errors"
	"net/url"
	"strconv"

	"kvscope/engine/lens"
	"kvscope/engine/run"
)

// Head asks for what a head saw. A server that has forgotten the run, or was started
// again since, runs the request again: the same run comes of it.
func (s *Server) Head(ctx context.Context, req run.Request, layer, head int) (*lens.HeadTensors, error) {
	at := s.base.JoinPath("api/runs", req.ID(), "head")
	at.RawQuery = url.Values{"layer": {strconv.Itoa(layer)}, "head": {strconv.Itoa(head)}}.Encode()
	file, err := get(ctx, at.String())
	var refused *statusError
	if errors.As(err, &refused) && refused.status == statusNotFound {
		if err := s.keep(ctx, req); err != nil {
			return nil, err
		}
		file, err = get(ctx, at.String())
	}
	if err != nil {
		return nil, err
	}
	return lens.Decode(file)
}

// keep lets the server run req and keep it.
func (s *Server) keep(ctx context.Context, req run.Request) error {
	return s.ask(ctx, methodPost, "runs", nil, req, &struct{}{})
}
