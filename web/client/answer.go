package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"kvscope/engine/input"
	"kvscope/engine/trace"
)

// ask sends a request to path below /api/ and reads the answer into to. A refusal that
// blames a field is an input.Error.
func (s *Server) ask(ctx context.Context, method, path string, query url.Values, body, to any) error {
	at := s.base.JoinPath("api", path)
	at.RawQuery = query.Encode()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return fmt.Errorf("write request: %w", err)
		}
	}
	status, answer, err := send(ctx, method, at.String(), jsonType, text)
	if err != nil {
		return err
	}
	return decode(path, status, answer, to)
}

// decode reads the answer of an endpoint into to, or returns what it says is wrong.
func decode(path string, status int, answer []byte, to any) error {
	if status >= 400 {
		var refusal struct{ Error trace.Failure }
		if json.Unmarshal(answer, &refusal) != nil || refusal.Error.Message == "" {
			return fmt.Errorf("ask %s: status %d", path, status)
		}
		if refusal.Error.Field != "" {
			return input.Errorf(refusal.Error.Field, "%s", refusal.Error.Message)
		}
		return fmt.Errorf("%s", refusal.Error.Message)
	}
	if err := json.Unmarshal(answer, to); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}
