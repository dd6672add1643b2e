package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/engine/trace"
)

const (
	// queuedFrames is how far a run may be ahead of the page that watches it.
	queuedFrames = 64
	// closeTimeout is for the goodbye of a page that may be gone.
	closeTimeout = 2 * time.Second
)

// stream runs the request that a page sends and sends it what happens.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") == "" {
		w.Header().Set("Upgrade", "websocket")
		writeError(w, http.StatusUpgradeRequired, "", "this endpoint is a WebSocket")
		return
	}
	// Accept answers by itself when it refuses.
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		s.log.Warn("websocket refused", "origin", r.Header.Get("Origin"), "err", err)
		return
	}
	s.streams.Add(1)
	defer s.streams.Done()
	defer conn.CloseNow()

	err = s.watch(r.Context(), conn)
	var gone *goneError
	switch {
	case errors.As(err, &gone):
		s.log.Info("page gone", "err", gone.err)
		return
	case err != nil && r.Context().Err() != nil:
		err = errShutdown
	}
	s.finish(conn, err)
}

// watch sends the page all of the run it asks for. It returns an error when the
// page has yet to be told how the run ended, or is gone.
func (s *Server) watch(ctx context.Context, conn *websocket.Conn) error {
	req, err := receive(ctx, conn)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	// Reading goes on when the server shuts down, so that the page hears of it. The
	// library's CloseRead would keep the run going while it says its goodbye.
	go func() {
		if _, _, err := conn.Reader(context.WithoutCancel(ctx)); err != nil {
			stop(&goneError{err})
			return
		}
		stop(errSecond)
	}()
	q := &queue{ctx: ctx, frames: make(chan []byte, queuedFrames)}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		if err := q.drain(conn, s.writeTimeout); err != nil {
			stop(&goneError{err})
		}
	}()
	err = s.run(ctx, req, q)
	close(q.frames)
	<-sent
	var gone *goneError
	switch cause := context.Cause(ctx); {
	case q.closed:
		return nil // the run told its own end
	case errors.As(cause, &gone), errors.Is(cause, errSecond):
		return cause
	case err == nil:
		return errUnfinished
	}
	return err
}

// goneError says that a page takes no more frames, and why.
type goneError struct{ err error }

func (e *goneError) Error() string { return "the page is gone: " + e.err.Error() }

var (
	errSecond   = errors.New("a connection takes one request, this one sent another")
	errShutdown = errors.New("the server is shutting down")
)

// finish tells the page how the run ended, if it must, and says goodbye. It has a
// time of its own, since the request's may be over.
func (s *Server) finish(conn *websocket.Conn, err error) {
	if err != nil {
		frame, bad := trace.Append(nil, &trace.Failure{Field: input.Field(err), Message: problem(err)})
		if bad != nil {
			panic(bad)
		}
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		if err := conn.Write(ctx, websocket.MessageBinary, frame); err != nil {
			return
		}
	}
	conn.Close(websocket.StatusNormalClosure, "")
}

// receive reads the one message that a page sends.
func receive(ctx context.Context, conn *websocket.Conn) (run.Request, error) {
	ctx, cancel := context.WithTimeout(ctx, bodyTimeout)
	defer cancel()
	// The library's own limit closes the connection before the page could be told.
	conn.SetReadLimit(-1)
	_, r, err := conn.Reader(ctx)
	if err != nil {
		return run.Request{}, fmt.Errorf("read request: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(r, maxRequest+1))
	if err != nil {
		return run.Request{}, fmt.Errorf("read request: %w", err)
	}
	if len(body) > maxRequest {
		return run.Request{}, errTooLarge
	}
	return parseRequest(body)
}

// queue is a sink that hands frames to a page. Emit blocks while the page is slow.
type queue struct {
	ctx    context.Context
	frames chan []byte
	closed bool // Done or Failure went through
}

// Emit queues the frame of e.
func (q *queue) Emit(e trace.Event) error {
	if q.closed {
		return errors.New("event after the run's end")
	}
	frame, err := trace.Append(nil, e)
	if err != nil {
		return err
	}
	select {
	case q.frames <- frame:
	case <-q.ctx.Done():
		return context.Cause(q.ctx)
	}
	switch e.(type) {
	case *trace.Done, *trace.Failure:
		q.closed = true
	}
	return nil
}

// drain writes frames until there are no more or one takes longer than timeout. A
// cancelled run still sends what it queued: the page may be there to see it.
func (q *queue) drain(conn *websocket.Conn, timeout time.Duration) error {
	for frame := range q.frames {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		err := conn.Write(ctx, websocket.MessageBinary, frame)
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}
