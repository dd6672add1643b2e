package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// focused says what has the keyboard, "" for the page itself, and what is wrong with
// it: that nothing shows it, that it is out of sight or behind something.
const focused = `(() => {
	const e = document.activeElement;
	if (e === document.body) return ["", ""];
	const outlined = x => x && getComputedStyle(x).outlineStyle !== "none";
	const r = e.getBoundingClientRect(), at = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
	let wrong = "";
	if (!outlined(e) && !outlined(e.nextElementSibling) && !outlined(e.parentElement)) wrong = "nothing shows that it has the keyboard";
	else if (r.bottom <= 0 || r.top >= innerHeight || r.right <= 0 || r.left >= innerWidth) wrong = "out of sight";
	else if (!at || !(e.parentElement.contains(at))) wrong = "behind " + (at?.className ?? "nothing");
	return [(e.dataset.field ?? e.dataset.testid ?? "") + " " + (e.getAttribute("aria-label") ?? e.textContent), wrong];
})()`

// The whole page is reached by Tab alone, in the order of reading, and at every stop it
// is seen where the keyboard is; keys that a control has no use for do no harm there.
func TestKeyboardAlone(t *testing.T) {
	d := sit(t, "")
	d.finished("")
	var stops []string
	for range 150 {
		d.do(chromedp.KeyEvent(kb.Tab))
		at := evaluate[[]string](d, focused)
		if at[0] == "" {
			break
		}
		stops = append(stops, at[0])
		if at[1] != "" {
			t.Errorf("stop %d, %s: %s", len(stops), at[0], at[1])
		}
		if len(stops)%8 == 1 {
			d.do(chromedp.KeyEvent(kb.F9))
		}
		if errs := d.tab.Errors(); len(errs) > 0 {
			t.Fatalf("stop %d, %s: %v", len(stops), at[0], errs)
		}
	}
	order := strings.Join(stops, "\n")
	last := -1
	for _, want := range []string{"Skip to", "copy link", "source ", "task ", "seed ", "method ", "budget ", "block ", "run Run", "step 0", "save-grid", "blocks picked", "layer 0 head 0", "Prompt", "the prompt of", "step 0", "layer 0 head 0", "play"} {
		i := strings.Index(order[last+1:], want)
		if i < 0 {
			t.Fatalf("no stop at %q after the others of\n%s", want, order)
		}
		last += 1 + i
	}
	d.quiet()
}

// One of a few is chosen with the arrows, and runs.
func TestKeyboardChooses(t *testing.T) {
	d := sit(t, "?head=1.1")
	d.finished("")
	gens := d.gens()
	d.do(chromedp.Focus(id("choose-budget")+` input[value="1/8"]`, chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowLeft))
	d.finished(gens)
	d.wait(`document.querySelector('` + id("column-0") + `').dataset.budget === "0.25" && document.activeElement.value === "1/4"`)
	for _, key := range []string{kb.Tab, kb.End, kb.F9, kb.Home} {
		d.do(chromedp.Focus(id("choose-budget")+` input[value="1/4"]`, chromedp.ByQuery), chromedp.KeyEvent(key))
	}
	d.quiet()
}
