package server

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"kvscope/assets/dist"
	"kvscope/engine/trace"
	"kvscope/native/browsertest"
)

// program is the real browser program.
func program(t *testing.T) dist.Program {
	t.Helper()
	p, err := dist.Load()
	if errors.Is(err, dist.ErrNotBuilt) && os.Getenv("CI") != "true" {
		t.Skip("no browser program: make wasm builds it")
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The page asks for what its program asks first while that is still on its way.
func TestPageBoots(t *testing.T) {
	next := start(t, Config{Program: program(t), Loopback: true}).Config.Handler
	answered, answer := context.WithCancel(t.Context())
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".wasm") {
			<-answered.Done()
		}
		next.ServeHTTP(w, r)
		if r.URL.Path == "/api/meta" {
			answer()
		}
	}))
	defer ts.Close()
	defer answer()
	tab := browsertest.Open(t)
	var loaders int
	if err := chromedp.Run(tab.Context,
		chromedp.Navigate(ts.URL),
		chromedp.WaitReady(`html[data-boot="running"]`),
		chromedp.WaitVisible(`main`),
		chromedp.Evaluate(`document.querySelectorAll("#app-wasm-loader, .boot-failure").length`, &loaders),
	); err != nil {
		t.Fatal(err)
	}
	if loaders != 0 {
		t.Error("the loader stays in front of the page")
	}
	if outside := tab.Outside(ts.URL); len(outside) > 0 {
		t.Errorf("requests to other machines: %v", outside)
	}
	if !slices.Contains(tab.Requests(), ts.URL+"/wasm_exec.js") {
		t.Errorf("requests are not recorded: %v", tab.Requests())
	}
	if errs := tab.Errors(); len(errs) > 0 {
		t.Errorf("errors on the console: %v", errs)
	}
}

// Whatever keeps the program from running, the page says so and what to do.
func TestPageThatCannotBoot(t *testing.T) {
	whole := program(t)
	broken := whole
	broken.Brotli, broken.Gzip, broken.Hash = fakeProgram().Brotli, fakeProgram().Gzip, "b"
	for _, c := range []struct {
		name    string
		program dist.Program
		around  func(http.Handler) http.Handler
		want    []string
	}{
		{name: "program broken", program: broken, want: []string{"arrived broken", "Reload", "CompileError"}},
		{name: "program gone", program: whole, want: []string{"could not be downloaded", "make build", "404"},
			around: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if strings.HasSuffix(r.URL.Path, ".wasm") {
						http.NotFound(w, r)
						return
					}
					next.ServeHTTP(w, r)
				})
			}},
		{name: "connection cut", program: whole, want: []string{"could not be downloaded", "still running"},
			around: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if strings.HasSuffix(r.URL.Path, ".wasm") {
						panic(http.ErrAbortHandler)
					}
					next.ServeHTTP(w, r)
				})
			}},
		{name: "no WebAssembly", program: whole, want: []string{"does not run WebAssembly", "Chromium"},
			around: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/app.js" {
						w.Header().Set("Content-Type", "text/javascript")
						w.Write([]byte(`delete globalThis.WebAssembly; kvscopeBoot({env: {}});`))
						return
					}
					next.ServeHTTP(w, r)
				})
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := start(t, Config{Program: c.program}).Config.Handler
			if c.around != nil {
				s = c.around(s)
			}
			ts := httptest.NewServer(s)
			defer ts.Close()
			tab := browsertest.Open(t)
			var text string
			if err := chromedp.Run(tab.Context,
				chromedp.Navigate(ts.URL),
				chromedp.WaitVisible(`.boot-failure button`),
				chromedp.Text(`.boot-failure`, &text),
			); err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("the page does not say %q:\n%s", want, text)
				}
			}
		})
	}
}

// A program that dies leaves a panel with its last words, not a dead page.
func TestPageWhoseProgramStops(t *testing.T) {
	ts := start(t, Config{Program: program(t)})
	tab := browsertest.Open(t)
	var text string
	if err := chromedp.Run(tab.Context,
		chromedp.Navigate(ts.URL),
		chromedp.WaitReady(`html[data-boot="running"]`),
		// go-app expects an argument here.
		chromedp.Poll(`goappNav && (setTimeout(goappNav), true)`, nil),
		chromedp.WaitVisible(`.boot-failure button`),
		chromedp.Text(`.boot-failure`, &text),
	); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"kvscope stopped", "Reload", "panic:", "index out of range"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q:\n%s", want, text)
		}
	}
}

// The page's own security policy lets it watch a run.
func TestPageMayStream(t *testing.T) {
	ts := start(t, Config{Program: program(t), Loopback: true})
	tab := browsertest.Open(t)
	var sizes []int
	if err := chromedp.Run(tab.Context,
		chromedp.Navigate(ts.URL),
		chromedp.Evaluate(`new Promise((resolve, reject) => {
			const sizes = [], socket = new WebSocket("/api/run");
			socket.binaryType = "arraybuffer";
			socket.onopen = () => socket.send("{}");
			socket.onmessage = (e) => sizes.push(e.data.byteLength);
			socket.onerror = () => reject(new Error("socket"));
			socket.onclose = () => resolve(sizes);
		})`, &sizes, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }),
	); err != nil {
		t.Fatal(err)
	}
	var want []int
	for _, e := range wholeRun() {
		frame, err := trace.Append(nil, e)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, len(frame))
	}
	if !slices.Equal(sizes, want) {
		t.Errorf("frames of %v bytes, want %v", sizes, want)
	}
}
