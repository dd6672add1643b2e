package e2e

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tabTo presses Tab until what has the keyboard is what a selector finds, or in it, and
// is how often.
func (d *desk) tabTo(selector string) int {
	d.t.Helper()
	for n := 1; n <= 80; n++ {
		d.do(chromedp.KeyEvent(kb.Tab))
		if evaluate[bool](d, fmt.Sprintf(`document.querySelector(%q).contains(document.activeElement)`, selector)) {
			return n
		}
	}
	d.t.Fatalf("Tab does not come to %s", selector)
	return 0
}

// key presses one.
func (d *desk) key(name string, options ...chromedp.KeyOption) {
	d.t.Helper()
	d.do(chromedp.KeyEvent(name, options...))
}

// Blocks, heads and the prompt are one stop of Tab each; arrows move in them, Enter keeps
// what they are at, and f and x force and drop the block, without a pointer.
func TestKeysInGrids(t *testing.T) {
	d := sit(t, "?head=1.1")
	d.finished("")
	d.key(kb.Tab)
	d.wait(`document.activeElement.dataset.testid === "skip"`)
	d.key(kb.Enter)
	d.wait(`document.activeElement.tagName === "MAIN"`)

	// Blocks.
	cells := id("grid-0") + " .grid-cells"
	d.tabTo(cells)
	at := func() string { return evaluate[string](d, `document.querySelector('`+cells+`').dataset.at`) }
	label := func() string {
		return evaluate[string](d, `document.querySelector('`+cells+` [role="gridcell"]').ariaLabel`)
	}
	d.key(kb.Home)
	d.wait(`document.querySelector('` + cells + `').dataset.at.endsWith(".0")`)
	for range 5 {
		d.key(kb.ArrowRight)
	}
	d.key(kb.ArrowDown)
	d.wait(`document.querySelector('` + cells + `').dataset.at.endsWith(".5")`)
	if got, want := label()[:8], "block 5:"; got != want {
		t.Errorf("at %s the cell is called %q", at(), label())
	}
	d.wait(`document.querySelector('` + id("inspector-block") + `').dataset.block === "5"`)
	d.rerun(func() { d.key("f") })
	d.wait(`location.search.includes("force=5")`)
	d.rerun(func() { d.key("x") })
	d.wait(`location.search.includes("drop=5") && !location.search.includes("force")`)
	d.key(kb.Enter)
	d.wait(`location.search.includes("at=5") && document.querySelector('` + cells + ` [role="gridcell"]').ariaSelected === "true"`)
	d.key(kb.Enter)
	d.wait(`!location.search.includes("at=5")`)
	d.key(kb.End)
	last := evaluate[int](d, `Number(document.querySelector('`+id("grid-0")+`').dataset.columns)`) - 1
	d.wait(fmt.Sprintf(`document.querySelector('%s').dataset.at.endsWith(".%d")`, cells, last))

	// Heads: the stop is the one that is locked.
	heads := id("heads-0")
	d.tabTo(heads)
	focused := func(layer, head int) string {
		return fmt.Sprintf(`document.activeElement.dataset.layer === "%d" && document.activeElement.dataset.head === "%d"`, layer, head)
	}
	d.wait(focused(1, 1))
	d.key(kb.ArrowUp)
	d.wait(focused(0, 1))
	d.key(kb.ArrowLeft)
	d.wait(focused(0, 0) + ` && document.querySelector('` + id("column-0") + ` .figures .title').textContent.includes("Layer 0 head 0")`)
	d.key(kb.End)
	d.wait(focused(1, 1))
	d.key(kb.Home)
	d.key(kb.Enter)
	d.wait(`document.querySelector('` + heads + `').dataset.locked === "0.0"`)
	d.key(kb.Tab)
	if evaluate[bool](d, `document.querySelector('`+heads+`').contains(document.activeElement)`) {
		t.Error("the heads are two stops of Tab")
	}
	d.key(kb.Tab, chromedp.KeyModifiers(input.ModifierShift))
	d.wait(focused(0, 0))

	// The prompt.
	strip := id("strip-0")
	d.tabTo(strip)
	current := func() int {
		n, err := strconv.Atoi(evaluate[string](d, `(e => document.getElementById(e.getAttribute("aria-activedescendant")).dataset.b)(document.querySelector('`+strip+`'))`))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	d.key(kb.Home)
	d.key(kb.ArrowRight)
	if got := current(); got != 1 {
		t.Errorf("the block after the first is %d", got)
	}
	d.key(kb.ArrowDown)
	below := current()
	if below <= 1 {
		t.Errorf("below block 1 is block %d", below)
	}
	d.key(kb.ArrowUp)
	if got := current(); got >= below {
		t.Errorf("above block %d is block %d", below, got)
	}
	d.key(kb.Enter)
	d.wait(fmt.Sprintf(`location.search.includes("at=%d")`, current()))

	// What was answered is heard, and the list of keys keeps the keyboard while it is open.
	d.has(id("outcome"), "Attention")
	d.has(id("outcome"), "expected")
	d.key("?")
	d.wait(`document.activeElement.dataset.testid === "keys-close"`)
	d.key(kb.Tab)
	d.wait(`document.activeElement.dataset.testid === "letters"`)
	d.key(kb.Tab)
	d.wait(`document.activeElement.dataset.testid === "keys-close"`)
	d.key(kb.Escape)
	d.wait(`!document.querySelector('` + id("keys") + `') && document.activeElement.dataset.testid === "strip-0"`)
	d.quiet()
}
