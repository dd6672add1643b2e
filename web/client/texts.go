package client

import (
	"context"
	"errors"

	"kvscope/web/api"
)

// Texts keeps texts that are too long for an address; an Engine may, and a Server does.
type Texts interface {
	// KeepText keeps a text under its name, api.TextName.
	KeepText(ctx context.Context, text string) error
	// Text is the text of a name, "" when it is not kept.
	Text(ctx context.Context, name string) (string, error)
}

// KeepText sends a text to the server.
func (s *Server) KeepText(ctx context.Context, text string) error {
	at := s.base.JoinPath("api/texts", api.TextName(text)).String()
	status, _, err := send(ctx, methodPut, at, "text/plain; charset=utf-8", []byte(text))
	if err == nil && status >= statusBadRequest {
		err = &statusError{at, status}
	}
	return err
}

// Text asks the server for a text.
func (s *Server) Text(ctx context.Context, name string) (string, error) {
	body, err := get(ctx, s.base.JoinPath("api/texts", name).String())
	var refused *statusError
	if errors.As(err, &refused) && refused.status == statusNotFound {
		return "", nil
	}
	return string(body), err
}
