package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/web/api"
)

// closeTimeout is for the goodbye of a page that may be gone.
const closeTimeout = 2 * time.Second

// stream runs the request that a page sends and sends it what happens.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) error {
	if r.Header.Get("Upgrade") == "" {
		w.Header().Set("Upgrade", "websocket")
		return refuse(http.StatusUpgradeRequired, "", "this endpoint is a WebSocket")
	}
	progress, err := asksProgress(r)
	if err != nil {
		return err
	}
	// Accept answers by itself when it refuses.
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		s.log.Warn("websocket refused", "origin", r.Header.Get("Origin"), "err", err)
		return nil
	}
	s.streams.Add(1)
	defer s.streams.Done()
	defer conn.CloseNow()

	err = s.watch(r.Context(), conn, progress)
	var gone *goneError
	switch {
	case errors.As(err, &gone):
		s.log.Info("page gone", "err", gone.err)
		return nil
	case err != nil && r.Context().Err() != nil:
		err = errShutdown
	}
	s.finish(conn, err)
	return nil
}

// watch sends the page all of the run it asks for. It returns an error when the
// page has yet to be told how the run ended, or is gone.
func (s *Server) watch(ctx context.Context, conn *websocket.Conn, progress bool) error {
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
	box := newOutbox(ctx, &s.unsent)
	sending, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		if err := box.send(sending, conn, s.writeTimeout); err != nil {
			stop(&goneError{err})
		}
	}()
	var sink trace.Sink = box
	if progress {
		sink = &reporting{outbox: box}
	}
	err = s.run(ctx, req, sink)
	box.end()
	defer time.AfterFunc(takeTimeout, giveUp).Stop()
	<-sent
	box.discard()
	var gone *goneError
	switch cause := context.Cause(ctx); {
	case box.closed:
		return nil // the run told its own end
	case errors.As(cause, &gone), errors.Is(cause, errSecond):
		return cause
	case err == nil:
		return errUnfinished
	}
	return err
}

// asksProgress reports whether a page wants to hear how far its prompt is read, in text
// messages of api.RunProgress beside the frames.
func asksProgress(r *http.Request) (bool, error) {
	switch v := r.URL.Query().Get("progress"); v {
	case "", "0":
		return false, nil
	case "1":
		return true, nil
	default:
		return false, input.Errorf("progress", "%q, want 0 or 1", v)
	}
}

// reporting is an outbox that also says how far the prompt is read.
type reporting struct {
	*outbox
	clock api.PromptClock
	last  time.Time
}

// reportEvery is how often that is said, enough for a bar that moves.
const reportEvery = 100 * time.Millisecond

// Reading implements trace.ReadingSink.
func (r *reporting) Reading(read, prompt int) {
	p := r.clock.Read(read, prompt)
	if read < prompt && time.Since(r.last) < reportEvery {
		return
	}
	r.last = time.Now()
	message, err := json.Marshal(p)
	if err != nil {
		panic(err) // a struct of words and numbers
	}
	r.tell(message)
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
