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

// seek brings a step of the lecture into sight: its text at once, and what it is about, in
// columns or an inspector that are higher than their places, once its picture is there.
func (e *Explorer) seek() {
	_, step, ok := e.s.Lesson.Find()
	if !ok {
		e.told, e.sought = lesson.At{}, lesson.At{}
		return
	}
	if e.told != e.s.Lesson {
		e.told = e.s.Lesson
		e.ctx.Defer(func(app.Context) { toTheTop(app.Window().Get("document").Call("querySelector", ".lesson")) })
	}
	if e.sought == e.s.Lesson || e.s.Running() || e.s.Lines() == 0 {
		return
	}
	e.sought = e.s.Lesson
	part := `.column > [data-part="` + step.Look + `"]`
	switch step.Look {
	case "inspector":
		part = `.inspector > [data-testid="inspector-cost"]`
	case "columns":
		part = ".column > .column-head"
	}
	e.ctx.Defer(func(app.Context) {
		if inspector := app.Window().Get("document").Call("querySelector", ".inspector"); inspector.Truthy() {
			inspector.Set("scrollTop", 0) // from where the step before brought it
		}
		parts := app.Window().Get("document").Call("querySelectorAll", part)
		for i := range parts.Length() {
			bring(parts.Index(i))
		}
	})
}

// bring scrolls the box that a part is in so that the part is seen, from its top where all of
// it has no room.
func bring(part app.Value) {
	box := part.Get("parentElement")
	top := box.Get("scrollTop").Int() + part.Call("getBoundingClientRect").Get("top").Int() - box.Call("getBoundingClientRect").Get("top").Int()
	box.Set("scrollTop", min(top, max(0, top+part.Get("offsetHeight").Int()-box.Get("clientHeight").Int())))
}

// toTheTop shows a text from its beginning, in its own box and in the window.
func toTheTop(text app.Value) {
	text.Set("scrollTop", 0)
	if text.Call("getBoundingClientRect").Get("top").Int() < 0 {
		text.Call("scrollIntoView")
	}
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
