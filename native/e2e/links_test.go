package e2e

import (
	"fmt"
	"testing"
)

// kept reports whether the page follows a link itself, and does not let the browser do it.
func (d *desk) kept(selector string) bool {
	d.t.Helper()
	d.wait(fmt.Sprintf(`!!document.querySelector(%q)`, selector))
	return evaluate[bool](d, fmt.Sprintf(`(() => {
		let kept;
		addEventListener("click", (e) => { kept = e.defaultPrevented; e.preventDefault(); }, { once: true });
		document.querySelector(%q).click();
		return kept;
	})()`, selector))
}

// A link leads where it says as often as it is pressed, whatever the page wrote into its
// address since.
func TestLinksLeadThereAgain(t *testing.T) {
	d := sit(t, "")
	d.finished("")
	example := id("prepared") + " li:last-child a"
	d.rerun(func() { d.press(example) })
	asked := evaluate[string](d, "location.search")
	d.rerun(func() { d.choose("task", "S-1") })
	d.rerun(func() { d.press(example) })
	if got := evaluate[string](d, "location.search"); got != asked {
		t.Errorf("the second time the example is %s, at first %s", got, asked)
	}
	d.rerun(func() { d.press(".brand") })
	d.rerun(func() { d.choose("task", "S-1") })
	d.rerun(func() { d.press(".brand") })
	d.samePicks(first)
	d.quiet()
}

// Notes and terms of a lesson open beside it.
func TestLinksOfALessonOpenBesideIt(t *testing.T) {
	d := sit(t, "?task=MK-2&seed=3&budget=1/4&head=1.1&lesson=quest.2")
	d.finished("")
	for _, beside := range []string{id("lesson-notes"), ".lesson a.term"} {
		if d.kept(beside) {
			t.Errorf("%s leads away from the lesson", beside)
		}
	}
	if away := ".lesson-head a"; !d.kept(away) {
		t.Errorf("%s does not lead away from the lesson", away)
	}
	d.quiet()
}
