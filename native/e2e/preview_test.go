package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

const previewed = `document.querySelectorAll('section.column[data-preview="true"]').length === 2`

// marked fails the test unless both columns say that they show a preview.
func (d *desk) marked() {
	d.t.Helper()
	d.wait(previewed)
	for side := range 2 {
		column := id("column-" + strconv.Itoa(side))
		if got := evaluate[string](d, `document.querySelector('`+column+` .status').textContent`); !strings.Contains(got, "preview from the scores of the last run") {
			d.t.Errorf("column %d says %q", side, got)
		}
		if !evaluate[bool](d, `!!document.querySelector('`+column+` `+id("preview")+`').offsetWidth && getComputedStyle(document.querySelector('`+column+` .grid-cells')).outlineStyle === "dashed"`) {
			d.t.Errorf("column %d is not marked", side)
		}
		if n := evaluate[int](d, `document.querySelectorAll('`+column+` .token:not([data-state="waiting"]), `+column+` `+id("score")+`').length`); n != 0 {
			d.t.Errorf("column %d shows an answer beside a preview", side)
		}
	}
	if !evaluate[bool](d, `!!document.querySelector('`+id("inspector-block")+` .tag.preview') && document.querySelectorAll('`+id("inspector-cost")+` th.preview').length === 2`) {
		d.t.Error("the inspector is not marked")
	}
}

// Another budget is picked at once from the scores that the page has: marked, and in
// the first layer at the first step what the run will pick. The run replaces it.
func TestPreview(t *testing.T) {
	desk, g := sitGated(t, "?head=0.1&budget=1/8")
	desk.finished("")
	for _, c := range []struct {
		method, field, value string
		change               func(*run.Request)
	}{
		{"quest", "budget", "1/4", func(r *run.Request) { r.Config = r.With("budget", "1/4") }},
		{"quest", "k", "5", func(r *run.Request) { r.Config = r.With("k", "5") }},
		{"moba", "budget", "1/4", func(r *run.Request) { r.Config = r.With("budget", "1/4") }},
		{"snapkv", "budget", "1/4", func(r *run.Request) { r.Config = r.With("budget", "1/4") }},
		{"snapkv", "block", "8", func(r *run.Request) { r.Config = r.With("block", "8") }},
	} {
		t.Run(c.method+" "+c.field, func(t *testing.T) {
			d := desk.in(t)
			d.rerun(func() { d.visit("?head=0.1&budget=1/2&method=" + c.method) })
			gate := g.shut()
			gens := d.gens()
			if c.field == "budget" {
				d.choose(c.field, c.value)
			} else {
				d.write(c.field, c.value)
				d.leave(c.field)
			}
			d.marked()
			req := run.Request{Task: "MK-1", Seed: 1, Config: sparse.Config{Method: c.method, Values: sparse.Values{"budget": "1/2", "block": "16"}}}
			c.change(&req)
			for side, model := range []string{"attention", "ratplus"} {
				req.Model = model
				if got, want := d.picks(side)["0"], picked(d.direct(req).Selection(0, 0, 1)); got != want {
					t.Errorf("%s: the preview picks %s, the run %s", model, got, want)
				}
			}
			close(gate)
			d.finished(gens)
			d.wait(`document.querySelectorAll('[data-preview="true"], .tag.preview, th.preview').length === 0`)
			d.samePicks(req)
			d.quiet()
		})
	}
}

// A preview is no run: it is not saved, it ends with a run that fails or is stopped,
// and another block size, which the scores say nothing about, has none.
func TestPreviewIsNotTheAnswer(t *testing.T) {
	d, g := sitGated(t, "?head=1.1")
	d.finished("")
	before := fmt.Sprint(d.picks(0))
	g.shut()
	d.choose("budget", "1/4")
	d.marked()
	if fmt.Sprint(d.picks(0)) == before {
		t.Error("twice the budget picks the same blocks")
	}
	d.press(id("column-0") + ` ` + id("save-grid") + `[data-format="csv"]`)
	d.wait(`document.querySelector('` + id("said") + `').textContent.includes("A preview cannot be saved")`)
	d.do(chromedp.KeyEvent(" ")) // stop
	d.wait(`document.querySelectorAll('section.column[data-preview="false"][data-stale="true"][data-state="idle"]').length === 2`)
	if fmt.Sprint(d.picks(0)) != before {
		t.Error("a preview outlives its run")
	}
	gate := g.shut()
	d.do(chromedp.KeyEvent(" "))
	d.marked()
	for range 2 {
		gate <- fmt.Errorf("out of memory")
	}
	d.wait(`document.querySelectorAll('section.column[data-preview="false"][data-stale="true"][data-state="failed"]').length === 2`)
	d.wait(`document.querySelector('` + id("failure-0") + `').textContent !== ""`)
	if fmt.Sprint(d.picks(0)) != before {
		t.Error("a preview outlives a run that failed")
	}
	d.write("block", "8")
	d.leave("block")
	d.wait(`document.querySelectorAll('section.column[data-preview="false"][data-state="loading"]').length === 2`)
	gens := d.gens()
	close(gate)
	d.finished("")
	if d.gens() != gens {
		t.Errorf("runs %s, asked for %s", d.gens(), gens)
	}
	d.do(chromedp.KeyEvent(kb.Escape))
	d.samePicks(run.Request{Task: "MK-1", Seed: 1, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/4", "block": "8"}}})
	d.quiet()
}
