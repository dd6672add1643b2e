//go:build !js

package client

import (
	"bufio"
	"bytes"
	"context"
	"net/http"
)

// follow hears the messages of a stream of events until ctx is over or the stream is.
func follow(ctx context.Context, at string, heard func(message []byte)) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if message, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: ")); ok {
			heard(bytes.Clone(message))
		}
	}
}
