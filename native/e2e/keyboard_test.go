package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kvscope/web/state"
	"kvscope/web/view"
)

// Every key of the list does what the list says.
func TestEveryKey(t *testing.T) {
	d := sit(t, "?at=5")
	d.finished("")
	d.do(browser.GrantPermissions([]browser.PermissionType{browser.PermissionTypeClipboardReadWrite, browser.PermissionTypeClipboardSanitizedWrite}))
	dataset := func(of, name, want string) string {
		return fmt.Sprintf(`document.querySelector('%s')?.dataset.%s === %q`, id(of), name, want)
	}
	line := func(n int) string { return dataset("timeline", "line", fmt.Sprint(n)) }
	locked := func(head string) string {
		return dataset("heads-0", "locked", head) + " && " + dataset("heads-1", "locked", head)
	}
	address := func(part string) string { return fmt.Sprintf(`location.search.includes(%q)`, part) }
	gone := func(part string) string { return "!" + address(part) }
	// What is to be seen after each key, in this order; a key may come several times.
	type press struct{ label, want string }
	presses := []press{
		{"→", line(1)},
		{"→", line(2)},
		{"←", line(1)},
		{"Home", line(0) + " && " + address("line=0")},
		{"→", line(1)},
		{"End", line(0) + " && " + gone("line=")},
		{"↓", locked("0.0")},
		{"↓", locked("0.1")},
		{"⇧ ↓", locked("1.1")},
		{"⇧ ↑", locked("0.1")},
		{"↑", locked("0.0")},
		{"Esc", locked("all")},
		{"?", `!!document.querySelector('` + id("keys") + `')`},
		{"Esc", `!document.querySelector('` + id("keys") + `')`},
		{"m", dataset("heads-1", "metric", "density")},
		{"m", dataset("heads-1", "metric", "error")},
		{"m", dataset("heads-1", "metric", "kind")},
		{"m", dataset("heads-1", "metric", "memory")},
		{"m", dataset("heads-1", "metric", "hit")},
		{"s", `document.querySelector('` + id("legend-view-0") + `').textContent.includes("dense attention")`},
		{"s", `document.querySelector('` + id("legend-view-0") + `').textContent.includes("share of heads")`},
		{"g", `[0, 1].every(i => { const s = document.querySelector('[data-testid="strip-' + i + '"]'), a = s.querySelector(".asked").getBoundingClientRect(), b = s.getBoundingClientRect(); return a.top >= b.top && a.bottom <= b.bottom })`},
		{"r", dataset("heads-0", "ranked", "true")},
		{"r", `!document.querySelector('` + id("heads-0") + `').dataset.ranked`},
		{"z", address("zoomed=1")},
		{"z", gone("zoomed")},
		{"d", dataset("grid-1", "diff", "true") + " && " + dataset("grid-0", "diff", "false")},
		{"d", dataset("grid-1", "diff", "false")},
		{"w", dataset("explorer", "wide", "true") + ` && getComputedStyle(document.querySelector('[data-part="grid"]')).display === "none"`},
		{"w", dataset("explorer", "wide", "false")},
		{"]", `document.querySelector('` + id("speed") + `').value === "2" && ` + address("speed=2")},
		{"[", `document.querySelector('` + id("speed") + `').value === "1"`},
		{"[", `document.querySelector('` + id("speed") + `').value === "1/2"`},
		{"p", `!!document.querySelector('[aria-label="pause"]')`},
		{"p", `!!document.querySelector('[aria-label="play"]')`},
		{"c", `document.querySelector('` + id("said") + `').textContent.includes("copied")`},
		{"h", dataset("explorer", "present", "true")},
		{"h", dataset("explorer", "present", "false")},
		{"↓", locked("0.0")},
		{"v", dataset("view-0", "view", "attention") + ` && document.querySelectorAll('.map[data-built="true"]').length === 2`},
		{"l", dataset("map-0", "linear", "true") + ` && !document.querySelector('` + id("legend-map-0") + `').textContent.includes("log")`},
		{"l", dataset("map-0", "linear", "false") + ` && document.querySelector('` + id("legend-map-0") + `').textContent.includes("log")`},
		{"k", dataset("map-0", "nosink", "true")},
		{"0", gone("map=") + " && " + dataset("map-0", "frame", "")},
		{"v", dataset("view-0", "view", "memory")},
		{"v", dataset("view-0", "view", "scores")},
		{"v", dataset("view-0", "view", "block")},
		{"v", dataset("view-0", "view", "training")},
		{"v", dataset("view-0", "view", "prompt")},
		{"f", address("force=5") + " && " + allDone},
		{"x", address("drop=5") + " && " + gone("force") + " && " + allDone},
		{"/", `document.activeElement.value === "MK-1"`},
		{"n", dataset("lesson", "at", "quest.2")},
		{"b", dataset("lesson", "at", "quest.1")},
	}
	keys := map[string]state.Key{}
	page := state.New(state.DefaultPlace(), view.States(view.All()))
	for _, k := range page.Keys() {
		keys[k.Label] = k
	}
	tried := map[string]bool{"Space": true} // below: it has to be told from the run before
	do := func(label string) {
		t.Helper()
		k, ok := keys[label]
		if !ok {
			t.Fatalf("no key %q is listed", label)
		}
		tried[label] = true
		name := map[string]string{
			"ArrowLeft": kb.ArrowLeft, "ArrowRight": kb.ArrowRight, "ArrowUp": kb.ArrowUp, "ArrowDown": kb.ArrowDown,
			"Home": kb.Home, "End": kb.End, "Escape": kb.Escape,
		}[k.Keys[0]]
		var shift []chromedp.KeyOption
		if name == "" {
			name = k.Keys[0]
		} else if k.Shift {
			shift = append(shift, chromedp.KeyModifiers(input.ModifierShift))
		}
		d.do(chromedp.KeyEvent(name, shift...))
	}
	for i, p := range presses {
		if p.label == "g" {
			evaluate[any](d, `document.querySelectorAll(".strip").forEach(s => s.scrollTop = s.scrollHeight)`)
		}
		if p.label == "n" {
			evaluate[any](d, `document.activeElement.blur(); history.replaceState(null, "", "?task=MK-2&seed=3&budget=1/4&head=1.1&lesson=quest.1"); window.dispatchEvent(new PopStateEvent("popstate"))`)
			d.wait(dataset("lesson", "at", "quest.1") + " && " + allDone)
		}
		if p.label == "0" {
			evaluate[any](d, `history.replaceState(null, "", location.search + "&map=100,50,60"); window.dispatchEvent(new PopStateEvent("popstate"))`)
			d.wait(dataset("map-0", "frame", "100,50,60"))
		}
		do(p.label)
		err := chromedp.Run(d.tab.Context, chromedp.Poll(p.want, nil, chromedp.WithPollingTimeout(30*time.Second)))
		if err != nil {
			t.Fatalf("press %d, %s (%s): %v\n%s\naddress: %s", i, p.label, keys[p.label].About, err, p.want, evaluate[string](d, "location.search"))
		}
	}
	d.press(id("lesson-close"))
	evaluate[any](d, "document.activeElement.blur()")
	gens := d.gens()
	do("Space")
	d.finished(gens)
	for label := range keys {
		if !tried[label] {
			t.Errorf("%s is listed and was not tried", label)
		}
	}
	// Letters are no keys once that is chosen in the list, to which Tab leads.
	d.do(chromedp.KeyEvent("?"))
	d.wait(`document.activeElement.dataset.testid === "keys-close"`)
	d.do(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(" "))
	d.wait(`document.querySelectorAll('` + id("keys") + ` del').length >= 15 && localStorage.getItem("kvscope.letters") === "off"`)
	d.do(chromedp.KeyEvent(kb.Escape))
	d.wait(`!document.querySelector('` + id("keys") + `')`)
	evaluate[any](d, "document.activeElement.blur()")
	metric := evaluate[string](d, `document.querySelector('`+id("heads-1")+`').dataset.metric`)
	d.do(chromedp.KeyEvent("m"), chromedp.KeyEvent(kb.Home))
	d.wait(line(0))
	if got := evaluate[string](d, `document.querySelector('`+id("heads-1")+`').dataset.metric`); got != metric {
		t.Errorf("a letter that is no key makes the metric %s, it was %s", got, metric)
	}
	d.press(`[aria-label="keys"]`)
	d.press(id("letters"))
	d.press(id("keys-close"))
	// What is typed into a field is no key.
	before := evaluate[string](d, "location.search")
	d.do(chromedp.Focus(`[data-field="context"]`, chromedp.ByQuery), chromedp.KeyEvent("vh?"))
	if got := evaluate[string](d, `document.querySelector('[data-field="context"]').value`); !strings.HasSuffix(got, "vh?") || evaluate[string](d, "location.search") != before {
		t.Errorf("typed, the field holds %q and the address says %s", got, evaluate[string](d, "location.search"))
	}
	d.quiet()
}

// The list of keys opens and closes on every page, and the keyboard comes past the header.
func TestKeysOnEveryPage(t *testing.T) {
	d := sit(t, "lessons")
	for _, page := range []string{"lessons", "notes?lesson=quest.3", "traces", "gallery"} {
		d.do(chromedp.Navigate(d.url + "/" + page))
		d.wait(`document.documentElement.dataset.boot === "running" && !!document.querySelector("main")`)
		d.press(`[aria-label="keys"]`)
		d.wait(`document.activeElement.dataset.testid === "keys-close"`)
		d.do(chromedp.KeyEvent(kb.Escape))
		d.wait(`!document.querySelector('` + id("keys") + `')`)
		d.press(id("skip"))
		if at := evaluate[string](d, "document.activeElement.tagName"); at != "MAIN" {
			t.Errorf("%s: past the header the keyboard comes to %s", page, at)
		}
	}
	d.quiet()
}
