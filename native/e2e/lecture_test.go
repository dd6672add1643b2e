package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kvscope/web/lesson"
	"kvscope/web/state"
)

// at waits for a step of the lecture, with its picture there.
func (d *desk) at(step lesson.At) {
	d.t.Helper()
	d.wait(fmt.Sprintf(`document.querySelector('%s')?.dataset.at === %q`, id("lesson"), step.String()))
	d.wait(`[...document.querySelectorAll("section.column")].every(c => c.dataset.state === "done")`)
}

// A lesson by keyboard alone: from the list of lessons through its steps, with a
// prediction before its picture, and a reload that forgets nothing.
func TestLecture(t *testing.T) {
	d := sit(t, "lessons")
	d.do(chromedp.EmulateViewport(1024, 768))
	d.wait(`document.querySelector('` + id("lessons") + `')?.dataset.ready === "true" && document.querySelectorAll(".lesson-card").length === 8`)
	d.do(chromedp.Focus(`[data-lesson="quest"] a`, chromedp.ByQuery), chromedp.KeyEvent(kb.Enter))
	d.at(lesson.At{Lesson: "quest"})
	d.do(chromedp.KeyEvent(kb.PageDown))
	d.at(lesson.At{Lesson: "quest", Step: 1})
	if got := evaluate[int](d, `document.querySelectorAll('.lesson .formula math').length`); got != 2 {
		t.Errorf("%d lines of formulas, want the two of the bound", got)
	}
	d.do(chromedp.KeyEvent("n"))
	third := lesson.At{Lesson: "quest", Step: 2}
	d.at(third)
	_, step, _ := third.Find()
	if got, want := evaluate[string](d, `new URLSearchParams(location.search).get("budget")`), "1/4"; got != want {
		t.Errorf("before the prediction the budget is %q, want %q of the step before", got, want)
	}
	if evaluate[bool](d, `document.querySelector(".lesson").textContent.includes("has read just as much")`) {
		t.Error("the text tells before the prediction")
	}
	// The options are the next things that the keyboard comes to.
	d.rerun(func() { d.do(chromedp.Focus(id("predict-1"), chromedp.ByQuery), chromedp.KeyEvent(" ")) })
	d.wait(`document.querySelector('` + id("because") + `')?.textContent.startsWith("So it is.")`)
	form := state.ParseQuery(step.Query).Form
	for side := range 2 {
		req, problems := form.ColumnRequest(side, form.Model(side) == "ratplus", 1024)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		d.shown(side, req)
	}
	d.do(chromedp.Reload())
	d.at(third)
	d.wait(`document.querySelector('` + id("because") + `') !== null`)

	// The window of notes goes on, and the explorer follows, and the other way round.
	window, closeWindow := chromedp.NewContext(d.tab.Context)
	defer closeWindow()
	notesAt := func(at string) chromedp.Action {
		return chromedp.Poll(`document.querySelector('`+id("notes")+` main')?.dataset.at === "`+at+`"`, nil, chromedp.WithPollingTimeout(45*time.Second))
	}
	if err := chromedp.Run(window, chromedp.Navigate(d.url+"/notes?lesson=quest.3"), notesAt("quest.3"), chromedp.Click(id("notes-next"), chromedp.ByQuery), notesAt("quest.4")); err != nil {
		t.Fatal(err)
	}
	d.do(page.BringToFront()) // what lies behind another tab draws nothing
	d.at(lesson.At{Lesson: "quest", Step: 3})
	d.do(chromedp.KeyEvent("b"))
	d.at(third)
	if err := chromedp.Run(window, page.BringToFront(), notesAt("quest.3")); err != nil {
		t.Errorf("the notes do not follow back: %v", err)
	}
	d.do(page.BringToFront())
	d.press(id("lesson-free"))
	d.wait(`document.querySelector(".controls").checkVisibility()`)
	d.press(id("lesson-close"))
	d.wait(`!document.querySelector(".lesson").checkVisibility() && !location.search.includes("lesson")`)
	d.quiet()
}

// Every part of a lesson can be reached in every width, and so can the list and the notes.
func TestLectureIsReachable(t *testing.T) {
	d := sit(t, "?task=MK-2&seed=3&budget=1/4&head=1.1&lesson=quest.3")
	d.at(lesson.At{Lesson: "quest", Step: 2})
	d.walk("a prediction")
	d.press(id("predict-0"))
	d.at(lesson.At{Lesson: "quest", Step: 2})
	d.walk("after the prediction")
	d.press(id("lesson-free"))
	d.walk("with the controls")
	d.visit("lessons")
	d.wait(`document.querySelectorAll(".lesson-card").length === 8`)
	d.walk("the list")
	d.visit("notes?lesson=quest.3")
	d.wait(`document.querySelector('` + id("notes") + ` main')?.dataset.at === "quest.3"`)
	d.press(id("notes-next"))
	d.wait(`document.querySelector('` + id("notes") + ` main')?.dataset.at === "quest.4"`)
	d.walk("the notes")
	d.quiet()
}
