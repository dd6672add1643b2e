package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"kvscope/engine/figures"
	"kvscope/engine/run"
)

// Ask sends req to /api/ask and returns what came of it, without its selections.
func (s *Server) Ask(ctx context.Context, req run.Request) (figures.Result, error) {
	var r figures.Result
	body, err := json.Marshal(req)
	if err != nil {
		return r, fmt.Errorf("write request: %w", err)
	}
	at := s.base.JoinPath("api/ask").String()
	status, answer, err := send(ctx, http.MethodPost, at, jsonType, body)
	if err != nil {
		return r, err
	}
	return r, decode(at, status, answer, &r)
}
