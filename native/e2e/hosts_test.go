package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"kvscope/assets/dist"
	"kvscope/engine/run"
	"kvscope/native/browsertest"
	"kvscope/native/server"
	"kvscope/native/store"
)

// program is the browser program.
func program(t testing.TB) dist.Program {
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

// ownProgram is the browser program for a test that brings its own host, and has nothing to
// say of another.
func ownProgram(t testing.TB) dist.Program {
	t.Helper()
	if host := otherHost(t); host != "" {
		t.Skipf("KVSCOPE_HOST is %s, and this brings its own host", host)
	}
	return program(t)
}

// newServer serves the page for an engine of newModels, as change has it.
func newServer(t testing.TB, runner server.Runner, change ...func(*server.Config)) *server.Server {
	t.Helper()
	return serverOf(t, ownProgram(t), runner, change...)
}

// serverOf is newServer with a program.
func serverOf(t testing.TB, p dist.Program, runner server.Runner, change ...func(*server.Config)) *server.Server {
	t.Helper()
	c := server.Config{
		Runner: runner, Version: "test", Program: p, Models: newModels(t), Loopback: true,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	for _, f := range change {
		f(&c)
	}
	s, err := server.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// otherHost names where tests of the explorer let the engine run, by KVSCOPE_HOST: browser is
// the page's own engine on the page of a server, static is that on a static site below a path.
// It is "" for the server.
func otherHost(t testing.TB) string {
	t.Helper()
	host := os.Getenv("KVSCOPE_HOST")
	if !slices.Contains([]string{"", "browser", "static"}, host) {
		t.Fatalf("KVSCOPE_HOST is %q, want browser or static, or nothing for the server", host)
	}
	return host
}

// onServer skips a test where another host is asked for, for a reason.
func onServer(t testing.TB, why string) {
	t.Helper()
	if host := otherHost(t); host != "" {
		t.Skipf("KVSCOPE_HOST is %s, and this is about a server: %s", host, why)
	}
}

// sit opens the explorer at a query, on a server that keeps traces, or on the host that is
// asked for.
func sit(t testing.TB, query string) *desk {
	t.Helper()
	switch otherHost(t) {
	case "static":
		e := newEngine(t)
		d := &desk{t, browsertest.Open(t), e, staticOf(t, e, newModels(t), program(t)).URL + below}
		d.do(chromedp.Navigate(d.url + "/" + query))
		return d
	case "browser":
		e := newEngine(t)
		s := httptest.NewServer(serverOf(t, program(t), run.NewCache(e, 1<<28)))
		t.Cleanup(s.Close)
		d := &desk{t, browsertest.Open(t), e, s.URL}
		t.Cleanup(func() {
			if asked := d.asked("/api/run"); len(asked) > 0 {
				t.Errorf("the server was asked for runs: %v", asked)
			}
		})
		d.do(chromedp.ActionFunc(func(ctx context.Context) error {
			_, err := page.AddScriptToEvaluateOnNewDocument(`localStorage.setItem("kvscope.engine", "browser")`).Do(ctx)
			return err
		}), chromedp.Navigate(s.URL+"/"+query))
		return d
	}
	folder := t.TempDir()
	return sitAt(t, query, func(c *server.Config) { c.Traces = store.OpenTraces(folder) })
}

// sitAt opens the explorer at a query, on a server as change has it.
func sitAt(t testing.TB, query string, change ...func(*server.Config)) *desk {
	t.Helper()
	e := newEngine(t)
	s := httptest.NewServer(newServer(t, run.NewCache(e, 1<<28), change...))
	t.Cleanup(s.Close)
	d := &desk{t, browsertest.Open(t), e, s.URL}
	d.do(chromedp.Navigate(s.URL + "/" + query))
	return d
}

// What the explorer does it does on the other hosts too: a few of its tests in every run, all
// of them by `make test-hosts`.
func TestOtherHosts(t *testing.T) {
	if otherHost(t) != "" {
		t.Skip("KVSCOPE_HOST lets each test run on another host by itself")
	}
	for _, host := range []string{"browser", "static"} {
		for _, c := range []struct {
			name string
			test func(*testing.T)
		}{
			{"Controls", TestControls}, {"OwnText", TestOwnText}, {"KeyboardAndTimeline", TestKeyboardAndTimeline},
			{"RunIsSavedAndOpened", TestRunIsSavedAndOpened}, {"MemoryView", TestMemoryView},
		} {
			t.Run(host+"/"+c.name, func(t *testing.T) {
				t.Setenv("KVSCOPE_HOST", host)
				c.test(t)
			})
		}
	}
}

// seen holds the parts of a page that a request decides: by column the answer, token by token,
// the picks of the looked-at head at every step, the figure of every head and the text of
// the view, and what the inspector says of a block.
type seen struct {
	answers, heads, views [2]string
	picks                 [2]map[string]string
	block                 string
}

// asked are requests that go through every kind of method, intervention and view, with what
// stands on the page once the view is drawn.
var asked = []struct{ query, drawn string }{
	{"task=S-2&method=twilight&budget=1/4&head=1.1&view=scores&at=2&drop=4&force=2", `[data-testid="scores-1"] svg`},
	{"task=MQ&seed=7&method=quest&budget=1/8&head=1.0&view=block&at=3&metric=mass", `[data-testid="view-1"] .terms`},
	{"task=MV&method=tova&budget=1/2&head=1.1&view=memory&memory_strength=0.5&memory_cap=20&compute_with=plain", `[data-testid="kernel-1"] svg`},
	{"task=MK-1&method=quest&left=attention@20&right=ratplus@30&head=0.1&view=training&every=1", everyStep},
	{"source=text&text=The+old+mill+stood+still.+One+of+the+special+magic+numbers+for+brave-otter+is:+4711.&key=brave-otter&value=4711&method=h2o&budget=1/2&block=4&head=0.0&view=prompt", `[data-testid="strip-1"]`},
	{"task=MK-1&seed=2&method=snapkv&budget=1/2&head=1.1&view=prompt&at=3&metric=recall", `[data-testid="strip-1"]`},
}

// everyStep is the page once the question is answered at all three steps of both trainings.
const everyStep = `body:has([data-testid="course-0"] [data-bar="0"]):has([data-testid="course-0"] [data-bar="1"]):has([data-testid="course-0"] [data-bar="2"])` +
	`:has([data-testid="course-1"] [data-bar="0"]):has([data-testid="course-1"] [data-bar="1"]):has([data-testid="course-1"] [data-bar="2"])`

// sees runs the requests of the explorer on an open page and reads what it shows.
func (d *desk) sees() map[string]seen {
	d.t.Helper()
	out := map[string]seen{}
	read := func(what string) {
		var s seen
		for side := range s.picks {
			n := string(rune('0' + side))
			s.picks[side] = d.picks(side)
			s.answers[side] = evaluate[string](d, `[...document.querySelectorAll('`+id("answer-"+n)+` .got')].map((e) => e.textContent).join(" ")`)
			s.heads[side] = evaluate[string](d, `[...document.querySelectorAll('`+id("heads-"+n)+` [data-value]')].map((e) => e.dataset.value).join()`)
			s.views[side] = evaluate[string](d, `document.querySelector('`+id("view-"+n)+`').textContent`)
			if len(s.picks[side]) == 0 || s.answers[side] == "" || s.heads[side] == "" || s.views[side] == "" {
				d.t.Errorf("%s: column %d shows %+v", what, side, s)
			}
		}
		s.block = evaluate[string](d, `document.querySelector('`+id("inspector-block")+`')?.textContent ?? ""`)
		out[what] = s
	}
	read("the link")
	d.rerun(func() { d.choose("method", "moba") })
	read("moba")
	d.set("seed", "11")
	read("another example")
	for _, a := range asked {
		d.rerun(func() {
			evaluate[any](d, fmt.Sprintf(`history.pushState(null, "", location.pathname + "?" + %q); window.dispatchEvent(new PopStateEvent("popstate"))`, a.query))
		})
		d.wait(fmt.Sprintf(`!!document.querySelector(%q)`, a.drawn))
		read(a.query)
	}
	// What only the engine can tell of a request is told at its field.
	d.choose("budget", "1/32")
	d.wait(`document.querySelectorAll('section.column[data-state="failed"]').length === 2`)
	out["a budget that is too small"] = seen{block: evaluate[string](d, `document.querySelector('`+id("failure-0")+`').textContent`)}
	return out
}

// A request shows the same whether a server computes it, the browser on the server's page,
// or a static site below a path.
func TestHostsAgree(t *testing.T) {
	const query = "?task=S-2&seed=5&head=1.1"
	e := newEngine(t)
	served := httptest.NewServer(newServer(t, run.NewCache(e, 1<<28)))
	t.Cleanup(served.Close)
	site := static(t, e, newModels(t))
	var want map[string]seen
	for _, host := range []struct{ name, url, engine string }{
		{"on the server", served.URL + "/", "server"}, {"in the browser", served.URL + "/", "browser"}, {"static site", site.URL + below + "/", ""},
	} {
		d := &desk{t, browsertest.OpenFor(t, 4*time.Minute), e, host.url}
		d.do(chromedp.Navigate(host.url + query))
		d.finished("")
		if host.engine == "browser" {
			d.rerun(func() { d.press(id("choose-engine") + ` input[value="browser"]`) })
		}
		got := d.sees()
		if want == nil {
			want = got
		}
		for what, w := range want {
			if !reflect.DeepEqual(got[what], w) {
				t.Errorf("%s, %s: shows %v, want %v", host.name, what, got[what], w)
			}
		}
		if wrong := d.tab.Errors(); len(wrong) > 0 {
			t.Errorf("%s: the console says %v", host.name, wrong)
		}
		d.tab.Close()
	}
}
