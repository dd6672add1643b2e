package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kvscope/engine/run"
	"kvscope/native/browsertest"
)

// mapSide is the side of the map that is moved about.
const mapSide = 8192

// BenchmarkPage drives the page as a hand would, and prints how long it takes as the
// table of docs/performance.md.
func BenchmarkPage(b *testing.B) {
	url := served(b)
	t := &table{b: b}
	for b.Loop() {
		t.rows = nil
		t.opening(url)
		t.withoutServer()
		t.hands(url)
		t.largeMap(url)
		t.engine()
		t.stopping()
		t.ownModel()
	}
	t.print()
}

// served is the address of a server of the demo models that has drawn its first screen.
func served(b *testing.B) string {
	b.Helper()
	l, err := (&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := newServer(b, run.NewCache(demoEngine(b), 1<<28))
	go func() { _ = s.Serve(b.Context(), l) }() // until the benchmark is over
	url := "http://" + l.Addr().String()
	for range 300 {
		if page, err := http.Get(url); err == nil {
			body, _ := io.ReadAll(page.Body)
			page.Body.Close()
			if bytes.Contains(body, []byte(`id="first-screen"`)) {
				return url
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.Fatal("the server draws no first screen")
	return ""
}

// table collects what is measured.
type table struct {
	b       *testing.B
	browser string
	rows    [][5]string
}

// add takes samples up; the smaller ones are the better.
func (t *table) add(what, target, unit string, samples []float64) {
	slices.Sort(samples)
	show := func(share float64) string {
		v := samples[int(share*float64(len(samples)-1)+0.5)]
		return strconv.FormatFloat(v, 'f', max(0, 3-len(strconv.Itoa(int(v)))), 64) + " " + unit
	}
	t.rows = append(t.rows, [5]string{what, target, show(0.5), show(0.95), strconv.Itoa(len(samples))})
}

func (t *table) print() {
	load := ""
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = ", load " + strings.Join(strings.Fields(string(text))[:2], " and ") + " over 1 and 5 minutes"
	}
	fmt.Printf("\n%s on %d cores, no GPU%s\n\n", t.browser, runtime.NumCPU(), load)
	fmt.Println("| what | target | median | 95th percentile | of |\n|---|---|---|---|---|")
	for _, r := range t.rows {
		fmt.Printf("| %s |\n", strings.Join(r[:], " | "))
	}
	fmt.Println()
}

// marks notes, frame by frame, when a page shows what. It runs before the page does.
const marks = `(() => {
	const marks = window.marks = {}, look = () => {
		const note = (name, yes) => { if (yes && !(name in marks)) marks[name] = performance.now() };
		note("alive", document.querySelector('[data-testid="explorer"][data-meta="done"]'));
		const picked = 'section.column[data-stale="false"] .grid-row:not([data-step="-1"])';
		note("own", document.querySelector('[data-testid="explorer"] ' + picked));
		note("picture", "own" in marks || "first" in document.documentElement.dataset && document.querySelector("#first-screen " + picked));
		note("answers", ` + allDone + `);
		if (!("answers" in marks)) requestAnimationFrame(look);
	};
	requestAnimationFrame(look);
})()`

// programMB is how large the program of a page is as it is sent, which a worker fetches that
// the page's own figures know nothing of.
func programMB(b *testing.B, url string) float64 {
	b.Helper()
	get := func(at, packed string) (text []byte) {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url+"/"+at, nil)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", packed)
		answer, err := http.DefaultClient.Do(req)
		if err == nil {
			defer answer.Body.Close()
			text, err = io.ReadAll(answer.Body)
		}
		if err != nil {
			b.Fatal(err)
		}
		return text
	}
	name := regexp.MustCompile(`[\w./-]+\.wasm`).Find(get("app.js", "identity"))
	return float64(len(get(string(name), "br"))) / 1e6
}

// opening opens the page in browsers that never saw it.
func (t *table) opening(url string) {
	var painted, alive, picture, own, answers, all []float64
	for range 5 {
		d := &desk{t.b, browsertest.Open(t.b), nil, url}
		d.do(chromedp.ActionFunc(func(ctx context.Context) error {
			_, err := page.AddScriptToEvaluateOnNewDocument(marks).Do(ctx)
			return err
		}))
		d.do(chromedp.Navigate(url + "/"))
		d.wait(`"answers" in marks`)
		at := evaluate[map[string]float64](d, `(() => {
			const files = [performance.getEntriesByType("navigation")[0], ...performance.getEntriesByType("resource")];
			return {...marks, paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
				all: files.reduce((n, f) => n + f.transferSize, 0) / 1e6};
		})()`)
		painted, alive = append(painted, at["paint"]), append(alive, at["alive"])
		picture, own, answers = append(picture, at["picture"]), append(own, at["own"]), append(answers, at["answers"])
		all = append(all, at["all"])
		d.do(chromedp.ActionFunc(func(ctx context.Context) error {
			_, product, _, _, _, err := browser.GetVersion().Do(ctx)
			t.browser = product
			return err
		}))
		d.tab.Close()
	}
	t.add("opened cold: first paint", "", "ms", painted)
	t.add("opened cold: the program runs and knows the models", "", "ms", alive)
	t.add("opened cold: first picture, blocks that were picked, recorded", "1000 ms", "ms", picture)
	t.add("opened cold: the program's own picture", "2000 ms", "ms", own)
	t.add("opened cold: both answers", "", "ms", answers)
	t.add("transferred: the browser program", "2.5 MB", "MB", []float64{programMB(t.b, url)})
	t.add("transferred: everything else", "", "MB", all)
}

// hands points at things and presses them, and waits for the frame that answers.
func (t *table) hands(url string) {
	d := &desk{t.b, browsertest.Open(t.b), nil, url}
	d.do(chromedp.Navigate(url + "/?task=S-2&head=1.1"))
	d.finished("")
	var preview, budget, answered []float64
	for n := range 12 {
		name, value := "1/4", "0.25"
		if n%2 == 1 {
			name, value = "1/16", "0.0625"
		}
		picks := func(of string) string {
			return `[0, 1].every(i => { const c = document.querySelector('[data-testid="column-' + i + '"]'); return ` + of + ` && c.dataset.budget === "` + value + `" && c.querySelector('.grid-row[data-picked]') })`
		}
		d.watch(picks(`c.dataset.stale === "false"`))
		// The preview is gone again before one could come and ask.
		evaluate[any](d, `(() => {
			delete window.previewed;
			const look = () => { if (`+picks(`(c.dataset.preview === "true" || c.dataset.stale === "false")`)+`) window.previewed = performance.now(); else requestAnimationFrame(look) };
			requestAnimationFrame(look);
		})()`)
		evaluate[any](d, `(e => { window.began = performance.now(); e.click() })(document.querySelector('[data-testid="choose-budget"] input[value="`+name+`"]'))`)
		budget = append(budget, d.took())
		preview = append(preview, evaluate[float64](d, "window.previewed - window.began"))
		d.wait(allDone)
		answered = append(answered, evaluate[float64](d, "performance.now() - window.began"))
	}
	t.add("another budget: picks from cached scores", "100 ms", "ms", preview)
	t.add("another budget: its picks in both columns", "", "ms", budget)
	t.add("another budget: both answers", "", "ms", answered)

	block := `document.querySelector('` + id("inspector-block") + `').dataset.block`
	evaluate[any](d, watchWrites)
	t.hover(d, "pointing at a block of the grid, its figures", id("grid-0")+" canvas", 0.06, 0.9, 0.6, block)
	var steps []float64
	for n := range 12 {
		key := kb.ArrowRight
		if n%4 > 1 {
			key = kb.ArrowLeft
		}
		line := `document.querySelector('` + id("timeline") + `').dataset.line`
		d.watch(fmt.Sprintf("%s !== %q", line, evaluate[string](d, line)))
		evaluate[any](d, `window.began = undefined; addEventListener("keydown", e => { window.began ??= e.timeStamp }, {capture: true, once: true})`)
		d.do(chromedp.KeyEvent(key))
		steps = append(steps, d.took())
	}
	t.add("a step on or back: every view", "", "ms", steps)
	d.choose("view-0", "attention")
	d.do(chromedp.KeyEvent("w")) // as large as the page has it
	d.wait(mapsBuilt)
	t.hover(d, "pointing at the attention map, the weight", id("map-0")+" canvas", 0.15, 0.4, 0.75, `document.querySelector('`+id("map-0")+`').dataset.key`)
	d.quiet()
}

// watchWrites notes when the page last heard of the pointer, and when it last wrote anything to
// the document or drew on a canvas that is part of it.
const watchWrites = `(() => {
	const wrote = () => { window.written = performance.now() }, pen = CanvasRenderingContext2D.prototype;
	new MutationObserver(wrote).observe(document, {subtree: true, attributes: true, childList: true, characterData: true});
	for (const way of ["putImageData", "drawImage", "fillRect", "fillText", "stroke"]) {
		const draw = pen[way];
		pen[way] = function (...args) { draw.apply(this, args); if (this.canvas.isConnected) wrote() };
	}
	addEventListener("pointermove", e => { window.began ??= e.timeStamp; window.heard ??= performance.now() }, {capture: true});
})()`

// hover points at one place after the other, and waits for the state to be another. The browser
// tells a page of movements with its next frame only, up to 16.7 ms later, so that what the page
// does by itself is a figure of its own: until nothing is written any more.
func (t *table) hover(d *desk, what, selector string, left, right, y float64, state string) {
	var shown, written []float64
	for n := range 24 {
		before := evaluate[string](d, state)
		d.watch(fmt.Sprintf("%s !== %q", state, before))
		evaluate[any](d, "window.began = window.heard = undefined")
		x, y := d.place(selector, left+(right-left)*float64(n*7%20)/20, y)
		d.moveTo(x, y)
		shown = append(shown, d.took())
		d.wait("performance.now() - written > 100")
		written = append(written, evaluate[float64](d, "written - heard"))
	}
	t.add(what+": from when the page hears of it to the last that it writes", "16 ms", "ms", written)
	t.add(what+": from the movement to the frame that shows it, for which it may wait 16.7 ms to be heard of", "", "ms", shown)
}

// watch looks every frame whether a condition has come true, and notes when.
func (d *desk) watch(until string) {
	d.t.Helper()
	evaluate[any](d, `(() => {
		delete window.ended;
		const look = () => { if (`+until+`) window.ended = performance.now(); else requestAnimationFrame(look) };
		requestAnimationFrame(look);
	})()`)
}

// took is how long it took from window.began until what was watched for.
func (d *desk) took() float64 {
	d.t.Helper()
	d.wait("window.ended !== undefined")
	return evaluate[float64](d, "window.ended - window.began")
}

// largeMap drags a map of mapSide queries and keys about, and zooms it.
func (t *table) largeMap(url string) {
	d := &desk{t.b, browsertest.Open(t.b), nil, url}
	d.do(chromedp.Navigate(url + "/?view=attention&head=0.0&wide=1&hide=inspector"))
	d.finished("")
	file := largeRun(t.b, mapSide)
	began := time.Now()
	d.do(chromedp.SetUploadFiles("#open-run", []string{file}, chromedp.ByQuery))
	d.wait(`document.querySelector('` + id("map-0") + `')?.dataset.positions === "` + strconv.Itoa(mapSide) + `"`)
	d.wait(`document.querySelector('` + id("map-0") + `').dataset.built === "true"`)
	size := fmt.Sprintf("map of %d × %d", mapSide, mapSide)
	t.add(size+": from its file to the whole, with its pyramid", "", "s", []float64{time.Since(began).Seconds()})
	for _, g := range []struct{ name, move string }{
		{"dragged", `move("pointermove", x0 + 120 * Math.sin(i / 9), y0 + 90 * Math.cos(i / 11))`},
		{"zoomed", `wheel(i % 60 < 30 ? -40 : 40)`},
	} {
		evaluate[any](d, `(() => {
			const map = document.querySelector('`+id("map-0")+`'), canvas = map.querySelector("canvas"), r = canvas.getBoundingClientRect();
			const x0 = r.left + r.width / 2, y0 = r.top + r.height / 2;
			const move = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type, {clientX: x, clientY: y, pointerId: 1, bubbles: true}));
			const wheel = deltaY => canvas.dispatchEvent(new WheelEvent("wheel", {deltaY, clientX: x0, clientY: y0, bubbles: true, cancelable: true}));
			canvas.setPointerCapture = () => {};
			for (let i = 0; i < 12; i++) wheel(-120);
			move("pointerdown", x0, y0);
			const began = performance.now(), first = Number(map.dataset.frames), times = [];
			let i = 0, frames = first, last = began;
			const tick = () => {
				const now = performance.now();
				if (Number(map.dataset.frames) > frames) { times.push(now - last); last = now; frames = Number(map.dataset.frames) }
				i++;
				`+g.move+`;
				if (now - began < 4000) return requestAnimationFrame(tick);
				move("pointerup", x0, y0);
				window.times = times;
			};
			delete window.times;
			requestAnimationFrame(tick);
		})()`)
		d.wait(`!!window.times`)
		times := evaluate[[]float64](d, "window.times")
		if len(times) < 10 {
			t.b.Fatalf("the map drew %d frames while it was %s", len(times), g.name)
		}
		t.add(size+" "+g.name+": from frame to frame", "16.7 ms", "ms", times)
		d.do(chromedp.Sleep(500*time.Millisecond), chromedp.KeyEvent("0"))
		d.wait(`document.querySelector('` + id("map-0") + `').dataset.frame === ""`)
	}
}
