package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"kvscope/assets/dist"
	"kvscope/engine/run"
	"kvscope/engine/trace"
)

// fakeRunner runs whatever the test wants.
type fakeRunner func(ctx context.Context, req run.Request, sink trace.Sink) error

func (f fakeRunner) Run(ctx context.Context, req run.Request, sink trace.Sink) error {
	return f(ctx, req, sink)
}

func (fakeRunner) Check(run.Request) error { return nil }

func (fakeRunner) Models() []run.ModelInfo {
	return []run.ModelInfo{{Name: "attention", Arch: "attention", Layers: 1, Heads: 2}}
}

// wholeRun is a short run with every kind of event.
func wholeRun() []trace.Event {
	return []trace.Event{
		&trace.Header{Model: "attention", Layers: 1, Heads: 2, Tokens: []trace.Token{{ID: 1, Text: "a"}}, Expected: []string{"b"}},
		&trace.Selection{Head: 1, Queries: 1, Unit: 1, Candidates: 1, Picked: []byte{1}, Mass: []float32{1}},
		&trace.Step{Token: trace.Token{ID: 2, Text: "b"}},
		&trace.Done{Answer: "b", Score: 1},
	}
}

func emits(events []trace.Event) fakeRunner {
	return func(_ context.Context, _ run.Request, sink trace.Sink) error {
		for _, e := range events {
			if err := sink.Emit(e); err != nil {
				return err
			}
		}
		return nil
	}
}

// fakeWASM is long enough for compression to matter.
var fakeWASM = bytes.Repeat([]byte("\x00asm program "), 1000)

func fakeProgram() dist.Program {
	var br, gz bytes.Buffer
	for _, w := range []io.WriteCloser{brotli.NewWriter(&br), gzip.NewWriter(&gz)} {
		w.Write(fakeWASM)
		w.Close()
	}
	return dist.Program{
		Info:   dist.Info{Hash: "0123abcd", Size: len(fakeWASM)},
		Brotli: br.Bytes(), Gzip: gz.Bytes(), Boot: []byte("// boot"),
	}
}

// start serves c with what it leaves out set to what tests want.
func start(t *testing.T, c Config) *httptest.Server {
	t.Helper()
	if c.Runner == nil {
		c.Runner = emits(wholeRun())
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Program.Hash == "" {
		c.Program = fakeProgram()
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewServer(s)
	t.Cleanup(ts.Close)
	return ts
}

// serve lets s listen on a port of this machine, as the command does. stop tells it to end, of which
// ended hears.
func serve(t *testing.T, s *Server) (at string, stop context.CancelFunc, ended <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l) }()
	return l.Addr().String(), cancel, served
}

// within fails the test unless ch is closed or sent to soon.
func within[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

// do sends a request as it is, without the client's own ideas of encodings.
func do(t *testing.T, req *http.Request) (*http.Response, []byte) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

func get(t *testing.T, url string, headers ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return do(t, req)
}
