package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kvscope/native/jobs"
	"kvscope/native/store"
	"kvscope/web/api"
)

// panics counts what a server says of panics.
type panics struct {
	slog.Handler
	seen *atomic.Int64
}

func (p panics) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "panic") {
		p.seen.Add(1)
	}
	return nil
}

func (p panics) Enabled(context.Context, slog.Level) bool { return true }

// fuzzed is a server with a store and a queue, without workers, that tells of its panics.
func fuzzed(f *testing.F) (*Server, *atomic.Int64) {
	f.Helper()
	seen := &atomic.Int64{}
	log := slog.New(panics{slog.DiscardHandler, seen})
	s, err := store.Open(f.Context(), "")
	if err != nil {
		f.Fatal(err)
	}
	e, err := jobs.Embed(filepath.Join(f.TempDir(), "queue"))
	if err != nil {
		f.Fatal(err)
	}
	q, err := e.Connect()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { q.Close(); e.Close(); s.Close() })
	d, err := jobs.NewDispatcher(f.Context(), s, q, jobs.Options{Models: pairRunner{}.Models, Log: log})
	if err != nil {
		f.Fatal(err)
	}
	out, err := New(Config{Runner: pairRunner{}, Store: s, Jobs: d, Version: "test", Loopback: true, Log: log, Program: fakeProgram()})
	if err != nil {
		f.Fatal(err)
	}
	return out, seen
}

// FuzzHTTP sends whole requests. None makes the server panic or fail, every refusal says
// why, every answer has the headers that hold for all, and none leads to another host.
func FuzzHTTP(f *testing.F) {
	for _, r := range [][4]string{
		{"POST", "/api/ask", "application/json", `{"model": "ratplus", "task": "MK-1", "seed": 3}`},
		{"POST", "/api/runs", "application/json", `{"model": "ratplus", "text": "a", "key": "b"}`},
		{"POST", "/api/experiments", "application/json", smallGrid},
		{"POST", "/api/experiments/estimate", "application/json; charset=utf-8", smallGrid},
		{"GET", "/api/experiments/x/examples?model=ratplus&task=S-1&method=quest&budget=1/4", "", ""},
		{"GET", "/api/experiments/x/export?format=csv&table=hits", "", ""}, {"DELETE", "/api/experiments/%2e%2e", "", ""},
		{"PUT", "/api/texts/ca978112ca1bbdca", "text/plain", "a"}, {"GET", "/api/runs/x/head?layer=0&head=-1", "", ""},
		{"GET", "/?token=x", "", ""}, {"HEAD", "//example.org/..", "", ""}, {"GET", "/experiments?id=%00", "", ""}, {"GET", "/api/run", "", ""},
	} {
		f.Add(r[0], r[1], r[2], []byte(r[3]))
	}
	s, seen := fuzzed(f)
	f.Fuzz(func(t *testing.T, method, target, contentType string, body []byte) {
		at, err := url.ParseRequestURI(target)
		if err != nil || !strings.HasPrefix(target, "/") {
			return // net/http refuses these
		}
		if strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || method == "" || strings.HasSuffix(at.Path, "/progress") {
			return // the last goes on
		}
		r := httptest.NewRequest(method, "/", bytes.NewReader(body))
		r.URL, r.RequestURI, r.Host = at, target, "localhost"
		if contentType != "" {
			r.Header["Content-Type"] = []string{contentType}
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if n := seen.Swap(0); n > 0 || w.Code == http.StatusInternalServerError {
			t.Fatalf("%d panics, status %d: %s", n, w.Code, w.Body)
		}
		if w.Header().Get("Content-Security-Policy") == "" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Fatalf("headers %v", w.Header())
		}
		// Browsers take a backslash for a slash, and two of them for another host.
		if to := w.Header().Get("Location"); to != "" && (to[0] != '/' || strings.HasPrefix(strings.ReplaceAll(to, `\`, "/"), "//")) {
			t.Fatalf("leads to %q", to)
		}
		if w.Header().Get("Content-Type") == "application/json" && method != http.MethodHead && !json.Valid(w.Body.Bytes()) {
			t.Fatalf("no JSON: %s", w.Body)
		}
		var refusal struct{ Error struct{ Message string } }
		if strings.HasPrefix(at.Path, "/api/") && w.Code >= 400 && method != http.MethodHead && (json.Unmarshal(w.Body.Bytes(), &refusal) != nil || refusal.Error.Message == "") {
			t.Fatalf("status %d without a reason: %s", w.Code, w.Body)
		}
		var made api.Described
		if w.Code == http.StatusCreated && json.Unmarshal(w.Body.Bytes(), &made) == nil {
			if err := s.lab.jobs.Remove(t.Context(), made.ID); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzSocket sends bytes where the frames of a WebSocket belong. The server does not panic,
// and lets the connection go when its page does.
func FuzzSocket(f *testing.F) {
	frame := func(text string) []byte { // of a text, masked with zeros
		return append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
	}
	f.Add(frame(`{"model": "ratplus", "task": "MK-1", "seed": 3}`))
	f.Add(frame(`{"model": 3}`))
	f.Add(append(frame(`{}`), frame(`{}`)...))
	f.Add([]byte{0x88, 0x80, 0, 0, 0, 0})
	f.Add([]byte{0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0})
	f.Add([]byte{0x01, 0x81, 0, 0, 0, 0, '{', 0x80, 0x81, 0, 0, 0, 0, '}'})
	s, seen := fuzzed(f)
	ts := httptest.NewServer(s)
	f.Cleanup(ts.Close)
	f.Fuzz(func(t *testing.T, data []byte) {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", ts.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET /api/run HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
		answer := bufio.NewReader(conn)
		resp, err := http.ReadResponse(answer, nil)
		if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("no handshake: %v", err)
		}
		defer resp.Body.Close()
		// The server may have hung up in the middle, which is as good.
		_, _ = conn.Write(data)
		_ = conn.(*net.TCPConn).CloseWrite()
		if _, err := io.Copy(io.Discard, answer); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Fatal("the server keeps a connection whose page is gone")
		}
		if seen.Swap(0) > 0 {
			t.Fatal("the server panicked")
		}
	})
}
