package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"

	"kvscope/assets"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/native/browsertest"
	"kvscope/native/server"
)

// The engine in the page's own workers picks what the engine behind the server picks,
// for every kind of method, and its heads can be looked into; changing back works too.
func TestEngineInTheBrowser(t *testing.T) {
	onServer(t, "the page changes from it to its own engine, and back")
	d := sit(t, "")
	d.finished("")
	const engine = `document.querySelector('[data-testid="engine"]').dataset.engine`
	d.wait(engine + ` === "server"`)
	gens := d.gens()
	d.press(id("choose-engine") + ` input[value="browser"]`)
	d.wait(engine + ` === "browser"`)
	d.finished(gens)
	req := run.Request{Task: "MK-2", Seed: 3, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}}
	d.samePicks(req)
	before := len(d.asked("/api/run"))
	for _, method := range []string{"moba", "h2o", "oracle-block", "rocketkv", "vertical-slash", "adakv"} {
		gens = d.gens()
		d.choose("method", method)
		d.finished(gens)
		req.Method = method
		d.samePicks(req)
	}
	if now := len(d.asked("/api/run")); now != before {
		t.Errorf("the server was asked for %d runs", now-before)
	}
	d.press(id("choose-view-0") + ` input[value="attention"]`)
	d.wait(`!!document.querySelector('` + id("column-0") + ` canvas.map, ` + id("column-0") + ` .map canvas')`)

	// The choice is this browser's, until another is made.
	d.do(chromedp.Reload())
	d.finished("")
	d.wait(engine + ` === "browser"`)
	gens = d.gens()
	d.press(id("choose-engine") + ` input[value="server"]`)
	d.finished(gens)
	if now := len(d.asked("/api/run")); now == before {
		t.Error("the server was not asked again")
	}
	d.quiet()
}

// asked are the addresses of a path that the page asked for.
func (d *desk) asked(path string) []string {
	var out []string
	for _, url := range d.tab.Requests() {
		if strings.Contains(url, path) {
			out = append(out, url)
		}
	}
	return out
}

// watchWorkers notes how long after Stop the workers that are told to end a run have, and for
// each of these how long a worker with nothing to do takes to answer; underWay is how many have
// not yet, and readOn are those that came to the prompt's end all the same. While stopping is
// true it presses Stop as soon as a worker says that it reads, well before the prompt's end;
// missed is true where the prompt was read before.
const watchWorkers = `(() => {
	const told = {}, all = globalThis.stops = [], idle = globalThis.echoes = [], on = globalThis.readOn = [];
	let pressed;
	globalThis.underWay = () => Object.keys(told).length - all.length;
	const echo = new Worker(URL.createObjectURL(new Blob(["onmessage = (m) => postMessage(m.data)"])));
	echo.onmessage = (m) => idle.push(performance.now() - m.data);
	const post = Worker.prototype.postMessage;
	Worker.prototype.postMessage = function (...args) {
		const ask = typeof args[0] === "string" ? JSON.parse(args[0]) : {};
		if (ask.kind === "cancel" && !globalThis.stopping) {
			told[ask.id] = pressed ?? performance.now();
			post.call(echo, performance.now());
		}
		if (!this.watched) {
			this.watched = true;
			this.addEventListener("message", (m) => {
				const said = JSON.parse(m.data.text ?? "{}"), read = said.progress?.kind === "prompt" ? said.progress.done / said.progress.of : 0;
				if (globalThis.stopping && read >= 1) globalThis.missed = true;
				const stop = document.querySelector('[data-testid="stop"]');
				if (globalThis.stopping && read > 0 && read < 0.6 && stop && document.querySelector('section.column[data-state="loading"]')) {
					globalThis.stopping = false;
					pressed = performance.now();
					stop.click();
				}
				if (told[said.id] && read >= 1 && !on.includes(said.id)) on.push(said.id);
				if (said.kind === "end" && told[said.id]) all.push(performance.now() - told[said.id]);
			});
		}
		return post.apply(this, args);
	};
})()`

// A run in a worker ends by Stop while the prompt is still read, and its worker answers the
// next one. How soon, and how long the page is busy meanwhile, BenchmarkPage says.
// TestStopMidRun shows that what was shown stays.
func TestStopInTheBrowser(t *testing.T) {
	d := inTheBrowser(t)
	d.stopsRuns(3)
	stops, readOn := evaluate[[]float64](d, "stops"), evaluate[[]int](d, "readOn")
	t.Logf("milliseconds to stop %.0f", stops)
	// On a busy machine Stop may be heard late of one or the other.
	if 2*len(readOn) > len(stops) {
		t.Errorf("of %d runs that were stopped %d have read the whole prompt", len(stops), len(readOn))
	}
	d.rerun(func() { d.press(id("run")) })
	d.quiet()
}

// inTheBrowser opens a page whose own engine has run 1,024 tokens twice, and watches its
// workers.
func inTheBrowser(t testing.TB) *desk {
	t.Helper()
	e := demoEngine(t)
	s := httptest.NewServer(newServer(t, run.NewCache(e, 1<<28), func(c *server.Config) { c.Models = assets.Models() }))
	t.Cleanup(s.Close)
	d := &desk{t, browsertest.Open(t), e, s.URL}
	d.do(chromedp.Navigate(s.URL + "/?task=MK-2&method=moba&budget=1/4&context=1024"))
	d.finished("")
	evaluate[any](d, watchWorkers)
	d.rerun(func() { d.press(id("choose-engine") + ` input[value="browser"]`) }) // fetches the models
	d.rerun(func() { d.press(id("next-seed")) })
	return d
}

// What the engine in the browser is held to, in milliseconds: from Stop to the end of a run,
// and a task of the page while workers run.
const mostStop, mostTask = 100, 50

// stopsRuns asks for so many runs and stops each while its prompt is read.
func (d *desk) stopsRuns(n int) {
	d.t.Helper()
	for stopped, runs := 0, 0; stopped < n; runs++ {
		if runs == 5*n {
			d.t.Fatalf("of %d runs %d could be stopped while their prompt was read", runs, stopped)
		}
		evaluate[any](d, "globalThis.stopping = true; globalThis.missed = false; null")
		d.press(id("next-seed"))
		d.wait(`(missed || !stopping) && document.querySelectorAll('section.column[data-state="loading"]').length === 0`)
		if !evaluate[bool](d, "stopping") {
			// The next run is work for both, and would be counted along.
			d.wait(`document.querySelectorAll('section.column[data-state="idle"]').length > 0 && underWay() === 0`)
			stopped++
		}
	}
	d.wait(fmt.Sprintf("stops.length >= %d && echoes.length >= %[1]d", n))
}

// traced is an event of a trace of the browser: a task of a thread, or the name of one.
type traced struct {
	Name string
	PID  int
	TID  int
	CPU  float64 `json:"tdur"` // in microseconds
	Args struct{ Name string }
}

// tasks are the milliseconds of processor time that tasks of the page's own thread take while
// something is done, the longest first: what others do on the machine does not count.
func (d *desk) tasks(do func()) []float64 {
	d.t.Helper()
	var events []traced
	over := make(chan struct{})
	ctx, cancel := context.WithCancel(d.tab.Context)
	defer cancel()
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *tracing.EventDataCollected:
			for _, raw := range e.Value {
				var one traced
				if json.Unmarshal(raw, &one) == nil { // other kinds have other arguments
					events = append(events, one)
				}
			}
		case *tracing.EventTracingComplete:
			close(over)
		}
	})
	d.do(tracing.Start().WithTransferMode(tracing.TransferModeReportEvents).WithTraceConfig(&tracing.TraceConfig{IncludedCategories: []string{"toplevel"}}))
	do()
	d.do(tracing.End())
	select {
	case <-over:
	case <-d.tab.Context.Done():
		d.t.Fatal("the browser does not end its trace")
	}
	pages := map[[2]int]bool{}
	for _, e := range events {
		if e.Name == "thread_name" && e.Args.Name == "CrRendererMain" {
			pages[[2]int{e.PID, e.TID}] = true
		}
	}
	var out []float64
	for _, e := range events {
		if e.Name == "ThreadControllerImpl::RunTask" && pages[[2]int{e.PID, e.TID}] {
			out = append(out, e.CPU/1000)
		}
	}
	slices.SortFunc(out, func(a, b float64) int { return cmp.Compare(b, a) })
	if len(out) == 0 || out[0] == 0 {
		d.t.Fatalf("the browser traced no task of the page in %d events", len(events))
	}
	return out
}
