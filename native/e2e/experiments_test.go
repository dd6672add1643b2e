package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"kvscope/engine/experiment"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/native/browsertest"
	"kvscope/native/jobs/jobstest"
	"kvscope/native/server"
)

// bench opens the experiments of a server with one worker, which computes a cell
// whenever gate lets it.
func bench(t *testing.T, gate func()) *desk {
	t.Helper()
	return benchOf(t, newEngine(t), gate)
}

// benchOf is bench for the models of an engine.
func benchOf(t *testing.T, e *run.Engine, gate func()) *desk {
	t.Helper()
	b := &desk{t, browsertest.Open(t), e, labServer(t, e, gate)}
	b.experiments()
	return b
}

// experiments opens the page of experiments.
func (d *desk) experiments() {
	d.t.Helper()
	d.do(chromedp.Navigate(d.url + "/experiments"))
	d.wait(`document.querySelector('` + id("estimate") + `')?.dataset.state === "done"`)
}

// labServer is a server with experiments and one worker, as bench has it.
func labServer(t *testing.T, e *run.Engine, gate func()) string {
	t.Helper()
	lab := jobstest.Open(t, e.Models)
	lab.Work(func(ctx context.Context, c experiment.Cell) (*experiment.Outcome, error) {
		gate()
		return experiment.Measure(ctx, e, c)
	})
	handler, err := server.New(server.Config{Runner: e, Version: jobstest.Version, Program: ownProgram(t), Loopback: true, Log: slog.New(slog.DiscardHandler), Store: lab.Store, Jobs: lab.Jobs})
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewServer(handler)
	t.Cleanup(func() {
		ts.CloseClientConnections()
		ts.Close()
	})
	return ts.URL
}

// tick presses a box of a list of the grid.
func (d *desk) tick(list, value string) {
	d.t.Helper()
	d.press(id("ticks-"+list) + ` input[value="` + value + `"]`)
}

// enter writes into a field of the grid.
func (d *desk) enter(field, text string) {
	d.t.Helper()
	evaluate[any](d, fmt.Sprintf(`(e => { e.value = %q; e.dispatchEvent(new Event("input", {bubbles: true})) })(document.querySelector('%s [data-field="%s"]'))`, text, id("grid"), field))
}

// small makes the grid two tasks, two budgets, four examples: eight cells.
func (d *desk) small() {
	d.t.Helper()
	d.tick("tasks", "S-2")
	d.tick("budget", "1/8")
	d.enter("examples", "4")
	d.enter("name", "A small one")
	d.wait(`document.querySelector('` + id("estimate") + `').textContent.includes("32 examples in 8 cells")`)
}

const over = `document.querySelector('[data-testid="open"]')?.dataset.over === "true"`

// From the grid to a picture to one example in the explorer.
func TestExperimentFromGridToExample(t *testing.T) {
	d := bench(t, func() {})
	d.small()
	d.press(id("start"))
	d.wait(over)
	d.wait(`document.querySelectorAll('` + id("plot") + ` canvas').length === 2`)
	if got := evaluate[string](d, `document.querySelector('`+id("progress")+`').dataset.done`); got != "8" {
		t.Errorf("%s cells done, want 8", got)
	}
	if !strings.Contains(evaluate[string](d, "location.search"), "id=") {
		t.Error("the address does not name the experiment")
	}
	legend := evaluate[string](d, `document.querySelector('`+id("legend")+`').textContent`)
	for _, want := range []string{"Attention", "RAT+", "7B, 4,096 tokens"} {
		if !strings.Contains(legend, want) {
			t.Errorf("legend %q lacks %q", legend, want)
		}
	}
	// A PNG of a chart, caught where the browser would save it.
	evaluate[any](d, `window.realClick = HTMLAnchorElement.prototype.click; HTMLAnchorElement.prototype.click = function() { window.saved = this.download };
		window.realURL = URL.createObjectURL; URL.createObjectURL = content => { window.bytes = content.size; return window.realURL.call(URL, content) }; null`)
	d.press(id("plot") + ` button[title="download as PNG"]`)
	d.wait(`/^kvscope-accuracy-quest.*[.]png$/.test(window.saved) && window.bytes > 1500`)
	evaluate[any](d, `HTMLAnchorElement.prototype.click = window.realClick; URL.createObjectURL = window.realURL; null`)
	// The point of RAT+ at the second budget of the first chart.
	at := evaluate[[]float64](d, `(() => {
		const area = document.querySelector('.plot-area'), chart = echarts.getInstanceByDom(area), box = area.getBoundingClientRect();
		const series = chart.getOption().series.findIndex(s => s.name === "RAT+");
		const [x, y] = chart.convertToPixel({seriesIndex: series}, chart.getOption().series[series].data[1].value);
		return [box.left + x, box.top + y];
	})()`)
	d.do(chromedp.MouseClickXY(at[0], at[1]))
	d.wait(`document.querySelector('` + id("examples") + `')?.dataset.state === "done"`)
	link := `document.querySelector('` + id("example-wrong") + `, ` + id("example-right") + `')`
	href := evaluate[string](d, link+`.getAttribute("href")`)
	if !strings.Contains(href, fmt.Sprintf("seed=%d", experiment.Seed(0))) || !strings.Contains(href, "budget=1/4") {
		t.Errorf("the example is at %s", href)
	}
	evaluate[any](d, link+`.click()`)
	d.finished("")
	score := evaluate[string](d, `document.querySelector('`+id("column-1")+` `+id("score")+`').dataset.score`)
	r := d.direct(run.Request{Model: "ratplus", Task: "S-1", Seed: experiment.Seed(0), Context: new(384), Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/4", "block": "6"}}})
	if score != fmt.Sprint(r.Done.Score) {
		t.Errorf("the explorer shows score %s, the run has %v", score, r.Done.Score)
	}
	evaluate[any](d, "history.back()")
	d.wait(`document.querySelectorAll('` + id("plot") + ` canvas').length === 2`)
	d.quiet()
}

// That the script which draws the charts does not come is said, and it is asked for again.
func TestChartsWithoutTheirScript(t *testing.T) {
	d := bench(t, func() {})
	evaluate[any](d, `(() => {
		const append = document.head.append;
		document.head.append = (e) => { e.src = "/lost.js"; append.call(document.head, e); };
	})()`)
	d.small()
	d.press(id("start"))
	d.wait(over)
	d.has(id("charts"), "the script that draws them, does not come")
	// Its element does not stay to be waited for, however often results asked for it.
	d.wait(`!document.querySelector("script[data-charts]")`)
}

func TestExperimentViewsAndExports(t *testing.T) {
	d := bench(t, func() {})
	d.tick("selectors", "random")
	d.enter("seeds", "2")
	d.tick("tasks", "S-2")
	d.tick("tasks", "MK-1")
	d.enter("examples", "4")
	d.wait(`document.querySelector('` + id("estimate") + `').textContent.includes("examples in")`)
	d.press(id("start"))
	d.wait(over)
	for _, v := range []struct {
		view  string
		plots int
	}{{"heads", 1}, {"chance", 3}, {"depth", 2}, {"accuracy", 1}} {
		d.press(id("lab-view") + ` input[value="` + v.view + `"]`)
		d.wait(fmt.Sprintf(`document.querySelector('%s').dataset.view === %q`, id("charts"), v.view))
		d.wait(fmt.Sprintf(`document.querySelectorAll('%s canvas').length === %d`, id("plot"), v.plots))
	}
	d.press(id("lab-paper") + ` input[value="4"]`)
	d.wait(`location.search.includes("paper=4")`)
	d.press(id("lab-view") + ` input[value="table"]`)
	d.wait(`document.querySelectorAll('` + id("table") + ` tbody tr').length === 12`)
	// The ranking has a line for every way to select, and offers examples that one lost.
	d.press(id("lab-view") + ` input[value="ranking"]`)
	d.wait(`document.querySelectorAll('` + id("ranking") + ` tbody tr').length > 1 && !!document.querySelector('` + id("ranking") + ` .link:not(.right)')`)
	d.press(id("ranking") + ` .link:not(.right)`)
	d.wait(`!!document.querySelector('` + id("example-wrong") + `') && !!document.querySelector('` + id("command-wrong") + `') && !!document.querySelector('` + id("command-cell") + `')`)
	for format, want := range map[string]string{"csv": "model,arch,task", "json": `"findings"`, "html": "<!doctype html>"} {
		evaluate[any](d, fmt.Sprintf(`fetch(document.querySelector('%s').href).then(r => r.text()).then(t => { window.got = t })`, id("export-"+format)))
		d.wait(fmt.Sprintf(`window.got?.includes(%q)`, want))
	}
	// Dark colours reach what the script draws.
	ink := `JSON.stringify(echarts.getInstanceByDom(document.querySelector('.plot-area')).getOption().xAxis[0].axisLabel.color)`
	d.press(id("lab-view") + ` input[value="accuracy"]`)
	d.wait(`document.querySelector('` + id("charts") + `')?.dataset.view === "accuracy"`)
	d.wait(`document.querySelectorAll('` + id("plot") + ` canvas').length === 1`)
	light := evaluate[string](d, ink)
	d.press(id("theme"))
	d.wait(`document.querySelector('` + id("theme") + `').dataset.theme === "light"`) // the button knows where it stands
	d.press(id("theme"))
	d.wait(`document.documentElement.dataset.theme === "dark" && ` + ink + ` !== ` + fmt.Sprintf("%q", light))
	d.quiet()
}

// From the preset of the swap to an example of a model without a use of its memory.
func TestSwapExperiment(t *testing.T) {
	d := bench(t, func() {})
	evaluate[any](d, `(e => { e.value = "swap"; e.dispatchEvent(new Event("change", {bubbles: true})) })(document.querySelector('`+id("preset")+`'))`)
	d.wait(`document.querySelector('` + id("ticks-compute_with") + ` input[value="plain"]').checked && !document.querySelector('` + id("ticks-models") + ` input[value="attention"]').checked`)
	for _, task := range []string{"S-3", "MK-1", "MK-2", "MK-3", "MV", "MQ"} {
		d.tick("tasks", task)
	}
	d.tick("methods", "snapkv")
	d.tick("budget", "1/8")
	d.enter("examples", "5")
	d.wait(`document.querySelector('` + id("estimate") + `').textContent.includes("80 examples in 16 cells")`)
	d.press(id("start"))
	d.wait(over)
	d.press(id("lab-view") + ` input[value="swap"]`)
	// The mean of two tasks and each of them, at the budget that leaves something out.
	d.wait(`document.querySelectorAll('` + id("plot") + ` canvas').length === 3`)
	if got := evaluate[string](d, `document.querySelector('`+id("findings")+`').textContent`); !strings.Contains(got, "keys with the memory") || !strings.Contains(got, "Reading everything") {
		t.Errorf("findings %q", got)
	}
	// The square of S-1 that picks by K and reads the states with the memory.
	at := evaluate[[]float64](d, `(() => {
		const area = document.querySelectorAll('.plot-area')[1], box = area.getBoundingClientRect();
		const [x, y] = echarts.getInstanceByDom(area).convertToPixel({seriesIndex: 0}, [0, 1]);
		return [box.left + x, box.top + y];
	})()`)
	d.do(chromedp.MouseClickXY(at[0], at[1]))
	d.wait(`document.querySelector('` + id("examples") + `')?.dataset.state === "done"`)
	evaluate[any](d, `document.querySelector('`+id("example-wrong")+`, `+id("example-right")+`').click()`)
	d.finished("")
	if got := evaluate[string](d, `decodeURIComponent(location.search)`); !strings.Contains(got, "right=ratplus::plain/memory") {
		t.Errorf("the example is at %s", got)
	}
	d.quiet()
}

func TestExperimentIsPausedAndResumed(t *testing.T) {
	let := make(chan bool, 100)
	d := bench(t, func() { <-let })
	t.Cleanup(func() { close(let) })
	d.small()
	d.press(id("start"))
	let <- true
	let <- true
	done := func(n int) string {
		return fmt.Sprintf(`document.querySelector('%s')?.dataset.done === "%d"`, id("progress"), n)
	}
	d.wait(done(2))
	d.press(id("pause"))
	d.wait(`document.querySelector('` + id("open") + `').dataset.state === "paused" && !!document.querySelector('` + id("resume") + `')`)
	let <- true // the cell at hand is finished all the same
	d.wait(done(3))
	d.press(id("resume"))
	for range 5 {
		let <- true
	}
	d.wait(over + " && " + done(8))
	d.quiet()
}

func TestExperimentFieldsComplain(t *testing.T) {
	d := bench(t, func() { time.Sleep(time.Millisecond) })
	shown := func(field, says string) {
		t.Helper()
		d.wait(fmt.Sprintf(`(e => e && !e.hidden && e.textContent.includes(%q))(document.querySelector('%s'))`, says, id("problem-"+field)))
	}
	d.enter("examples", "many")
	shown("examples", "not a whole number")
	if !evaluate[bool](d, `document.querySelector('`+id("start")+`').disabled`) {
		t.Error("a bad grid can be started")
	}
	d.enter("examples", "5")
	// Only the server knows the models' context.
	d.enter("context", "5000")
	shown("context", "at most 384")
	d.enter("context", "384")
	d.wait(`document.querySelector('` + id("estimate") + `').textContent.includes("examples in")`)
	d.tick("models", "attention")
	d.tick("models", "ratplus")
	shown("models", "at least one")
}

// TestRemoveIsAskedAndUndone: removing asks first, and what was removed comes back with
// its results.
func TestRemoveIsAskedAndUndone(t *testing.T) {
	d := bench(t, func() {})
	d.enter("examples", "2")
	d.wait(`document.querySelector('` + id("estimate") + `').textContent.includes("examples in")`)
	d.press(id("start"))
	d.wait(over)
	d.press(id("copy-grid"))
	d.wait(`document.querySelector('` + id("form-belongs") + `').textContent === "The grid of the experiment shown."`)
	d.press(id("remove"))
	d.press(id("remove-no"))
	d.wait(`document.querySelectorAll('` + id("list") + ` button').length === 1 && !document.querySelector('` + id("remove-yes") + `')`)
	d.press(id("remove"))
	d.press(id("remove-yes"))
	d.wait(`document.querySelectorAll('` + id("list") + ` button').length === 0`)
	d.press(id("undo-remove"))
	d.wait(over)
	d.wait(`document.querySelectorAll('` + id("list") + ` button').length === 1 && !document.querySelector('` + id("removed") + `')`)
	d.quiet()
}
