package server

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"kvscope/assets/dist"
	"kvscope/engine/niah"
)

const fakeWASMPath = "/web/app-0123abcd.wasm"

func TestProgramEncodings(t *testing.T) {
	ts := start(t, Config{})
	for _, c := range []struct{ accept, encoding string }{
		{"gzip, deflate, br, zstd", "br"},
		{"br;q=0.1, gzip;q=1", "br"},
		{"gzip", "gzip"},
		{"br;q=0, gzip", "gzip"},
		{"br; q=0, *", "gzip"},
		{"GZIP;q=0.5", "gzip"},
		{"*", "br"},
		{"", ""},
		{"identity", ""},
		{"deflate", ""},
		{"br;q=x", ""},
	} {
		resp, body := get(t, ts.URL+fakeWASMPath, "Accept-Encoding", c.accept)
		if got := resp.Header.Get("Content-Encoding"); got != c.encoding {
			t.Errorf("accepting %q: encoding %q, want %q", c.accept, got, c.encoding)
			continue
		}
		plain := io.Reader(bytes.NewReader(body))
		switch c.encoding {
		case "br":
			plain = brotli.NewReader(plain)
		case "gzip":
			z, err := gzip.NewReader(plain)
			if err != nil {
				t.Fatal(err)
			}
			plain = z
		}
		if got, err := io.ReadAll(plain); err != nil || !bytes.Equal(got, fakeWASM) {
			t.Errorf("accepting %q: another program, %v", c.accept, err)
		}
		if resp.ContentLength != int64(len(body)) {
			t.Errorf("accepting %q: length %d of %d", c.accept, resp.ContentLength, len(body))
		}
		if got := resp.Header.Get("Vary"); got != "Accept-Encoding" {
			t.Errorf("vary %q", got)
		}
		if got := resp.Header.Get("Content-Type"); got != "application/wasm" {
			t.Errorf("type %q", got)
		}
	}
}

func TestCaching(t *testing.T) {
	ts := start(t, Config{})
	_, html := get(t, ts.URL)
	style := regexp.MustCompile(`/web/style-[0-9a-f]{16}\.css`).FindString(string(html))
	if style == "" {
		t.Fatalf("no style sheet in %s", html)
	}
	for _, c := range []struct{ path, cache, contentType string }{
		{"/", "no-cache", "text/html"},
		{"/app.js", "no-cache", "text/javascript; charset=utf-8"},
		{"/wasm_exec.js", "no-cache", "text/javascript; charset=utf-8"},
		{"/app-worker.js", "no-cache", "application/javascript"},
		{"/web/icon.svg", "no-cache", "image/svg+xml"},
		{"/web/icon-512.png", "no-cache", "image/png"},
		{fakeWASMPath, "public, max-age=31536000, immutable", "application/wasm"},
		{style, "public, max-age=31536000, immutable", "text/css; charset=utf-8"},
	} {
		resp, body := get(t, ts.URL+c.path, "Accept-Encoding", "br, gzip")
		if resp.StatusCode != http.StatusOK || len(body) == 0 {
			t.Errorf("%s: status %d, %d bytes", c.path, resp.StatusCode, len(body))
			continue
		}
		if got := resp.Header.Get("Cache-Control"); got != c.cache {
			t.Errorf("%s: cache control %q, want %q", c.path, got, c.cache)
		}
		if got := resp.Header.Get("Content-Type"); got != c.contentType {
			t.Errorf("%s: type %q, want %q", c.path, got, c.contentType)
		}
		tag := resp.Header.Get("ETag")
		if tag == "" {
			t.Errorf("%s: no ETag", c.path)
		}
		if again, body := get(t, ts.URL+c.path, "Accept-Encoding", "br, gzip", "If-None-Match", tag); again.StatusCode != http.StatusNotModified || len(body) > 0 {
			t.Errorf("%s: status %d with %d bytes for its own ETag", c.path, again.StatusCode, len(body))
		}
		if again, _ := get(t, ts.URL+c.path, "If-None-Match", `"other"`); again.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d for another ETag", c.path, again.StatusCode)
		}
	}
}

// The encodings of a file must not share an ETag, or caches mix them up.
func TestEncodingsHaveTheirOwnETags(t *testing.T) {
	ts := start(t, Config{})
	seen := map[string]string{}
	for _, accept := range []string{"br", "gzip", "identity"} {
		resp, _ := get(t, ts.URL+fakeWASMPath, "Accept-Encoding", accept)
		tag := resp.Header.Get("ETag")
		if other := seen[tag]; other != "" {
			t.Errorf("%s and %s share the ETag %s", accept, other, tag)
		}
		seen[tag] = accept
	}
}

// A page from the cache must not outlive the style sheet or boot it names.
func TestPageVersionFollowsItsParts(t *testing.T) {
	tag := func(p dist.Program) string {
		resp, _ := get(t, start(t, Config{Program: p}).URL)
		return resp.Header.Get("ETag")
	}
	boot, program := fakeProgram(), fakeProgram()
	boot.Boot = []byte("// other")
	program.Hash = "ffff"
	one, two, three := tag(fakeProgram()), tag(boot), tag(program)
	if one == two || one == three || two == three {
		t.Errorf("ETags %s, %s, %s are not all different", one, two, three)
	}
}

func TestStaleURLsAreNotFound(t *testing.T) {
	ts := start(t, Config{})
	for _, path := range []string{"/web/app-ffff.wasm", "/app.wasm", "/robots.txt", "/nothing", "/web/../../go.mod", "/web/"} {
		if resp, _ := get(t, ts.URL+path); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", path, resp.StatusCode)
		}
	}
}

func TestWorkerGoesAway(t *testing.T) {
	ts := start(t, Config{})
	_, body := get(t, ts.URL+"/app-worker.js")
	script := string(body)
	for _, must := range []string{"registration.unregister()", "caches.delete", "skipWaiting"} {
		if !strings.Contains(script, must) {
			t.Errorf("the worker lacks %s:\n%s", must, script)
		}
	}
	if strings.Contains(script, `"fetch"`) {
		t.Errorf("the worker intercepts requests:\n%s", script)
	}
}

func TestPageNamesNothingOutside(t *testing.T) {
	ts := start(t, Config{})
	absolute := regexp.MustCompile(`(https?:)?//[a-z0-9.:-]+`)
	for _, path := range []string{"/", "/app.js", "/app-worker.js", "/manifest.webmanifest"} {
		_, drawn := get(t, ts.URL+path)
		body := string(drawn)
		for _, url := range absolute.FindAllString(body, -1) {
			if !strings.HasPrefix(url, ts.URL) {
				t.Errorf("%s names %s", path, url)
			}
		}
	}
	_, config := get(t, ts.URL+"/app.js")
	if !strings.Contains(string(config), `"`+fakeWASMPath[1:]) {
		t.Errorf("the boot does not name the program: %s", config)
	}
}

func TestSecurityHeaders(t *testing.T) {
	ts := start(t, Config{})
	for _, path := range []string{"/", "/api/models", "/api/nothing", fakeWASMPath} {
		resp, _ := get(t, ts.URL+path)
		csp := resp.Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "script-src 'self' 'wasm-unsafe-eval';") || !strings.Contains(csp, "default-src 'self';") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: types may be sniffed", path)
		}
	}
}

func TestForeignHostNames(t *testing.T) {
	ts := start(t, Config{Loopback: true})
	open := start(t, Config{}) // answers to any address
	for _, c := range []struct {
		host string
		ok   bool
	}{
		{"localhost", true}, {"LOCALHOST:8080", true}, {"127.0.0.1:9", true}, {"127.8.8.8", true}, {"[::1]:8080", true}, {"[::1]", true},
		{"evil.example", false}, {"evil.example:8080", false}, {"localhost.evil.example", false}, {"127.0.0.1.evil.example", false},
		{"10.0.0.1", false}, {"[2001:db8::1]:80", false},
	} {
		for _, s := range []struct {
			url string
			ok  bool
		}{{ts.URL, c.ok}, {open.URL, !strings.Contains(c.host, "evil")}} {
			req, err := http.NewRequest(http.MethodGet, s.url+"/api/models", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = c.host
			resp, body := do(t, req)
			want := http.StatusOK
			if !s.ok {
				want = http.StatusMisdirectedRequest
			}
			if resp.StatusCode != want {
				t.Errorf("host %s: status %d, want %d: %s", c.host, resp.StatusCode, want, body)
			}
		}
	}
}

// TestDrawnPageIsTheProgramsFirst: what the page shows before the program runs is
// what the program shows first.
func TestDrawnPageIsTheProgramsFirst(t *testing.T) {
	ts := start(t, Config{})
	resp, body := get(t, ts.URL)
	if resp.ContentLength != int64(len(body)) {
		t.Errorf("length %d of %d", resp.ContentLength, len(body))
	}
	// with counts the tags that hold all of marks.
	with := func(marks ...string) int {
		n := 0
		for _, tag := range regexp.MustCompile(`<\w[^>]*>`).FindAllString(string(body), -1) {
			holds := func(mark string) bool { return strings.Contains(tag, mark) }
			if !slices.ContainsFunc(marks, func(mark string) bool { return !holds(mark) }) {
				n++
			}
		}
		return n
	}
	for _, c := range []struct {
		marks []string
		want  int
	}{
		{[]string{`"run"`}, 1},
		{[]string{`"run"`, " hidden"}, 0},
		{[]string{`"stop"`, " hidden"}, 1},
		{[]string{"<option", `value="1"`, " selected"}, 1},
		{[]string{"<option", `value="4"`, " selected"}, 0},
		{[]string{`name="request-task"`}, len(niah.Tasks())},
		{[]string{`name="request-task"`, " checked"}, 1},
		{[]string{`name="request-method"`, " checked"}, 1},
		{[]string{`value="MK-2"`, " checked"}, 1}, // the task of the first place
	} {
		if got := with(c.marks...); got != c.want {
			t.Errorf("%d tags with %q, want %d", got, c.marks, c.want)
		}
	}
}

func TestWithoutProgramThePageSaysSo(t *testing.T) {
	h, _, err := newPage(dist.Program{}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make build") {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

// The page may be zoomed by hand.
func TestPageMayBeZoomed(t *testing.T) {
	ts := start(t, Config{Program: program(t), Loopback: true})
	for _, path := range []string{"/", "/embed", "/lessons", "/notes", "/experiments", "/gallery", "/traces"} {
		_, drawn := get(t, ts.URL+path)
		body := string(drawn)
		if !strings.Contains(body, `name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"`) || strings.Contains(body, "user-scalable") {
			t.Errorf("%s does not say that it may be zoomed", path)
		}
	}
}

// Pages of other origins show nothing of a server in a frame, and with Embed the one page
// that is made for it.
func TestFrames(t *testing.T) {
	for _, embed := range []bool{false, true} {
		ts := start(t, Config{Program: program(t), Loopback: true, Embed: embed})
		for _, path := range []string{"/", "/embed", "/embedded", "/api/meta"} {
			response, _ := get(t, ts.URL+path)
			anyone := strings.HasSuffix(response.Header.Get("Content-Security-Policy"), "frame-ancestors *")
			if want := embed && path == "/embed"; anyone != want {
				t.Errorf("embed %v: %s may be shown by anybody: %v, want %v", embed, path, anyone, want)
			}
		}
	}
}
