package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/web/sample"
)

// TestFirstScreen: a server's page without a query holds what its first runs came to, once
// they are over, and nothing that the program or a reader could take for its own.
func TestFirstScreen(t *testing.T) {
	models := fstest.MapFS{"attention.safetensors": {Data: []byte("weights")}}
	page := func(s *Server, at string) string {
		t.Helper()
		w := &memory{header: http.Header{}, status: http.StatusOK}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+at, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		s.ServeHTTP(w, r)
		return w.body.String()
	}
	events, err := sample.Events(sample.Spec{Method: "quest", Model: "attention", Layers: 1, Heads: 2, Context: 256, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	const mark = `<div id="first-screen" aria-hidden="true" inert>`
	s, err := New(Config{Runner: emits(events), Program: fakeProgram(), Models: models, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(page(s, "/"), mark) {
		t.Error("there is a first screen before anything ran")
	}
	s.drawFirst(t.Context())
	for range 16 { // attributes come in any order
		if !strings.Contains(page(s, "/"), mark) {
			t.Fatal("a page without the first screen")
		}
	}
	body := page(s, "/")
	_, first, there := strings.Cut(body, mark)
	end := loader.FindStringIndex(first)
	if !there || end == nil {
		t.Fatalf("no first screen in %.300s", body)
	}
	first = first[:end[0]]
	for _, want := range []string{`class="grid-row `, "--day:url(data:image/png;base64,", "--night:url(data:image/png;base64,", `data-recorded`, `<span class="tb" data-b="0"`} {
		if !strings.Contains(first, want) {
			t.Errorf("the first screen lacks %s", want)
		}
	}
	for _, bad := range []string{" id=", " name=", " for=", " data-testid="} {
		if strings.Contains(first, bad) {
			t.Errorf("the first screen has%s", bad)
		}
	}
	for _, at := range []string{"/?task=S-2", "/gallery"} {
		if strings.Contains(page(s, at), mark) {
			t.Errorf("%s shows the first screen", at)
		}
	}
}

// TestFirstScreenLeavesOthersModels: runs of models that the program does not come with may
// take long, and one that fails leaves the page as it is.
func TestFirstScreenLeavesOthersModels(t *testing.T) {
	failing := fakeRunner(func(context.Context, run.Request, trace.Sink) error { return errors.New("no") })
	ran := fakeRunner(func(_ context.Context, req run.Request, _ trace.Sink) error {
		t.Errorf("runs %s", req.Model)
		return io.EOF
	})
	for name, c := range map[string]Config{
		"fails":      {Runner: failing, Models: fstest.MapFS{"attention.safetensors": {Data: []byte("weights")}}},
		"not theirs": {Runner: ran, Models: fstest.MapFS{"other.safetensors": {Data: []byte("weights")}}},
	} {
		c.Program, c.Log = fakeProgram(), slog.New(slog.DiscardHandler)
		s, err := New(c)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if s.drawFirst(t.Context()); s.first.Load() != nil {
			t.Errorf("%s: there is a first screen", name)
		}
	}
}
