package e2e

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/viz/number"
)

// columns lets n columns be done.
func (d *desk) columns(n int) {
	d.t.Helper()
	d.wait(fmt.Sprintf(`document.querySelectorAll('section.column').length === %d && document.querySelectorAll('section.column[data-state="done"][data-stale="false"]').length === %d`, n, n))
}

// shown compares a column's picks of head 1.1 with the run of a request.
func (d *desk) shown(side int, req run.Request) {
	d.t.Helper()
	r := d.direct(req)
	page := d.picks(side)
	if len(page) == 0 {
		d.t.Fatalf("column %d has no lines", side)
	}
	for step, got := range page {
		n, _ := strconv.Atoi(step)
		if want := picked(r.Selection(n, 1, 1)); got != want {
			d.t.Errorf("column %d, step %d: the page says %s, the run %s", side, n, got, want)
		}
	}
}

// Columns can be added, and show what was asked for.
func TestColumns(t *testing.T) {
	d := sit(t, "?head=1.1")
	d.finished("")
	d.press(id("add-column"))
	d.columns(3)
	pick := func(side int, part, value string) {
		t.Helper()
		evaluate[any](d, fmt.Sprintf(`(e => { e.value = %q; e.dispatchEvent(new Event("change", {bubbles: true})) })(document.querySelector('select[data-column="%d"][data-part="%s"]'))`, value, side, part))
	}
	gens := d.gens()
	pick(2, "method", "streaming")
	d.wait(fmt.Sprintf("%s !== %q", gensOf, gens))
	d.columns(3)
	if got := evaluate[string](d, "location.search"); !strings.Contains(got, "third=ratplus:streaming") {
		t.Errorf("the address is %s", got)
	}
	d.shown(0, run.Request{Model: "attention", Task: "MK-1", Seed: 1, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}})
	d.shown(2, run.Request{Model: "ratplus", Task: "MK-1", Seed: 1, Config: sparse.Config{Method: "streaming", Values: sparse.Values{"budget": "1/8", "block": "16"}}})
	d.press(id("remove-column"))
	d.columns(2)

	// The 2 x 2 swap of what is selected by and what is computed with.
	d.press(id("swap"))
	d.columns(4)
	for side, with := range [][2]string{{"", ""}, {"plain", ""}, {"", "plain"}, {"plain", "plain"}} {
		req := run.Request{Model: "ratplus", Task: "MK-1", Seed: 1, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}, SelectWith: with[0], ComputeWith: with[1]}
		d.shown(side, req)
		label := evaluate[string](d, fmt.Sprintf(`document.querySelector('%s')?.textContent ?? ""`, id("counterfactual-"+strconv.Itoa(side))))
		if changed := with != [2]string{}; changed != strings.Contains(label, "what-if") {
			t.Errorf("column %d is labelled %q", side, label)
		}
	}
	d.quiet()
}

// The memory can be weakened and capped, which is labelled, and leaves the model
// without one alone.
func TestMemoryControls(t *testing.T) {
	d := sit(t, "?head=1.1")
	d.finished("")
	gens := d.gens()
	d.write("memory_strength", "0")
	d.leave("memory_strength")
	d.finished(gens)
	none := 0.0
	d.shown(1, run.Request{Model: "ratplus", Task: "MK-1", Seed: 1, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}, MemoryStrength: &none})
	d.wait(`document.querySelector('` + id("counterfactual-1") + `').textContent.includes("memory at 0.0%")`)
	if evaluate[bool](d, `!!document.querySelector('`+id("counterfactual-0")+`')`) {
		t.Error("a model without memory is labelled")
	}
	gens = d.gens()
	d.write("memory_strength", "1")
	d.write("memory_cap", "4")
	d.leave("memory_cap")
	d.finished(gens)
	d.shown(1, run.Request{Model: "ratplus", Task: "MK-1", Seed: 1, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}, MemoryCap: new(4)})
	d.quiet()
}

// A block can be dropped and forced: the picks are those of the edited run, and the
// logits are compared with the run without.
func TestForceAndDrop(t *testing.T) {
	d := sit(t, "?head=1.1&at=0")
	d.finished("")
	base := run.Request{Model: "ratplus", Task: "MK-1", Seed: 1, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}}
	gens := d.gens()
	d.press(id("edit-drop"))
	d.finished(gens)
	edited := base
	edited.Drop = "0"
	d.shown(1, edited)
	before, after := d.direct(base), d.direct(edited)
	change := number.Change(float64(after.Steps[0].Want.Logit-before.Steps[0].Want.Logit), 2)
	d.wait(fmt.Sprintf(`document.querySelector('%s [data-figure="change"][data-side="1"]').textContent === %q`, id("inspector-step"), change))
	tokens := evaluate[int](d, `document.querySelectorAll('`+id("answer-1")+` .before').length`)
	if tokens == 0 {
		t.Error("the answer of before is not shown")
	}
	gens = d.gens()
	d.do(chromedp.KeyEvent("f"))
	d.finished(gens)
	edited.Drop, edited.Force = "", "0"
	d.shown(1, edited)
	gens = d.gens()
	evaluate[any](d, "history.back()")
	d.finished(gens)
	edited.Drop, edited.Force = "0", ""
	d.shown(1, edited)
	gens = d.gens()
	d.press(id("edit-drop"))
	d.finished(gens)
	d.shown(1, base)
	d.wait(`!document.querySelector('` + id("counterfactual-1") + `')`)
	d.quiet()
}

// The difference of two columns is that of their traces, and so is what the heads
// have in common.
func TestDifference(t *testing.T) {
	d := sit(t, "?head=1.1")
	d.finished("")
	d.press(id("compare-1"))
	d.wait(`document.querySelector('` + id("grid-1") + `').dataset.diff === "true"`)
	left := d.direct(run.Request{Model: "attention", Task: "MK-1", Seed: 1, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}})
	right := d.direct(run.Request{Model: "ratplus", Task: "MK-1", Seed: 1, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}})
	has := func(s *trace.Selection, b int) bool { return s != nil && b < s.Candidates && s.Has(0, b) }
	var jaccard float64
	n := 0
	for step := range right.Steps {
		var only, both, other []string
		a, b := left.Selection(step, 1, 1), right.Selection(step, 1, 1)
		for i := range b.Candidates {
			name := strconv.Itoa(i)
			switch {
			case has(a, i) && has(b, i):
				both = append(both, name)
			case has(a, i):
				only = append(only, name)
			case has(b, i):
				other = append(other, name)
			}
		}
		row := fmt.Sprintf(`%s .grid-row[data-step="%d"]`, id("grid-1"), step)
		for name, want := range map[string][]string{"left": only, "both": both, "right": other} {
			if got := d.data(row, name); a != nil && got != strings.Join(want, ",") {
				t.Errorf("step %d, %s: %s on the page, %v in the runs", step, name, got, want)
			}
		}
		if a != nil {
			// In positions: the last block is cut by the query.
			weigh := func(list []string) (sum float64) {
				for _, name := range list {
					i, _ := strconv.Atoi(name)
					sum += float64(min(16, b.First+1-i*16))
				}
				return sum
			}
			jaccard += weigh(both) / (weigh(only) + weigh(both) + weigh(other))
			n++
		}
	}
	got := evaluate[string](d, `document.querySelector('`+id("column-1")+` `+id("jaccard")+`').textContent`)
	x, err := strconv.ParseFloat("0"+got, 64)
	if err != nil || math.Abs(x-jaccard/float64(n)) > 0.0051 {
		t.Errorf("in common is %s on the page, %g in the runs", got, jaccard/float64(n))
	}
	if d.data(id("heads-1"), "metric") != "jaccard" || d.data(id("heads-0"), "metric") == "jaccard" {
		t.Error("the heads of the second column are not those in common")
	}
	d.quiet()
}

// Everything a method has to offer can be set, and is run.
func TestOptions(t *testing.T) {
	d := sit(t, "?head=1.1")
	d.finished("")
	set := func(field, value string) {
		t.Helper()
		gens := d.gens()
		d.write(field, value)
		d.leave(field)
		d.finished(gens)
	}
	set("k", "3")
	set("block", "8")
	set("max_new", "2")
	d.shown(0, run.Request{Model: "attention", Task: "MK-1", Seed: 1, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "8", "k": "3"}}, MaxNew: new(2)})
	if n := len(d.picks(0)); n != 2 {
		t.Errorf("%d steps, want 2", n)
	}
	gens := d.gens()
	d.choose("selector", "random")
	d.finished(gens)
	set("selector_seed", "5")
	d.shown(0, run.Request{Model: "attention", Task: "MK-1", Seed: 1, Config: sparse.Config{Method: "quest", Selector: "random", SelectorSeed: 5, Values: sparse.Values{"budget": "1/8", "block": "8", "k": "3"}}, MaxNew: new(2)})
	for method, more := range map[string]func(*run.Request){
		"h2o": func(*run.Request) {}, "twilight": func(r *run.Request) { r.Config = r.With("top_p", "0.8") },
	} {
		d.do(chromedp.Navigate(d.url + "/?head=1.1&budget=1/2&method=" + method + "&max_new=2"))
		d.finished("")
		req := run.Request{Model: "attention", Task: "MK-1", Seed: 1, Config: sparse.Config{Method: method, Values: sparse.Values{"budget": "1/2", "block": "16"}}, MaxNew: new(2)}
		if method == "twilight" {
			set("top_p", "0.8")
		}
		more(&req)
		d.shown(0, req)
	}
	d.quiet()
}
