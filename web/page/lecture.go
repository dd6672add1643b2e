package page

import (
	"encoding/json"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/browser"
	"kvscope/web/lesson"
	"kvscope/web/state"
)

// What the browser keeps of the lecture: how far it is, and which step is on the screen,
// by which the window of notes and that of the explorer follow each other.
const (
	progressKey = "kvscope.lecture"
	stepKey     = "kvscope.lecture.step"
)

func keptProgress() state.Progress {
	var p state.Progress
	if err := json.Unmarshal([]byte(browser.Local.Get(progressKey)), &p); err != nil {
		return state.Progress{} // nothing is kept, or what somebody else wrote
	}
	return p
}

func keepProgress(f state.KeepProgress) {
	if text, err := json.Marshal(f.Progress); err == nil {
		browser.Local.Set(progressKey, string(text))
	}
	browser.Local.Set(stepKey, f.At.String())
}

// seek brings what a step of the lecture is about into sight in columns that are higher
// than the screen, once its picture is there.
func (e *Explorer) seek() {
	_, step, ok := e.s.Lesson.Find()
	if !ok {
		e.sought = lesson.At{}
	}
	if !ok || e.sought == e.s.Lesson || e.s.Running() || e.s.Lines() == 0 {
		return
	}
	e.sought = e.s.Lesson
	e.ctx.Defer(func(app.Context) {
		parts := app.Window().Get("document").Call("querySelectorAll", `.column > [data-part="`+step.Look+`"]`)
		for i := range parts.Length() {
			part := parts.Index(i)
			column := part.Get("parentElement")
			top, foot := part.Get("offsetTop").Int(), part.Get("offsetTop").Int()+part.Get("offsetHeight").Int()
			column.Set("scrollTop", min(top, max(0, foot-column.Get("clientHeight").Int())))
		}
	})
}

// followStep hears of the steps that other windows go to.
func followStep(heard func(lesson.At)) (stop func()) {
	return browser.Listen(app.Window(), "storage", func(e app.Value) {
		if key := e.Get("key"); !key.Truthy() || key.String() != stepKey {
			return
		}
		if text := e.Get("newValue"); text.Truthy() {
			if at := lesson.ParseAt(text.String()); at != (lesson.At{}) {
				heard(at)
			}
		}
	})
}
