package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/engine/trace"
)

// dial opens the stream of a run and sends the request.
func dial(t *testing.T, url, request string) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), url+"/api/run", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	conn.SetReadLimit(trace.MaxPayload)
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(request)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// next reads one frame; nil and the status when the server closed.
func next(t *testing.T, conn *websocket.Conn) (trace.Event, websocket.StatusCode) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	kind, frame, err := conn.Read(ctx)
	if err != nil {
		if status := websocket.CloseStatus(err); status != -1 {
			return nil, status
		}
		t.Fatal(err)
	}
	if kind != websocket.MessageBinary {
		t.Fatalf("a %v message %q", kind, frame)
	}
	e, err := trace.Decode(frame)
	if err != nil {
		t.Fatal(err)
	}
	return e, 0
}

func TestStreamIsWhatWasEmitted(t *testing.T) {
	ts := start(t, Config{})
	conn := dial(t, ts.URL, `{"model":"attention"}`)
	for _, want := range wholeRun() {
		if got, _ := next(t, conn); !reflect.DeepEqual(got, want) {
			t.Errorf("emitted %+v\nreceived %+v", want, got)
		}
	}
	if e, status := next(t, conn); e != nil || status != websocket.StatusNormalClosure {
		t.Errorf("after the end: %+v, status %v", e, status)
	}
}

func TestStreamFailures(t *testing.T) {
	for _, c := range []struct {
		name, request string
		run           func(sink trace.Sink) error
		before        int // events before the failure
		want          trace.Failure
	}{
		{name: "unknown field", request: `{"modl":"x"}`, want: trace.Failure{Field: "modl"}},
		{name: "not JSON", request: `hello`, want: trace.Failure{}},
		{name: "too large", request: `{"text":"` + strings.Repeat("x", maxRequest) + `"}`, want: trace.Failure{Message: errTooLarge.Error()}},
		{name: "bad value", request: `{}`, run: func(trace.Sink) error { return input.Errorf("k", "0, must be positive") },
			want: trace.Failure{Field: "k", Message: "0, must be positive"}},
		{name: "midway", request: `{}`, before: 1, run: func(s trace.Sink) error {
			return errors.Join(s.Emit(wholeRun()[0]), errors.New("lost the thread"))
		}, want: trace.Failure{Message: "lost the thread"}},
		{name: "panic", request: `{}`, before: 1, run: func(s trace.Sink) error {
			if err := s.Emit(wholeRun()[0]); err != nil {
				return err
			}
			panic("secret")
		}, want: trace.Failure{Message: errPanic.Error()}},
		{name: "no end", request: `{}`, run: func(trace.Sink) error { return nil }, want: trace.Failure{Message: errUnfinished.Error()}},
		{name: "own failure", request: `{}`, run: func(s trace.Sink) error { return s.Emit(&trace.Failure{Message: "mine"}) },
			want: trace.Failure{Message: "mine"}},
		{name: "malformed event", request: `{}`, run: func(s trace.Sink) error { return s.Emit(&trace.Selection{}) }, want: trace.Failure{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ts := start(t, Config{Runner: fakeRunner(func(_ context.Context, _ run.Request, s trace.Sink) error { return c.run(s) })})
			conn := dial(t, ts.URL, c.request)
			for range c.before {
				next(t, conn)
			}
			e, _ := next(t, conn)
			got, ok := e.(*trace.Failure)
			if !ok {
				t.Fatalf("received %+v, want a failure", e)
			}
			if got.Field != c.want.Field || c.want.Message != "" && got.Message != c.want.Message {
				t.Errorf("failure %+v, want %+v", got, c.want)
			}
			if e, status := next(t, conn); e != nil || status != websocket.StatusNormalClosure {
				t.Errorf("after the failure: %+v, status %v", e, status)
			}
			if resp, _ := get(t, ts.URL+"/api/models"); resp.StatusCode != http.StatusOK {
				t.Errorf("afterwards: status %d", resp.StatusCode)
			}
		})
	}
}

func TestDisconnectCancelsTheRun(t *testing.T) {
	for name, leave := range map[string]func(*websocket.Conn) error{
		"goodbye": func(c *websocket.Conn) error { return c.Close(websocket.StatusGoingAway, "") },
		"cut":     func(c *websocket.Conn) error { return c.CloseNow() },
		"says more": func(c *websocket.Conn) error {
			return c.Write(context.Background(), websocket.MessageText, []byte("{}"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan error, 1)
			ts := start(t, Config{Runner: fakeRunner(func(ctx context.Context, _ run.Request, s trace.Sink) error {
				if err := s.Emit(wholeRun()[0]); err != nil {
					return err
				}
				<-ctx.Done()
				ended <- s.Emit(wholeRun()[1])
				return ctx.Err()
			})})
			conn := dial(t, ts.URL, `{}`)
			next(t, conn)
			if err := leave(conn); err != nil && name != "goodbye" {
				t.Fatal(err)
			}
			within(t, ended, "the run's context to be cancelled")
		})
	}
}

// bulky fills sockets' buffers in a few events.
func bulky() *trace.Selection {
	return &trace.Selection{Step: -1, Queries: 1, Unit: 1, Candidates: 1 << 23, Picked: make([]byte, 1<<20)}
}

// A page that does not read holds up the run, which so never holds more than the
// queue, and is given up in the end.
func TestSlowPageHoldsTheRunAndIsGivenUp(t *testing.T) {
	const timeout = time.Second
	var emitted atomic.Int64
	ended := make(chan error, 1)
	ts := start(t, Config{WriteTimeout: timeout, Runner: fakeRunner(func(_ context.Context, _ run.Request, s trace.Sink) error {
		for {
			if err := s.Emit(bulky()); err != nil {
				ended <- err
				return err
			}
			emitted.Add(1)
		}
	})})
	conn := dial(t, ts.URL, `{}`)
	defer conn.CloseNow()
	err := within(t, ended, "the run to be given up")
	var gone *goneError
	if !errors.As(err, &gone) {
		t.Errorf("the run heard %v, want that the page is gone", err)
	}
	// What is kept for it, and what sockets hold (some MiB).
	if n := emitted.Load(); n > outboxBytes>>20+64 {
		t.Errorf("%d frames went out to a page that read none", n)
	}
}

// A page that reads slowly gets everything.
func TestSlowPageGetsEverything(t *testing.T) {
	const n, pause = 192, 64
	events := []trace.Event{wholeRun()[0]}
	for range n {
		events = append(events, wholeRun()[1])
	}
	events = append(events, wholeRun()[3])
	ts := start(t, Config{Runner: emits(events)})
	conn := dial(t, ts.URL, `{}`)
	for i, want := range events {
		if i%pause == 0 {
			time.Sleep(20 * time.Millisecond)
		}
		if got, _ := next(t, conn); !reflect.DeepEqual(got, want) {
			t.Fatalf("event %d: %+v, want %+v", i, got, want)
		}
	}
}

// A run that is computed gives its place to the next, whether or not its page has read
// what came of it.
func TestSlowPageDoesNotHoldThePlaceOfItsRun(t *testing.T) {
	const frames, size = 1200, 10 << 10 // more than sockets hold
	ts := start(t, Config{Runs: 1, Runner: fakeRunner(func(_ context.Context, req run.Request, s trace.Sink) error {
		events := wholeRun()
		if req.Seed == 1 {
			slow := &trace.Selection{Step: -1, Queries: 1, Unit: 1, Candidates: 8 * size, Picked: make([]byte, size)}
			events = slices.Concat(events[:1], slices.Repeat([]trace.Event{slow}, frames), events[1:])
		}
		return emits(events).Run(t.Context(), req, s)
	})})
	slow := dial(t, ts.URL, `{"seed":1}`)
	next(t, slow) // it has begun
	quick := dial(t, ts.URL, `{"seed":2}`)
	for range wholeRun() {
		next(t, quick)
	}
	for range frames + len(wholeRun()) - 1 {
		if e, status := next(t, slow); e == nil {
			t.Fatalf("the slow page was cut: %v", status)
		}
	}
}

// Pages that read nothing keep no more than all may, and nothing once they are gone.
func TestOutboxesAreBoundedTogether(t *testing.T) {
	var all atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	var boxes []*outbox
	for all.Load()+outboxBytes/2 < outboxesBytes {
		boxes = append(boxes, newOutbox(ctx, &all))
		for range outboxBytes >> 21 {
			if err := boxes[len(boxes)-1].Emit(bulky()); err != nil {
				t.Fatal(err)
			}
		}
		if len(boxes) > 100 {
			t.Fatal("what is kept is not counted")
		}
	}
	last := newOutbox(ctx, &all)
	if err := last.Emit(bulky()); err != nil {
		t.Errorf("a page that has taken everything waits for others: %v", err)
	}
	waiting := make(chan error)
	go func() {
		for {
			if err := last.Emit(bulky()); err != nil {
				waiting <- err
				return
			}
		}
	}()
	select {
	case err := <-waiting:
		t.Fatal(err)
	case <-time.After(50 * time.Millisecond):
	}
	if n := all.Load(); n > outboxesBytes {
		t.Errorf("%d bytes are kept, at most %d may be", n, outboxesBytes)
	}
	cancel()
	if err := within(t, waiting, "the wait to end"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for _, b := range append(boxes, last) {
		b.discard()
	}
	if n := all.Load(); n != 0 {
		t.Errorf("%d bytes are counted of nothing", n)
	}
}

func TestForeignPagesCannotOpenAStream(t *testing.T) {
	ts := start(t, Config{})
	_, resp, err := websocket.Dial(t.Context(), ts.URL+"/api/run", &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"http://evil.example"}}})
	if err == nil || resp == nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("response %v, error %v, want status 403", resp, err)
	}
	own, _, err := websocket.Dial(t.Context(), ts.URL+"/api/run", &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {ts.URL}}})
	if err != nil {
		t.Fatalf("own page: %v", err)
	}
	own.CloseNow()
}

func TestSecondRequestIsRefused(t *testing.T) {
	ts := start(t, Config{Runner: fakeRunner(func(ctx context.Context, _ run.Request, s trace.Sink) error {
		if err := s.Emit(wholeRun()[0]); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	})})
	conn := dial(t, ts.URL, `{}`)
	next(t, conn)
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	if e, _ := next(t, conn); !reflect.DeepEqual(e, &trace.Failure{Message: errSecond.Error()}) {
		t.Errorf("received %+v", e)
	}
	if _, status := next(t, conn); status != websocket.StatusNormalClosure {
		t.Errorf("status %v", status)
	}
}

// Shutting down tells pages and waits for runs to stop.
func TestShutdown(t *testing.T) {
	stopped := false
	s, err := New(Config{
		Log: slog.New(slog.DiscardHandler),
		Runner: fakeRunner(func(ctx context.Context, _ run.Request, sink trace.Sink) error {
			if err := sink.Emit(wholeRun()[0]); err != nil {
				return err
			}
			<-ctx.Done()
			time.Sleep(50 * time.Millisecond)
			stopped = true
			return ctx.Err()
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	at, stop, ended := serve(t, s)
	conn := dial(t, "http://"+at, `{}`)
	next(t, conn)
	stop()
	if e, _ := next(t, conn); !reflect.DeepEqual(e, &trace.Failure{Message: errShutdown.Error()}) {
		t.Errorf("the page heard %+v", e)
	}
	next(t, conn)
	if err := within(t, ended, "the server to stop"); err != nil {
		t.Errorf("served: %v", err)
	}
	if !stopped {
		t.Error("the server did not wait for the run")
	}
}
