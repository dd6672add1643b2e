package server

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/coder/websocket"

	"kvscope/engine/model/modeltest"
	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/native/simd"
	"kvscope/web/api"
)

// stopWithin is how long after its stream is closed the engine may go on with a run of
// SmolLM2. A machine with much else to do is given more than one try.
const (
	stopWithin = 200 * time.Millisecond
	stopTries  = 8
)

// TestStopIsHeard: the engine is done with a run soon after the page has closed its stream,
// while it reads a prompt of 2,048 tokens and while it decodes.
func TestStopIsHeard(t *testing.T) {
	e := run.NewEngine(simd.Best())
	if err := e.Open("s", modeltest.SmolLM2(t), ""); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	ts := start(t, Config{Runner: fakeRunner(func(ctx context.Context, req run.Request, sink trace.Sink) error {
		err := e.Run(ctx, req, sink)
		ended <- err
		return err
	})})
	for _, c := range []struct {
		name, request string
		under         func(kind websocket.MessageType, message []byte) bool // tells that it is under way
	}{
		{"prefill", `{"model":"s","task":"S-2","context":2048,"method":"quest","budget":"1/8"}`, func(kind websocket.MessageType, message []byte) bool {
			var p api.RunProgress
			return kind == websocket.MessageText && json.Unmarshal(message, &p) == nil && p.Done > 0
		}},
		{"decode", `{"model":"s","task":"S-2","context":128,"method":"quest","budget":"1/8","max_new":400}`, func(kind websocket.MessageType, message []byte) bool {
			event, err := trace.Decode(message)
			_, step := event.(*trace.Step)
			return kind == websocket.MessageBinary && err == nil && step
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var took time.Duration
			for range stopTries {
				if took = stopped(t, ts.URL, c.request, c.under, ended); took <= stopWithin {
					t.Logf("%v", took)
					return
				}
			}
			t.Errorf("goes on for %v, want %v at most in one of %d tries", took, stopWithin, stopTries)
		})
	}
}

// stopped is how long a run goes on whose stream is closed once it is under way.
func stopped(t *testing.T, url, request string, under func(kind websocket.MessageType, message []byte) bool, ended <-chan error) time.Duration {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), url+"/api/run?progress=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(trace.MaxPayload)
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(request)); err != nil {
		t.Fatal(err)
	}
	for {
		kind, message, err := conn.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if under(kind, message) {
			break
		}
	}
	began := time.Now()
	conn.CloseNow()
	if err := within(t, ended, "the end of the run"); err == nil {
		t.Fatal("it was done before it was stopped")
	}
	return time.Since(began)
}
