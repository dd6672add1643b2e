package server

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/web/api"
)

// TestProgressIsToldToWhoAsks: how far a prompt is read, and how long the rest takes,
// comes between the frames where the page asked for it, and nowhere else.
func TestProgressIsToldToWhoAsks(t *testing.T) {
	ts := start(t, Config{Runner: fakeRunner(func(_ context.Context, _ run.Request, sink trace.Sink) error {
		whole := wholeRun()
		if err := sink.Emit(whole[0]); err != nil {
			return err
		}
		if r, ok := sink.(trace.ReadingSink); ok {
			r.Reading(0, 100)
			time.Sleep(2 * reportEvery)
			r.Reading(40, 100)
			time.Sleep(2 * reportEvery)
			r.Reading(100, 100)
		}
		for _, e := range whole[1:] {
			if err := sink.Emit(e); err != nil {
				return err
			}
		}
		return nil
	})})
	quiet := dial(t, ts.URL, `{}`)
	for range wholeRun() {
		next(t, quiet) // fails at a text message
	}
	conn, _, err := websocket.Dial(t.Context(), ts.URL+"/api/run?progress=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	var told []api.RunProgress
	frames := 0
	for frames < len(wholeRun()) {
		kind, message, err := conn.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if kind == websocket.MessageBinary {
			frames++
			continue
		}
		var p api.RunProgress
		if err := json.Unmarshal(message, &p); err != nil {
			t.Fatal(err)
		}
		told = append(told, p)
	}
	last := told[len(told)-1]
	if len(told) < 2 || last.Kind != api.Prompt || last.Done != 100 || last.Of != 100 || last.LeftMS != 0 {
		t.Fatalf("told %+v", told)
	}
	if p := told[len(told)-2]; p.Done != 40 || p.LeftMS < 200 || p.LeftMS > 60_000 {
		t.Errorf("40 of 100 tokens took 200 ms or more: %+v", p)
	}
}

func TestProgressIsAskedForByANumber(t *testing.T) {
	ts := start(t, Config{Runner: fakeRunner(func(context.Context, run.Request, trace.Sink) error { return nil })})
	_, r, err := websocket.Dial(t.Context(), ts.URL+"/api/run?progress=often", nil)
	if err == nil || r == nil || r.StatusCode != http.StatusBadRequest {
		t.Fatalf("%v, %v", r, err)
	}
	defer r.Body.Close()
	if body, err := io.ReadAll(r.Body); err != nil || !strings.Contains(string(body), "progress") || !strings.Contains(string(body), "often") {
		t.Errorf("it says %s, %v", body, err)
	}
}
