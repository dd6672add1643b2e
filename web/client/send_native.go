//go:build !js

package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
)

// send asks with any method and tells status and body; body may be nil.
func send(ctx context.Context, method, at, contentType string, body []byte) (status int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, at, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("ask %s: %w", at, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, &LostError{err}
	}
	defer resp.Body.Close()
	if answer, err = io.ReadAll(resp.Body); err != nil {
		return 0, nil, &LostError{err}
	}
	return resp.StatusCode, answer, nil
}

// ahead has nothing: outside browsers no boot script asks ahead of the program.
func ahead(string) []byte { return nil }
