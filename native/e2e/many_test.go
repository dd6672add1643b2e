package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/native/browsertest"
)

// Ten pages at once, each with runs of its own, all show what they asked for.
func TestTenPages(t *testing.T) {
	onServer(t, "ten pages ask it at once")
	e := newEngine(t)
	s := httptest.NewServer(newServer(t, run.NewCache(e, 1<<28)))
	t.Cleanup(s.Close)
	first := &desk{t, browsertest.Open(t), e, s.URL}
	const pages = 10
	desks := make([]*desk, pages)
	for i := range desks {
		ctx, cancel := chromedp.NewContext(first.tab.Context)
		t.Cleanup(cancel)
		desks[i] = &desk{t, &browsertest.Tab{Context: ctx}, e, s.URL}
		desks[i].do(chromedp.Navigate("about:blank"))
	}
	var all sync.WaitGroup
	for i, d := range desks {
		all.Add(1)
		go func() {
			defer all.Done()
			at := fmt.Sprintf("%s/?seed=%d&head=1.1", s.URL, i+1)
			done := fmt.Sprintf(`%s && document.querySelector('%s').dataset.seed === "%d"`, allDone, id("column-1"), i+1)
			if err := chromedp.Run(d.tab.Context, chromedp.Navigate(at), chromedp.WaitReady("section.column", chromedp.ByQuery), chromedp.Poll(wholePage+" && "+done, nil, chromedp.WithPollingInterval(200*time.Millisecond), chromedp.WithPollingTimeout(60*time.Second))); err != nil {
				t.Errorf("page %d: %v", i, err)
			}
		}()
	}
	all.Wait()
	if t.Failed() {
		return
	}
	for i, d := range desks {
		req := withModel(quest, "ratplus")
		req.Seed = uint64(i + 1)
		d.shown(1, req)
	}
}

// halting is a runner whose runs halt before their last steps while it is told to.
type halting struct {
	*run.Cache
	halt atomic.Bool
}

// Run implements server.Runner.
func (h *halting) Run(ctx context.Context, req run.Request, sink trace.Sink) error {
	return h.Cache.Run(ctx, req, &halted{sink, h, ctx})
}

type halted struct {
	trace.Sink
	h   *halting
	ctx context.Context
}

func (s *halted) Emit(e trace.Event) error {
	if step, ok := e.(*trace.Step); ok && step.Step == 2 && s.h.halt.Load() {
		<-s.ctx.Done()
		return s.ctx.Err()
	}
	return s.Sink.Emit(e)
}

// mortal is a listener whose connections can be cut, sockets that the HTTP server has
// handed over too.
type mortal struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

// Accept implements net.Listener.
func (l *mortal) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.conns = append(l.conns, c)
	}
	return c, err
}

// die closes the listener and cuts every connection.
func (l *mortal) die() {
	l.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		c.Close()
	}
}

// The server dies in the middle of a run: what arrived stays on the page, and so does
// all that was typed and looked at; when another takes its place, with nothing kept,
// the run is made again and ends, without a reload.
func TestServerDiesMidRun(t *testing.T) {
	onServer(t, "it dies")
	e := newEngine(t)
	serve := func(addr string, runner *halting) (*mortal, string) {
		t.Helper()
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		m := &mortal{Listener: l}
		t.Cleanup(m.die)
		h := &http.Server{Handler: newServer(t, runner), ReadHeaderTimeout: time.Second}
		go h.Serve(m)
		return m, l.Addr().String()
	}
	stuck := &halting{Cache: run.NewCache(e, 1<<28)}
	stuck.halt.Store(true)
	first, addr := serve("127.0.0.1:0", stuck)
	d := &desk{t, browsertest.Open(t), e, "http://" + addr}
	d.do(chromedp.Navigate(d.url + "/?head=1.1&seed=3"))
	answered := `document.querySelectorAll('.token[data-state="right"], .token[data-state="wrong"]').length`
	d.wait(answered + " === 4") // two steps in both columns
	evaluate[any](d, "window.untouched = true")
	d.do(chromedp.KeyEvent("r"), chromedp.KeyEvent("v"))
	first.die()
	d.wait(`document.querySelectorAll('section.column[data-state="failed"]').length === 2`)
	d.wait(`document.querySelector('` + id("failure-0") + `').textContent.includes("The engine went away")`)
	if n := evaluate[int](d, answered); n != 4 {
		t.Errorf("%d steps are left of what arrived, want 4", n)
	}
	serve(addr, &halting{Cache: run.NewCache(e, 1<<28)})
	d.finished("")
	state := evaluate[[]any](d, `[window.untouched, location.search, document.querySelector('`+id("heads-0")+`').dataset.ranked]`)
	if fmt.Sprint(state) != "[true ?seed=3&head=1.1&view=attention&ranked=1 true]" {
		t.Errorf("afterwards the page is %v", state)
	}
	d.wait(`document.querySelector('` + id("map-1") + `')?.dataset.built === "true"`)
	req := withModel(quest, "ratplus")
	req.Seed = 3
	d.shown(1, req)
}
