package server

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kvscope/native/jobs/jobstest"
)

// byHand are requests as nobody's client sends them, by what they try.
func byHand() map[string][]string {
	get := func(target string, headers ...string) string {
		return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + strings.Join(append(headers, "", ""), "\r\n")
	}
	post := func(body string, headers ...string) string {
		return "POST /api/ask HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + strings.Join(append(headers, "", body), "\r\n")
	}
	asked := func(body string) string {
		return post(body, "Content-Type: application/json", fmt.Sprint("Content-Length: ", len(body)))
	}
	out := map[string][]string{
		"more than one end": { // of the body, which two readers would see at different places
			post("0\r\n\r\n", "Content-Type: application/json", "Transfer-Encoding: chunked, chunked"),
			post("0\r\n\r\n", "Content-Type: application/json", "Transfer-Encoding: xchunked"),
			post("0\r\n\r\n", "Content-Type: application/json", "Transfer-Encoding : chunked"),
			post("0\r\n\r\n", "Content-Type: application/json", "Transfer-Encoding: identity", "Content-Length: 5"),
			post("{}", "Content-Type: application/json", "Content-Length: 2", "Content-Length: 3"),
			post("{}", "Content-Type: application/json", "Content-Length: -2"), post("{}", "Content-Type: application/json", "Content-Length: +2"),
			post("{}", "Content-Type: application/json", "Content-Length: 9223372036854775808"), post("{}", "Content-Type: application/json", "Content-Length: 0x2"),
			post("FFFFFFFFFFFFFFFF1\r\n{}\r\n0\r\n\r\n", "Content-Type: application/json", "Transfer-Encoding: chunked"),
			post("zz\r\n{}\r\n0\r\n\r\n", "Content-Type: application/json", "Transfer-Encoding: chunked"),
			get("/", "X: a\x00b"), get("/", "X Y: a"), get("/", ": a"), get("/", "no colon"), get("/", "X: a\r b"),
		},
		"no request": {
			"\r\n\r\n", "GET\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTQ/1.1\r\nHost: localhost\r\n\r\n",
			"G\x00T / HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
		},
		"another host": {
			"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
		},
		"a path": {
			get("/../etc/passwd%00"), get("/%2e%2e/%2e%2e/etc/passwd"), get("/..%2f..%2fetc/passwd"), get("/web/%2e%2e%2f%2e%2e%2fgo.mod"), get(`/..\..\etc\passwd`), get("/%5c%5cevil.example%5c"),
			get("/web/%00"), get("/%ff%fe"), get("/%zz"), get("/web/app.wasm%00.js"), get("/api/texts/%2e%2e%2f%2e%2e%2fkvscope.db"), get("/api/traces/%2e%2e%2fkvscope.db"), get("/api/runs/..%2f..%2f/head"),
			get("/api/experiments/%2e%2e"), get("/kvscope.db"), get("/queue/queue.url"), get("/.git/config"), get("/debug/pprof/"), get("/metrics"), get("/api/"), get("/" + strings.Repeat("a/", 20_000)),
		},
		"too much": {
			get("/" + strings.Repeat("a", 1<<20)), get("/", "X: "+strings.Repeat("a", 1<<20)), get("/", strings.Split(strings.Repeat("X: a\n", 20_000)+"X: a", "\n")...),
			get("/?" + strings.Repeat("a=b&", 20_000)), post(strings.Repeat("a", 2<<20), "Content-Type: application/json", "Content-Length: 104857600"),
			asked(strings.Repeat("[", 100_000)), asked(`{"questions": ` + strings.Repeat("[", 50_000)), asked(`{"text": "` + strings.Repeat("x", 1<<20) + `"}`), asked(`{"seed": ` + strings.Repeat("9", 100_000) + `}`),
		},
		"another method": {},
		"another page":   {},
		"another text": {
			asked(""), asked("null"), asked("[]"), asked("{"), asked("{}{}"), asked("\ufeff{}"), asked("{\"model\": \"\xff\"}"), asked(`{"seed": 1.5}`), asked(`{"seed": 1e999}`), asked(`{"seed": -1}`), asked(`{"seed": "1"}`),
			asked(`{"nothing": 1}`), asked(`{"__proto__": {}}`), asked(`{"model": {}}`), asked(`{"depth": NaN}`), asked("{'seed': 1}"), asked(`{"seed": 1,}`),
			post("model=ratplus", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 13"), post("{}", "Content-Type: text/plain", "Content-Length: 2"), post("{}", "Content-Length: 2"),
			post("{}", "Content-Type: multipart/form-data; boundary=x", "Content-Length: 2"), post("\x1f\x8b", "Content-Type: application/json", "Content-Encoding: gzip", "Content-Length: 2"),
		},
	}
	for _, host := range []string{
		"evil.example", "evil.example:80", "127.0.0.1.nip.example", "localhost.evil.example", "evil.example#localhost", "localhost@evil.example", "localhost/evil.example", "xn--localhost-.example",
		"[::1", "[::ffff:10.0.0.1]", "0x7f.1", "2130706433", "local\thost", "localhost evil",
	} {
		out["another host"] = append(out["another host"], "GET / HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
	}
	for _, method := range []string{"TRACE", "CONNECT", "PUT", "DELETE", "PATCH", "PROPFIND", "get", "BREW"} {
		out["another method"] = append(out["another method"], method+" /api/ask HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
	}
	for _, header := range []string{
		"Origin: null", "Origin: http://evil.example", "Origin: http://localhost:1", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site",
	} {
		out["another page"] = append(out["another page"], post("{}", header, "Content-Type: application/json", "Content-Length: 2"))
	}
	return out
}

// TestRequestsByHand: requests that are none, that hide where they end, that ask for other
// files, hosts and methods, or that are too large, are refused without a panic and without
// taking memory that stays.
func TestRequestsByHand(t *testing.T) {
	seen := &atomic.Int64{}
	lab := jobstest.Open(t, pairRunner{}.Models)
	s, err := New(Config{Runner: pairRunner{}, Store: lab.Store, Jobs: lab.Jobs, Version: "test", Loopback: true, Log: slog.New(panics{slog.DiscardHandler, seen}), Program: fakeProgram()})
	if err != nil {
		t.Fatal(err)
	}
	at, stop, ended := serve(t, s)
	before, n := fromSystem(), 0
	for what, requests := range byHand() {
		for _, request := range requests {
			n++
			resp := answerTo(t, at, request)
			if resp == nil {
				continue
			}
			to := resp.Header.Get("Location") // of a path without its dots
			here := resp.StatusCode == http.StatusTemporaryRedirect && strings.HasPrefix(to, "/") && !strings.HasPrefix(strings.ReplaceAll(to, `\`, "/"), "//")
			if !here && (resp.StatusCode < 400 || resp.StatusCode == http.StatusInternalServerError) {
				t.Errorf("%s: %.200q is answered with %d to %q, want a refusal", what, request, resp.StatusCode, to)
			}
		}
	}
	if grown := fromSystem() - before; grown > 64<<20 {
		t.Errorf("%d requests took %d bytes", n, grown)
	}
	if seen.Load() > 0 {
		t.Errorf("%d panics", seen.Load())
	}
	t.Logf("%d requests", n)
	stop()
	if err := within(t, ended, "the server to stop"); err != nil {
		t.Error(err)
	}
}

// fromSystem is the memory that the program has taken from the system, in bytes.
func fromSystem() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}

// answerTo sends bytes to a server, and nothing after them, and is what it answers, nil for
// nothing. It may answer, and hang up, before it has been sent everything.
func answerTo(t *testing.T, addr, request string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = conn.Write([]byte(request))
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Errorf("%.200q: %v", request, err)
		return nil
	}
	defer resp.Body.Close()
	return resp
}
