package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// hidden lists the controls that a person cannot reach: of no size, or with something
// else over them once they are scrolled to; and the page itself, where it is wider
// than the window.
const hidden = `(() => {
  const bad = [];
  if (document.documentElement.scrollWidth > innerWidth + 1) bad.push("the page is " + document.documentElement.scrollWidth + " wide");
  for (const e of document.querySelectorAll(".controls :is(input, select, textarea, button), .inspector table")) {
    const shown = e.closest("label") || e;
    if (!shown.checkVisibility()) continue;
    shown.scrollIntoView({block: "center", behavior: "instant"});
    const r = shown.getBoundingClientRect(), name = e.dataset.testid || e.dataset.field || e.name || e.tagName;
    if (r.width < 8 || r.height < 8) { bad.push(name + " is " + r.width + " by " + r.height); continue; }
    const at = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);
    if (!at || !(shown.contains(at) || at.contains(shown))) bad.push(name + " is under " + (at ? at.className || at.tagName : "nothing"));
  }
  return bad.join("; ");
})()`

// TestEverythingIsReached at every width from a phone's to a wide screen's.
func TestEverythingIsReached(t *testing.T) {
	d := sit(t, "")
	d.finished("")
	for _, width := range []int64{360, 768, 1024, 1280, 1920} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			d := d.in(t)
			d.do(chromedp.EmulateViewport(width, 800))
			if bad := evaluate[string](d, hidden); bad != "" {
				t.Error(bad)
			}
		})
	}
}
