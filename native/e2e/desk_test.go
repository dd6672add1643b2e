package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kvscope/engine/history"
	"kvscope/engine/ops"
	"kvscope/engine/run"
	"kvscope/engine/tokenizer"
	"kvscope/engine/trace"
	"kvscope/engine/train"
	"kvscope/engine/train/traintest"
	"kvscope/native/browsertest"
)

// newEngine holds newModels.
func newEngine(t testing.TB) *run.Engine {
	t.Helper()
	e, err := run.Open(newModels(t), ops.Reference())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// newModels is a small pair of models with fresh weights under the names of the demo
// pair, each with a training that kept three steps: what they answer is noise, what they
// read is not.
func newModels(t testing.TB) fs.FS {
	t.Helper()
	files, tokens := fstest.MapFS{}, map[string]string{"tokenizer": tokenizer.NewDemo().Fingerprint()}
	for i, name := range run.DemoModels() {
		cfg := traintest.Config(name == run.DemoMemory)
		cfg.Context = 384
		files[name+".safetensors"] = &fstest.MapFile{Data: traintest.File(t, cfg, uint64(i))}
		var steps []history.Snapshot
		for s := range 3 {
			steps = append(steps, history.Snapshot{Point: history.Point{Step: 10 * (s + 1), Tokens: 1000, Loss: 3 - float64(s)}, Weights: train.Initialise(cfg, uint64(10+3*s+i))})
		}
		var packed bytes.Buffer
		if err := history.Write(&packed, cfg, tokens, steps, 0.4); err != nil {
			t.Fatal(err)
		}
		files[name+run.HistorySuffix] = &fstest.MapFile{Data: packed.Bytes()}
	}
	return files
}

// desk is a browser in front of the explorer.
type desk struct {
	t      testing.TB
	tab    *browsertest.Tab
	engine *run.Engine
	url    string
}

func (d *desk) do(actions ...chromedp.Action) {
	d.t.Helper()
	if err := chromedp.Run(d.tab.Context, actions...); err != nil {
		d.t.Fatal(err)
	}
}

// id selects by data-testid.
func id(name string) string { return `[data-testid="` + name + `"]` }

// wholePage is whether the page is drawn to the end. Prompts are written when the browser is
// about to draw, so not in a tab that nobody sees.
const wholePage = `(!globalThis.kvscopeHalfDrawn && (document.hidden || !document.querySelector('.strip[aria-busy="true"]')))`

// wait lets a JavaScript expression become true of a page that is drawn to the end.
func (d *desk) wait(expression string) {
	d.t.Helper()
	err := chromedp.Run(d.tab.Context, chromedp.Poll(wholePage+" && ("+expression+")", nil, chromedp.WithPollingTimeout(45*time.Second)))
	if err != nil {
		var state string
		_ = chromedp.Run(d.tab.Context, chromedp.Evaluate(`[location.search, "half drawn: " + !!globalThis.kvscopeHalfDrawn, ...[...document.querySelectorAll("section.column, .problem:not([hidden])")].map(e => e.textContent.slice(0, 300))].join("\n")`, &state))
		d.t.Fatalf("waiting for %s: %v\nconsole: %v\npage: %s", expression, err, d.tab.Errors(), state)
	}
}

// evaluate is the value of a JavaScript expression, of a page that is drawn to the end unless
// that takes two seconds.
func evaluate[T any](d *desk, expression string) T {
	d.t.Helper()
	var v T
	d.do(chromedp.Evaluate(settled, nil, awaited), chromedp.Evaluate(expression, &v))
	return v
}

// settled is kept when the page is drawn to the end, or after two seconds.
const settled = `new Promise(done => {
	const end = performance.now() + 2000, look = () => ` + wholePage + ` || performance.now() > end ? done() : setTimeout(look, 10);
	look();
})`

// awaited lets an expression be a promise of its value.
func awaited(p *cdpruntime.EvaluateParams) *cdpruntime.EvaluateParams {
	return p.WithAwaitPromise(true)
}

// press clicks what a selector finds.
func (d *desk) press(selector string) {
	d.t.Helper()
	d.do(chromedp.WaitReady(selector, chromedp.ByQuery))
	evaluate[any](d, fmt.Sprintf("document.querySelector(%q).click()", selector))
}

// choose picks one of the radio buttons of a field.
func (d *desk) choose(field, value string) {
	d.t.Helper()
	d.press(id("choose-"+field) + ` input[value="` + value + `"]`)
}

// menu picks one of the options of a menu.
func (d *desk) menu(selector, value string) {
	d.t.Helper()
	d.do(chromedp.WaitReady(selector, chromedp.ByQuery))
	evaluate[any](d, fmt.Sprintf(`(e => { e.value = %q; e.dispatchEvent(new Event("change", {bubbles: true})) })(document.querySelector(%q))`, value, selector))
}

// write replaces the text of a field, as typing does.
func (d *desk) write(field, text string) {
	d.t.Helper()
	selector := `[data-testid="controls"] [data-field="` + field + `"]`
	d.do(chromedp.WaitReady(selector, chromedp.ByQuery))
	evaluate[any](d, fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		e.value = %q;
		e.dispatchEvent(new Event("input", {bubbles: true}));
	})()`, selector, text))
}

// leave ends the typing in a field.
func (d *desk) leave(field string) {
	d.t.Helper()
	evaluate[any](d, fmt.Sprintf(`document.querySelector('[data-testid="controls"] [data-field="%s"]').dispatchEvent(new Event("change", {bubbles: true}))`, field))
}

// gens are the numbers of the runs asked for, by column.
func (d *desk) gens() string {
	d.t.Helper()
	return evaluate[string](d, gensOf)
}

const (
	gensOf  = `[...document.querySelectorAll("section.column")].map(e => e.dataset.gen).join()`
	allDone = `!document.getElementById("first-screen") && document.querySelectorAll('section.column[data-state="done"][data-stale="false"]').length === 2`
)

// finished lets both columns be done, with another run than those of before.
func (d *desk) finished(before string) {
	d.t.Helper()
	d.wait(fmt.Sprintf("%s && %s !== %q", allDone, gensOf, before))
}

// ownText runs a text of so many sentences with a needle in it, and returns the text.
func (d *desk) ownText(sentences int) string {
	d.t.Helper()
	gens := d.gens()
	text := strings.Repeat("The river ran past the old mill. ", sentences)
	d.choose("source", "text")
	d.write("text", text)
	d.write("key", "fuzzy-otter")
	d.write("value", "4821937")
	d.press(id("run"))
	d.finished(gens)
	return text
}

// direct runs a request without server and page.
func (d *desk) direct(req run.Request) *trace.Run {
	d.t.Helper()
	r := &trace.Run{}
	if err := d.engine.Run(d.t.Context(), req, r); err != nil {
		d.t.Fatal(err)
	}
	return r
}

// picks reads the lines of a column's grid off the page: by answer step, the
// candidates picked by the locked head.
func (d *desk) picks(side int) map[string]string {
	d.t.Helper()
	return evaluate[map[string]string](d, fmt.Sprintf(
		`Object.fromEntries([...document.querySelectorAll('%s .grid-row:not([data-step="-1"])')].map(e => [e.dataset.step, e.dataset.picked]))`,
		id("grid-"+strconv.Itoa(side))))
}

// samePicks compares the page with the run of the same request, for some heads of the models
// that the columns show, which are the demo pair where none are named.
func (d *desk) samePicks(req run.Request, models ...string) {
	d.t.Helper()
	if len(models) == 0 {
		models = run.DemoModels()
	}
	d.do(chromedp.KeyEvent(kb.Escape)) // no head locked
	for _, head := range [][2]int{{0, 0}, {1, 1}} {
		name := fmt.Sprintf("%d.%d", head[0], head[1])
		d.press(fmt.Sprintf(`%s [data-layer="%d"][data-head="%d"]`, id("heads-0"), head[0], head[1]))
		d.wait(fmt.Sprintf(`document.querySelectorAll('.grid[data-head="%s"]').length === 2`, name))
		for side, model := range models {
			req.Model = model
			r, page := d.direct(req), d.picks(side)
			if len(page) == 0 {
				d.t.Fatalf("%s: no lines on the page", model)
			}
			for step, got := range page {
				n, err := strconv.Atoi(step)
				if err != nil {
					d.t.Fatal(err)
				}
				if want := picked(r.Selection(n, head[0], head[1])); got != want {
					d.t.Errorf("%s %s, layer %d head %d, step %d: the page says %s, the run %s", model, req.Method, head[0], head[1], n, got, want)
				}
			}
		}
	}
}

func picked(s *trace.Selection) string {
	if s == nil {
		return "nothing selected"
	}
	var list []string
	for i := range s.Candidates {
		if s.Has(0, i) {
			list = append(list, strconv.Itoa(i))
		}
	}
	return strings.Join(list, ",")
}

// quiet fails the test for errors on the console and for requests to elsewhere.
func (d *desk) quiet() {
	d.t.Helper()
	if errs := d.tab.Errors(); len(errs) > 0 {
		d.t.Errorf("errors on the console: %v", errs)
	}
	if outside := d.tab.Outside(d.url); len(outside) > 0 {
		d.t.Errorf("requests to other machines: %v", outside)
	}
}
