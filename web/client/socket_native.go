//go:build !js

package client

import (
	"context"
	"fmt"

	"github.com/coder/websocket"

	"kvscope/engine/trace"
)

// maxFrame bounds one message of a run: what trace allows a payload, and its
// prefix.
const maxFrame = trace.MaxPayload + 64

// socket is a connection that carries messages both ways.
type socket struct{ conn *websocket.Conn }

// dial opens a WebSocket.
func dial(ctx context.Context, at string) (*socket, error) {
	conn, _, err := websocket.Dial(ctx, at, nil) //nolint:bodyclose // Dial closes it
	if err != nil {
		return nil, fmt.Errorf("open the connection: %w", err)
	}
	conn.SetReadLimit(maxFrame)
	return &socket{conn}, nil
}

// send sends a text.
func (s *socket) send(ctx context.Context, text []byte) error {
	return s.conn.Write(ctx, websocket.MessageText, text) //nolint:wrapcheck // the caller says what was sent
}

// receive waits for the next message; errClosed says that the other side has no more.
func (s *socket) receive(ctx context.Context) (message []byte, isText bool, err error) {
	kind, message, err := s.conn.Read(ctx)
	if websocket.CloseStatus(err) == websocket.StatusNormalClosure {
		return nil, false, errClosed
	}
	return message, kind == websocket.MessageText, err //nolint:wrapcheck // the caller says what was awaited
}

// close closes the connection, without waiting for the other side.
func (s *socket) close() { go s.conn.Close(websocket.StatusNormalClosure, "") }
