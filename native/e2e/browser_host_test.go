package e2e

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

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

// watchWorkers notes when workers are told to end a run, and when they have.
const watchWorkers = `(() => {
	const told = {}, all = globalThis.stops = [], on = globalThis.readOn = [];
	const post = Worker.prototype.postMessage;
	Worker.prototype.postMessage = function (...args) {
		const ask = typeof args[0] === "string" ? JSON.parse(args[0]) : {};
		if (ask.kind === "cancel") told[ask.id] = performance.now();
		if (!this.watched) {
			this.watched = true;
			this.addEventListener("message", (m) => {
				const said = JSON.parse(m.data.text ?? "{}");
				if (told[said.id] && said.progress?.kind === "prompt" && said.progress.done >= said.progress.of) on.push(said.id);
				if (said.kind === "end" && told[said.id]) all.push(performance.now() - told[said.id]);
			});
		}
		return post.apply(this, args);
	};
	globalThis.frames_ = [];
	let last = performance.now();
	(function frame() { const now = performance.now(); frames_.push(now - last); last = now; requestAnimationFrame(frame) })();
})()`

// A run in a worker ends by Stop while the prompt is still read, and its worker answers
// the next one. How soon, and how the page draws meanwhile, is logged.
func TestStopInTheBrowser(t *testing.T) {
	e := demoEngine(t)
	s := httptest.NewServer(newServer(t, run.NewCache(e, 1<<28), func(c *server.Config) { c.Models = assets.Models() }))
	t.Cleanup(s.Close)
	d := &desk{t, browsertest.Open(t), e, s.URL}
	d.do(chromedp.Navigate(s.URL + "/?task=MK-2&method=moba&budget=1/4&context=1024"))
	d.finished("")
	evaluate[any](d, watchWorkers)
	d.rerun(func() { d.press(id("choose-engine") + ` input[value="browser"]`) }) // fetches the models
	started := time.Now()
	d.rerun(func() { d.press(id("next-seed")) })
	whole := float64(time.Since(started).Milliseconds())
	evaluate[any](d, "frames_.length = 0")
	for range 3 {
		d.press(id("next-seed"))
		// In the page, since a run may be over before a second message gets there; and well
		// before the prompt's end, which may be under way to the page already.
		evaluate[any](d, `(function look() {
			const early = [...document.querySelectorAll("section.column .status")].some((e) => {
				const [, read, of] = e.textContent.replaceAll(/(?<=\d)\D(?=\d{3})/g, "").match(/^reading, (\d+) of (\d+)/) ?? [];
				return read && read / of < 0.6;
			});
			if (!early) return setTimeout(look, 2);
			readOn.length = 0; // of what the run itself put an end to
			document.querySelector('`+id("stop")+`').click();
		})()`)
		d.wait(`document.querySelectorAll('section.column[data-state="loading"]').length === 0 && document.querySelectorAll('section.column[data-state="idle"]').length > 0`)
	}
	// What is asked with everything read, after a run, is stopped by the next one too.
	d.wait("stops.length >= 3")
	stops := evaluate[[]float64](d, "stops")
	frames := evaluate[[]float64](d, "frames_.sort((a, b) => a - b)")
	t.Logf("a run takes %.0f ms; milliseconds to stop %.0f; %d frames, the longest %.0f ms, the 95th percentile %.0f", whole, stops, len(frames), frames[len(frames)-1], frames[len(frames)*95/100])
	// Told while the prompt was read, none may come to its end.
	if on := evaluate[[]int](d, "readOn"); len(on) > 0 {
		t.Errorf("%d runs read the whole prompt after they were stopped", len(on))
	}
	d.rerun(func() { d.press(id("run")) })
	d.quiet()
}
