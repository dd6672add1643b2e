package e2e

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"kvscope/engine/run"
	"kvscope/native/browsertest"
)

// A run is stopped midway: what arrived stays and can be stepped through, and is what
// the run picked; then it is run again.
func TestStopMidRun(t *testing.T) {
	onServer(t, "its run halts after two steps; TestStopInTheBrowser stops one of the browser")
	e := newEngine(t)
	runner := &halting{Cache: run.NewCache(e, 1<<28)}
	runner.halt.Store(true)
	s := httptest.NewServer(newServer(t, runner))
	t.Cleanup(s.Close)
	d := &desk{t, browsertest.Open(t), e, s.URL}
	d.do(chromedp.Navigate(s.URL + "/?head=1.1"))
	const answered = `document.querySelectorAll('.token[data-state="right"], .token[data-state="wrong"]').length`
	d.wait(answered + " === 4") // two steps in both columns
	// How far it is can be seen.
	planned := evaluate[int](d, `document.querySelectorAll('`+id("answer-0")+` .token').length`)
	d.has(id("column-0")+" .status", fmt.Sprintf("answering, token 3 of about %d", planned))
	if got := evaluate[string](d, `document.querySelector('`+id("column-0")+` [role="progressbar"]').ariaValueNow`); got != strconv.Itoa(200/planned) {
		t.Errorf("progress is %s%% after 2 of %d tokens", got, planned)
	}
	d.press(id("stop"))
	d.wait(`document.querySelectorAll('section.column[data-state="idle"]').length === 2 && !document.querySelector('` + id("run") + `').hidden && document.querySelector('` + id("stop") + `').hidden`)
	d.has(id("column-0")+" .status", "stopped")
	if n := evaluate[int](d, answered); n != 4 {
		t.Errorf("%d tokens are left of what arrived, want 4", n)
	}
	for side, model := range []string{"attention", "ratplus"} {
		r, page := d.direct(withModel(quest, model)), d.picks(side)
		if len(page) < 2 || len(page) >= planned {
			t.Errorf("%s: %d lines of a run stopped at its third", model, len(page))
		}
		for step, got := range page {
			n, _ := strconv.Atoi(step)
			if want := picked(r.Selection(n, 1, 1)); got != want {
				t.Errorf("%s, step %d: the page says %s, the run %s", model, n, got, want)
			}
		}
	}
	d.press(id("timeline") + ` [aria-label="next step"]`)
	d.wait(`document.querySelector('` + id("timeline") + `').dataset.line === "1"`)
	runner.halt.Store(false)
	d.rerun(func() { d.press(id("run")) })
	d.both(quest)
	d.quiet()
}

// The timeline steps line by line through what the run picked, plays at the speed
// chosen, and rests at the ends.
func TestStepAndSpeed(t *testing.T) {
	d := sit(t, "?head=1.1&line=0")
	d.finished("")
	r := d.direct(withModel(quest, "attention"))
	last := len(r.Steps) - 1
	at := func(step int) {
		t.Helper()
		d.wait(fmt.Sprintf(`document.querySelector('%s').dataset.line === "%d"`, id("timeline"), step))
		grid := id("grid-0")
		if got, want := d.data(grid, "picked"), picked(r.Selection(step, 1, 1)); got != want || d.data(grid, "step") != strconv.Itoa(step) {
			t.Errorf("at step %d the grid says %s at step %s, the run %s", step, got, d.data(grid, "step"), want)
		}
		current := evaluate[string](d, `document.querySelector('`+id("answer-0")+` [aria-current="step"]').dataset.step`)
		if current != strconv.Itoa(step) {
			t.Errorf("at step %d token %s is marked", step, current)
		}
		// The prompt is shaded by the same picks.
		shaded := evaluate[[]string](d, `[...document.querySelectorAll('`+id("strip-0")+` .tb')].filter(e => Number(e.style.getPropertyValue("--v")) > 0).map(e => e.dataset.b)`)
		blocks := strings.Split(picked(r.Selection(step, 1, 1)), ",")
		blocks = slices.DeleteFunc(blocks, func(b string) bool { n, _ := strconv.Atoi(b); return n*16 >= len(r.Header.Tokens) })
		if fmt.Sprint(shaded) != fmt.Sprint(blocks) {
			t.Errorf("at step %d blocks %v are shaded, %v were picked", step, shaded, blocks)
		}
	}
	button := func(name string) { t.Helper(); d.press(id("timeline") + ` [aria-label="` + name + `"]`) }
	disabled := func(name string) bool {
		return evaluate[bool](d, `document.querySelector('`+id("timeline")+` [aria-label="`+name+`"]').disabled`)
	}
	at(0)
	if !disabled("previous step") || disabled("next step") {
		t.Error("at the first line the way back is open, or the way on is not")
	}
	button("next step")
	at(1)
	button("next step")
	at(2)
	button("previous step")
	at(1)
	d.press(id("answer-1") + ` [data-step="` + strconv.Itoa(last) + `"]`)
	at(last)
	if !disabled("next step") {
		t.Error("at the last line the way on is open")
	}

	speed := func(value string) {
		t.Helper()
		d.menu(id("speed"), value)
		d.wait(fmt.Sprintf(`new URLSearchParams(location.search).get("speed") === %q`, value))
	}
	evaluate[any](d, `(e => new MutationObserver(() => rested.push([Number(e.dataset.line), performance.now()])).observe(e, {attributes: true, attributeFilter: ["data-line"]}))(document.querySelector('`+id("timeline")+`')); null`)
	// play goes on by itself to a line, and is how long it rested on each, in milliseconds.
	play := func(line int) float64 {
		t.Helper()
		evaluate[any](d, "window.rested = []; null")
		button("play")
		d.wait(fmt.Sprintf("rested.length > 1 && rested.at(-1)[0] >= %d", line))
		return evaluate[float64](d, "(rested.at(-1)[1] - rested[0][1]) / (rested.at(-1)[0] - rested[0][0])")
	}
	speed("4")
	fast := play(last) // from the end it begins anew
	d.wait(`!!document.querySelector('` + id("timeline") + ` [aria-label="play"]')`)
	at(last)
	speed("1/2")
	slow := play(2)
	button("pause")
	if slow < 600 || fast > slow/2 {
		t.Errorf("a line rests for %.0f ms at half speed and for %.0f at four times it", slow, fast)
	}
	line := d.data(id("timeline"), "line")
	time.Sleep(800 * time.Millisecond)
	if now := d.data(id("timeline"), "line"); now != line {
		t.Errorf("paused at line %s it went on to %s", line, now)
	}
	d.quiet()
}
