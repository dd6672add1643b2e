package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/coder/websocket"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/web/api"
)

// serve answers /api/run with frames, then closes as told.
func serve(t *testing.T, got *run.Request, events []trace.Event, abrupt bool) *Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/api/run", func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.CloseNow()
		_, body, err := conn.Read(r.Context())
		if err != nil {
			t.Error(err)
			return
		}
		if err := json.Unmarshal(body, got); err != nil {
			t.Error(err)
		}
		if r.URL.Query().Get("progress") == "1" {
			if err := conn.Write(r.Context(), websocket.MessageText, []byte(`{"kind":"prompt","done":3,"of":4,"left_ms":5}`)); err != nil {
				t.Error(err)
			}
		}
		for _, e := range events {
			frame, err := trace.Append(nil, e)
			if err != nil {
				t.Error(err)
			}
			if err := conn.Write(r.Context(), websocket.MessageBinary, frame); err != nil {
				return
			}
		}
		if !abrupt {
			conn.Close(websocket.StatusNormalClosure, "")
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL + "/gallery?x=1")
	if err != nil {
		t.Fatal(err)
	}
	return NewServer(u)
}

func header() *trace.Header {
	return &trace.Header{Layers: 1, Heads: 1, Tokens: []trace.Token{{Text: "a"}}}
}

func TestRunReadsEventsInOrder(t *testing.T) {
	var got run.Request
	s := serve(t, &got, []trace.Event{header(), &trace.Step{Step: 0}, &trace.Done{Answer: "a"}}, false)
	var r trace.Run
	want := run.Request{Model: "attention", Task: "S-1", Seed: 1<<63 + 1, Config: sparse.Config{Values: sparse.Values{"budget": "1/8"}}}
	if err := s.Run(t.Context(), want, &r); err != nil {
		t.Fatal(err)
	}
	if !got.Equal(want) {
		t.Errorf("server got %+v, sent %+v", got, want)
	}
	if r.Header == nil || len(r.Steps) != 1 || r.Done == nil || r.Done.Answer != "a" {
		t.Errorf("run is %+v", r)
	}
}

func TestRunHearsHowFarItsPromptIsRead(t *testing.T) {
	var got run.Request
	s := serve(t, &got, []trace.Event{header(), &trace.Done{}}, false)
	var r attentive
	if err := s.Run(t.Context(), run.Request{}, &r); err != nil {
		t.Fatal(err)
	}
	if want := (api.RunProgress{Kind: api.Prompt, Done: 3, Of: 4, LeftMS: 5}); len(r.progress) != 1 || r.progress[0] != want {
		t.Errorf("heard %+v", r.progress)
	}
}

func TestRunFailureIsNotAnError(t *testing.T) {
	var got run.Request
	s := serve(t, &got, []trace.Event{&trace.Failure{Field: "budget", Message: "too small"}}, false)
	var r trace.Run
	if err := s.Run(t.Context(), run.Request{}, &r); err != nil {
		t.Fatal(err)
	}
	if r.Failure == nil || r.Failure.Field != "budget" {
		t.Errorf("failure is %+v", r.Failure)
	}
}

func TestRunThatBreaksOffIsLost(t *testing.T) {
	for name, abrupt := range map[string]bool{"closed early": false, "cut": true} {
		t.Run(name, func(t *testing.T) {
			var got run.Request
			s := serve(t, &got, []trace.Event{header()}, abrupt)
			if err := s.Run(t.Context(), run.Request{}, &trace.Run{}); !IsLost(err) {
				t.Errorf("error is %v, want a LostError", err)
			}
		})
	}
}

func TestNobodyThereIsLost(t *testing.T) {
	s := NewServer(&url.URL{Scheme: "http", Host: "127.0.0.1:1"})
	if err := s.Run(t.Context(), run.Request{}, &trace.Run{}); !IsLost(err) {
		t.Errorf("run: error is %v, want a LostError", err)
	}
	if _, err := s.Meta(t.Context()); !IsLost(err) {
		t.Errorf("meta: error is %v, want a LostError", err)
	}
}

type stopAfterHeader struct{ cancel func() }

func (s stopAfterHeader) Emit(trace.Event) error { s.cancel(); return nil }

func TestCancelledRunIsNotLost(t *testing.T) {
	var got run.Request
	s := serve(t, &got, []trace.Event{header()}, true)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Run(ctx, run.Request{}, stopAfterHeader{cancel})
	if IsLost(err) || !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want context.Canceled", err)
	}
}
