package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/native/browsertest"
)

// The default run comes by itself, and what the page shows as picked is what the
// same request picks without it, for other budgets and methods too.
func TestPageShowsWhatTheRunPicked(t *testing.T) {
	d := sit(t, "")
	d.finished("")
	req := run.Request{Task: "MK-2", Seed: 3, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}}
	d.samePicks(req)
	before := fmt.Sprint(d.picks(0))

	gens := d.gens()
	d.choose("budget", "1/4")
	d.finished(gens)
	req.Config = req.With("budget", "1/4")
	d.samePicks(req)
	if fmt.Sprint(d.picks(0)) == before {
		t.Error("twice the budget picks the same blocks")
	}
	for _, method := range []string{"moba", "snapkv", "oracle-block"} {
		gens = d.gens()
		d.choose("method", method)
		d.finished(gens)
		req.Method = method
		d.samePicks(req)
	}
	if got, want := evaluate[string](d, "location.search"), "?task=MK-2&seed=3&method=oracle-block&budget=1/4&head=1.1"; got != want {
		t.Errorf("the address says %s, want %s", got, want)
	}
	d.quiet()
}

func TestAnswerAndFiguresAreTheRuns(t *testing.T) {
	d := sit(t, "?task=S-2&seed=5&head=0.1")
	d.finished("")
	r := d.direct(run.Request{Model: "ratplus", Task: "S-2", Seed: 5, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}})
	var want []string
	for _, s := range r.Steps {
		if s.Step < len(r.Header.Answer) {
			want = append(want, map[bool]string{true: "right", false: "wrong"}[s.Correct])
		}
	}
	got := evaluate[[]string](d, `[...document.querySelectorAll('`+id("answer-1")+` .token')].map(e => e.dataset.state).filter(s => s)`)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("answer is shown as %v, was %v", got, want)
	}
	if got := evaluate[string](d, `document.querySelector('`+id("column-1")+` `+id("score")+`').dataset.score`); got != fmt.Sprint(r.Done.Score) {
		t.Errorf("score is shown as %s, was %v", got, r.Done.Score)
	}
	for _, h := range r.Done.Hits {
		if h.Layer != 0 || h.Head != 1 {
			continue
		}
		d.menu(id("choose-metric-1"), "recall")
		d.wait(`document.querySelector('` + id("heads-1") + `').dataset.metric === "recall"`)
		got := evaluate[string](d, `document.querySelector('`+id("heads-1")+` [aria-pressed="true"]').dataset.value`)
		if want := strings.TrimPrefix(fmt.Sprintf("%.2f", h.Recall), "0"); got != want && h.Recall > 0.01 && h.Recall < 0.99 {
			t.Errorf("recall is shown as %s, was %v", got, h.Recall)
		}
	}
	d.quiet()
}

func TestBadInputIsToldAtItsField(t *testing.T) {
	d := sit(t, "")
	d.finished("")
	gens := d.gens()
	shown := func(field, says string) {
		t.Helper()
		d.wait(fmt.Sprintf(`(e => e && !e.hidden && e.textContent.includes(%q))(document.querySelector('%s'))`, says, id("problem-"+field)))
	}
	// What the page itself can tell.
	d.write("context", "12")
	shown("context", "64 to 384")
	d.leave("context")
	if got := evaluate[string](d, `document.querySelector('[data-field="context"]').value`); got != "12" || d.gens() != gens {
		t.Errorf("the field says %q and runs %s, want what was typed and no run", got, d.gens())
	}
	d.write("context", "")
	d.wait(`document.querySelector('` + id("problem-context") + `').hidden`)

	// What only the server can.
	d.choose("method", "snapkv")
	d.finished(gens)
	d.choose("budget", "1/32")
	shown("budget", "window")
	d.wait(`document.querySelectorAll('section.column[data-state="failed"]').length === 2`)
	d.wait(`document.querySelector('` + id("failure-0") + `').textContent.includes("Correct the field")`)
	gens = d.gens()
	d.choose("budget", "1/2")
	d.finished(gens)
	d.wait(`document.querySelector('` + id("problem-budget") + `').hidden`)
	d.quiet()
}

func TestOwnText(t *testing.T) {
	d := sit(t, "")
	d.finished("")
	text := d.ownText(20)
	d.wait(`document.querySelector('` + id("strip-0") + `').textContent.includes("fuzzy-otter")`)
	if !strings.Contains(evaluate[string](d, "location.search"), "key=fuzzy-otter") {
		t.Error("the address lacks the key")
	}
	d.samePicks(run.Request{Text: text, Key: "fuzzy-otter", Value: "4821937", Seed: 1, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}})
	d.quiet()
}

func TestAddressRestoresAndGoesBack(t *testing.T) {
	d := sit(t, "?seed=3&method=moba&budget=1/2&head=1.0&line=4&at=7&metric=hit&shade=mass")
	check := func() {
		t.Helper()
		d.finished("")
		d.wait(`document.querySelector('` + id("grid-1") + `').dataset.line === "4"`)
		got := evaluate[map[string]string](d, `(() => { const c = document.querySelector('`+id("column-0")+`'), g = c.querySelector(".grid"); return {
			seed: c.dataset.seed, method: c.dataset.method, budget: c.dataset.budget, head: g.dataset.head,
			metric: c.querySelector(".heads").dataset.metric, block: document.querySelector('`+id("inspector-block")+`').dataset.block,
			query: location.search } })()`)
		want := map[string]string{
			"seed": "3", "method": "moba", "budget": "0.5", "head": "1.0", "metric": "hit", "block": "7",
			"query": "?seed=3&method=moba&budget=1/2&head=1.0&line=4&at=7&metric=hit&shade=mass",
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("the page shows %v, the address asks for %v", got, want)
		}
	}
	check()
	gens := d.gens()
	d.choose("method", "quest")
	d.finished(gens)
	d.wait(`!location.search.includes("method") && !location.search.includes("line")`)
	gens = d.gens()
	evaluate[any](d, "history.back()")
	d.finished(gens)
	check()
	gens = d.gens()
	evaluate[any](d, "history.forward()")
	d.finished(gens)
	d.wait(`document.querySelector('` + id("column-1") + `').dataset.method === "quest"`)
	d.do(chromedp.Reload())
	d.finished("")
	d.wait(`document.querySelector('` + id("column-1") + `').dataset.method === "quest"`)
	d.quiet()
}

func TestKeyboardAndTimeline(t *testing.T) {
	d := sit(t, "")
	d.finished("")
	line := func(want int) {
		t.Helper()
		d.wait(fmt.Sprintf(`document.querySelector('%s').dataset.line === "%d"`, id("timeline"), want))
	}
	line(0)
	d.do(chromedp.KeyEvent(kb.ArrowRight))
	line(1)
	d.do(chromedp.KeyEvent(kb.ArrowLeft))
	line(0)
	d.do(chromedp.KeyEvent(kb.ArrowDown))
	d.wait(`document.querySelector('` + id("heads-1") + `').dataset.locked === "0.0"`)
	d.do(chromedp.KeyEvent("?"))
	d.wait(`!!document.querySelector('` + id("keys") + `')`)
	d.do(chromedp.KeyEvent(kb.Escape))
	d.wait(`!document.querySelector('` + id("keys") + `')`)
	d.do(chromedp.KeyEvent("/"))
	d.wait(`document.activeElement.value === "MK-2"`)
	evaluate[any](d, "document.activeElement.blur()")

	d.press(id("timeline") + ` [aria-label="play"]`)
	d.wait(`Number(document.querySelector('` + id("timeline") + `').dataset.line) >= 2`)
	d.press(id("timeline") + ` [aria-label="pause"]`)
	evaluate[any](d, `(e => { e.value = 3; e.dispatchEvent(new Event("input", {bubbles: true})) })(document.querySelector('`+id("scrubber")+`'))`)
	line(3)

	gens := d.gens()
	d.do(chromedp.KeyEvent(" "))
	d.finished(gens)
	d.quiet()
}

// A text too long for the address survives a reload.
func TestLongTextSurvivesReload(t *testing.T) {
	d := sit(t, "")
	d.finished("")
	text := d.ownText(500)
	d.wait(`location.search.includes("text_name=") && location.search.length < 300`)
	d.do(chromedp.Reload())
	d.finished("")
	d.wait(fmt.Sprintf(`document.querySelector('[data-field="text"]').value.length === %d`, len(text)))
	d.has(id("asked"), "fuzzy-otter")
	d.quiet()
}

// Hovering goes both ways: a block in the prompt is read out and framed in the grid,
// a block in the grid is marked in the prompt.
func TestPointing(t *testing.T) {
	d := sit(t, "")
	d.finished("")
	at := evaluate[[]float64](d, `(() => { const r = document.querySelector('`+id("grid-0")+` canvas').getBoundingClientRect(); return [r.left + r.width * 0.5, r.top + r.height * 0.6] })()`)
	d.do(chromedp.MouseEvent("mouseMoved", at[0], at[1]))
	d.wait(`document.querySelectorAll('.strip .tb.on').length === 2`)
	block := evaluate[string](d, `document.querySelector('.strip .tb.on').dataset.b`)
	d.wait(fmt.Sprintf(`document.querySelector('%s').dataset.block === %q`, id("inspector-block"), block))

	// The prompt may still be moving below the pointer: a hand goes on until it is read out.
	inspected := fmt.Sprintf(`document.querySelector('%s').dataset.block === "1"`, id("inspector-block"))
	for again := 0; again < 20 && !evaluate[bool](d, inspected); again++ {
		at = evaluate[[]float64](d, `(() => { const s = document.querySelector('`+id("strip-1")+`'), e = s.querySelector('[data-b="1"]');
			e.scrollIntoView({block: "center"});
			const r = e.getClientRects()[0]; return [r.left + 2, r.top + 5] })()`)
		d.do(chromedp.MouseEvent("mouseMoved", at[0]+float64(again%2), at[1]), chromedp.Sleep(100*time.Millisecond))
	}
	d.wait(inspected)
	d.quiet()
}

func TestColoursAreKept(t *testing.T) {
	d := sit(t, "")
	d.finished("")
	ground := func() string { return evaluate[string](d, "getComputedStyle(document.body).backgroundColor") }
	// painted reports whether the block grids are painted in the colours of the sheet.
	painted := func() {
		t.Helper()
		d.wait(`(() => {
			const parse = s => s.match(/[0-9.]+/g).slice(0, 3).map(Number), probe = document.body.appendChild(document.createElement("i"));
			probe.style.color = "var(--seq-8)";
			const want = parse(getComputedStyle(probe).color);
			probe.remove();
			return [...document.querySelectorAll(".explorer .grid canvas")].every(c => {
				const at = c.getContext("2d").getImageData(0, 0, c.width, c.height).data; // the first block is always picked
				for (let i = 0; i < at.length; i += 4) if (want.every((v, j) => Math.abs(v - at[i + j]) <= 1)) return true;
				return false;
			});
		})()`)
	}
	seen := map[string]string{}
	for range 3 {
		theme := evaluate[string](d, `document.querySelector('`+id("theme")+`').dataset.theme`)
		seen[theme] = ground()
		painted()
		if theme == "dark" {
			d.do(chromedp.Reload())
			d.finished("")
			if got := ground(); got != seen["dark"] {
				t.Errorf("after a reload the ground is %s, want %s", got, seen["dark"])
			}
		}
		d.press(id("theme"))
		d.wait(fmt.Sprintf(`document.querySelector('%s').dataset.theme !== %q`, id("theme"), theme))
	}
	if seen["light"] == seen["dark"] || seen["system"] != seen["light"] {
		t.Errorf("grounds %v, want two, the system's being light", seen)
	}
	d.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}))
	if got := ground(); got != seen["dark"] {
		t.Errorf("on a dark system the ground is %s, want %s", got, seen["dark"])
	}
	painted()
	d.quiet()
}

func TestGalleryOpens(t *testing.T) {
	d := sit(t, "")
	d.finished("")
	d.press(`a[href$="/gallery"]`)
	d.wait(`location.pathname.endsWith("/gallery") && document.querySelectorAll('.specimen canvas').length >= 8`)
	for _, want := range []string{"idle", "loading", "done", "failed"} {
		d.wait(fmt.Sprintf(`document.querySelectorAll('section.column[data-state="%s"]').length >= 2`, want))
	}
	// Every view and state has its specimen in both sets of colours.
	shows := map[string]string{
		"attention": `.map[data-built="true"] canvas`, "memory": ".gates canvas, .arcs path", "scores": "circle.on, circle", "ranking": ".ranking li",
		"difference": `.grid[data-diff="true"]`, "lengths": `.heads[data-metric="memory"]`, "prompt": ".strip .asked", "moba": `.grid-row[data-step="-1"]`,
		"snapkv": ".grid", "quest": ".answer", "timeline": ".lanes .right", "inspector": ".quote mark", "controls": ".problem:not([hidden])",
		"key-list": "kbd", "view-empty": ".message", "view-early": ".message", "view-loading": ".bar.unsure", "view-failed": ".message.bad button",
		"memory-none": ".message", "scores-none": ".message", "loading-waiting": ".bar.unsure", "loading-reading": ".bar.unsure",
		"loading-answering": "[aria-valuenow]", "failed-midway": ".message.bad", "stopped": ".grid", "failed-field": ".message.bad p",
		"failed-run": ".message.bad p", "empty-asking": ".message", "empty-unreachable": ".message", "empty-idle": ".message",
		"preview": ".tag.preview", "block": ".terms", "training": ".course path", "training-none": ".message",
	}
	for name, has := range shows {
		d.wait(fmt.Sprintf(`document.querySelectorAll('[data-specimen="%s"]').length === 2 && [...document.querySelectorAll('[data-specimen="%s"]')].every(e => e.querySelector(%q))`, name, name, has))
	}
	if n := evaluate[int](d, `document.querySelectorAll("[data-specimen]").length`); n != 2*len(shows) {
		t.Errorf("%d specimens, want %d", n, 2*len(shows))
	}
	// What is done to a specimen happens to it alone, in both its colours.
	d.press(`[data-specimen="quest"] [data-layer="1"][data-head="2"]`)
	d.wait(`document.querySelectorAll('[data-specimen="quest"] [aria-pressed="true"][data-layer="1"][data-head="2"]').length === 2`)
	if n := evaluate[int](d, `document.querySelectorAll('[data-specimen="snapkv"] .heads [aria-pressed="true"]').length`); n != 0 {
		t.Errorf("%d heads of another specimen are locked", n)
	}
	evaluate[any](d, "history.back()")
	d.finished("")
	d.do(chromedp.Navigate(d.url + "/gallery"))
	d.wait(`document.querySelectorAll('.specimen canvas').length >= 8`)
	d.quiet()
}

// The server goes away: the page says so, and runs again when it is back.
func TestServerGoesAndComesBack(t *testing.T) {
	onServer(t, "it goes away")
	e := newEngine(t)
	handler := newServer(t, run.NewCache(e, 1<<28))
	listen := func(addr string) (*http.Server, string) {
		t.Helper()
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		h := &http.Server{Handler: handler, ReadHeaderTimeout: time.Second}
		go h.Serve(l)
		return h, l.Addr().String()
	}
	h, addr := listen("127.0.0.1:0")
	d := &desk{t, browsertest.Open(t), e, "http://" + addr}
	d.do(chromedp.Navigate(d.url))
	d.finished("")
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	d.choose("budget", "1/2")
	d.wait(`document.querySelector('` + id("failure-0") + `')?.textContent.includes("The engine went away")`)
	gens := d.gens()
	h, _ = listen(addr)
	t.Cleanup(func() { h.Shutdown(context.Background()) })
	d.finished(gens)
	d.wait(`document.querySelector('` + id("column-0") + `').dataset.budget === "0.5"`)
}
