package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kvscope/engine/run"
	"kvscope/web/state"
)

// The way back and forward goes through the runs that were asked for, and every one
// shows its own picks; what was only looked at leaves no trace in the history.
func TestHistory(t *testing.T) {
	d := sit(t, "?head=1.1")
	d.finished("")
	asked := []run.Request{quest, quest, quest, quest}
	asked[1].Config = asked[1].With("budget", "1/4")
	asked[2].Method = "oracle-block"
	asked[2].Config = asked[2].With("budget", "1/4")
	asked[3].Method, asked[3].Seed = "oracle-block", 2
	asked[3].Config = asked[3].With("budget", "1/4")
	d.rerun(func() { d.choose("budget", "1/4") })
	d.do(chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent("r"), chromedp.KeyEvent("r"))
	d.wait(`location.search.includes("line=1")`)
	d.rerun(func() { d.choose("method", "oracle-block") })
	d.rerun(func() { d.press(id("next-seed")) })
	length := evaluate[int](d, "history.length")
	shows := func(i int) {
		t.Helper()
		d.both(asked[i])
		form := evaluate[[]string](d, `[document.querySelector('`+id("choose-budget")+` :checked').value, document.querySelector('`+id("choose-method")+` :checked').value]`)
		if form[0] != asked[i].Values["budget"] || form[1] != asked[i].Method {
			t.Errorf("run %d: the form says %v", i, form)
		}
	}
	shows(3)
	for i := 2; i >= 0; i-- {
		d.rerun(func() { evaluate[any](d, "history.back()") })
		shows(i)
	}
	for i := 1; i <= 3; i++ {
		d.rerun(func() { evaluate[any](d, "history.forward()") })
		shows(i)
	}
	if n := evaluate[int](d, "history.length"); n != length {
		t.Errorf("going back and forth made %d entries of %d", n, length)
	}
	d.quiet()
}

// Every part can be left out by the address, alone and with others, and presentation
// leaves out all that is not for an audience; the rest keeps its place and its picks.
func TestHidingAndPresenting(t *testing.T) {
	d := sit(t, "?head=1.1")
	d.finished("")
	selectors := map[string]string{
		"header": ".header", "controls": ".controls", "inspector": ".inspector", "timeline": ".timeline",
		"question": ".question-bar", "answer": `[data-part="answer"]`, "grid": `[data-part="grid"]`, "heads": `[data-part="heads"]`, "view": `[data-part="view"]`,
	}
	shown := func(parts ...string) {
		t.Helper()
		for _, part := range state.Parts() {
			d.wait(fmt.Sprintf(`[...document.querySelectorAll('.explorer %s')].every(e => (getComputedStyle(e).display === "none") === %v)`, selectors[part], !slices.Contains(parts, part)))
		}
	}
	but := func(hidden ...string) []string {
		return slices.DeleteFunc(state.Parts(), func(p string) bool { return slices.Contains(hidden, p) })
	}
	for _, part := range state.Parts() {
		d.visit("?head=1.1&hide=" + part)
		shown(but(part)...)
	}
	d.visit("?head=1.1&hide=controls,inspector,nonsense,header")
	shown(but("controls", "inspector", "header")...)
	if got := evaluate[string](d, `document.querySelector('.explorer').dataset.hide`); got != "header,controls,inspector" {
		t.Errorf("left out is %q", got)
	}
	width := evaluate[float64](d, `document.querySelector(".centre").getBoundingClientRect().width / innerWidth`)
	if width < 0.99 {
		t.Errorf("without its sides the centre has %.0f%% of the window", 100*width)
	}
	d.visit("?head=1.1&present=1&hide=timeline")
	shown("header", "question", "answer", "grid", "heads", "view")
	d.both(quest)
	d.visit("?head=1.1")
	d.wait(`document.querySelector(".explorer").dataset.present === "false"`)
	size := evaluate[string](d, "getComputedStyle(document.documentElement).fontSize")
	d.press(id("present"))
	shown("header", "timeline", "question", "answer", "grid", "heads", "view")
	if got := evaluate[string](d, "getComputedStyle(document.documentElement).fontSize"); got <= size {
		t.Errorf("for an audience letters are %s, without %s", got, size)
	}
	// Nothing is cut off at the sides, and every view has its legend.
	if over := evaluate[[]string](d, `[...document.querySelectorAll(".heading, .legend, .answer")].filter(e => e.scrollWidth > e.clientWidth + 1 && e.offsetParent).map(e => e.textContent)`); len(over) > 0 {
		t.Errorf("cut off: %s", strings.Join(over, "; "))
	}
	d.do(chromedp.KeyEvent(kb.Escape))
	shown(state.Parts()...)
	d.quiet()
}

// A change writes one address, and the pointer none however far it moves.
func TestOneAddressAChange(t *testing.T) {
	d := sit(t, "?head=1.1")
	d.finished("")
	evaluate[any](d, `(() => { window.writes = 0; for (const how of ["pushState", "replaceState"]) {
		const write = history[how].bind(history);
		history[how] = (...all) => { window.writes++; write(...all) };
	} })()`)
	for i := range 24 {
		d.moveTo(d.place(id("grid-1")+" canvas", 0.1+0.03*float64(i), 0.6))
		d.moveTo(d.place(id("strip-0"), 0.1+0.03*float64(i), 0.3))
	}
	if n := evaluate[int](d, "window.writes"); n != 0 {
		t.Errorf("48 moves of the pointer write %d addresses", n)
	}
	for _, c := range []struct {
		what, until string
		do          func()
	}{
		{"a step", `location.search.includes("line=1")`, func() { d.do(chromedp.KeyEvent(kb.ArrowRight)) }},
		{"a view", `location.search.includes("view=scores")`, func() { d.choose("view-1", "scores") }},
		{"a press", `location.search.includes("at=")`, func() { d.do(chromedp.Click(id("grid-1")+" canvas", chromedp.ByQuery)) }},
		{"another budget", `location.search.includes("budget=1/4")`, func() { d.rerun(func() { d.choose("budget", "1/4") }) }},
	} {
		evaluate[any](d, "window.writes = 0")
		c.do()
		d.wait(c.until)
		if n := evaluate[int](d, "window.writes"); n != 1 {
			t.Errorf("%s writes %d addresses", c.what, n)
		}
	}
	d.quiet()
}
