package page

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/browser"
	"kvscope/web/lesson"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// plain is the shared part of the pages that have neither a run nor a form: the header and
// the choice of colours.
type plain struct {
	state.Chrome
	bus  *widget.Bus
	stop []func()
}

func newPlain() plain { return plain{Chrome: state.Chrome{Theme: state.System}, bus: &widget.Bus{}} }

// start begins with the colours that the browser keeps; update draws the page again.
func (p *plain) start(ctx app.Context, update func()) {
	p.bus.Do = func(a state.Action) {
		for _, f := range p.Do(a) {
			keepAround(f)
		}
		update()
	}
	dark, stop := browser.PrefersDark(func(dark bool) {
		ctx.Dispatch(func(app.Context) { p.bus.Do(state.SystemColours{Dark: dark}) })
	})
	p.stop = append(p.stop, stop)
	p.bus.Do(state.SystemColours{Dark: dark})
	for _, a := range keptAround() {
		p.bus.Do(a)
	}
}

func (p *plain) end() {
	for _, stop := range p.stop {
		stop()
	}
}

// keyList is the list of keys over a page, where it is open.
func keyList(c state.Chrome, on *widget.Bus) []app.UI {
	if !c.Help {
		return nil
	}
	keys := newState(state.DefaultPlace())
	return []app.UI{&widget.KeyList{Keys: keys.Keys(), LettersOff: c.LettersOff, On: on}}
}

// Lessons lists the lessons of the lecture, how far somebody is in them, and the glossary.
type Lessons struct {
	app.Compo

	plain    plain
	progress state.Progress
	ready    bool // in a browser
}

// NewLessons returns the page.
func NewLessons() *Lessons { return &Lessons{plain: newPlain()} }

// OnMount reads what the browser keeps.
func (l *Lessons) OnMount(ctx app.Context) {
	l.plain.start(ctx, func() { l.Update() })
	l.progress, l.ready = keptProgress(), true
	l.Update()
}

// OnDismount stops listening.
func (l *Lessons) OnDismount() { l.plain.end() }

// Render lays out the lessons and the glossary.
func (l *Lessons) Render() app.UI {
	var cards []app.UI
	for i, of := range lesson.All() {
		cards = append(cards, l.card(i+1, of))
	}
	var terms []app.UI
	for _, e := range lesson.Glossary() {
		terms = append(terms, app.Dt().ID(widget.TermID(e.Term)).Text(e.Term), app.Dd().Text(e.Text))
	}
	body := []app.UI{
		&widget.Header{Path: "/lessons", Theme: l.plain.Theme, On: l.plain.bus},
		app.Main().Class("lessons-page").TabIndex(-1).Body(
			app.H1().Text("The lecture"),
			app.P().Text("Eight lessons that drive the real explorer. Each has a few steps, and asks what will happen before it shows it. Next and back are the keys n and b, or Page Down and Page Up; h makes the letters large for an audience, and the notes open in a window of their own."),
			app.Ol().Class("lesson-cards").Body(cards...),
			app.H2().Text("Glossary"),
			app.Dl().Class("glossary").DataSet("testid", "glossary").Body(terms...),
		),
	}
	body = append(body, keyList(l.plain.Chrome, l.plain.bus)...)
	return app.Div().Class("lessons").DataSet("testid", "lessons").DataSet("ready", l.ready).Body(body...)
}

// card is one lesson, with where to go on in it.
func (l *Lessons) card(number int, of lesson.Lesson) app.UI {
	seen, next := 0, lesson.At{Lesson: of.ID}
	for i := range of.Steps {
		if at := (lesson.At{Lesson: of.ID, Step: i}); l.progress.Seen[at.String()] {
			seen++
			next = at
		}
	}
	said, word := fmt.Sprintf("%d steps", len(of.Steps)), "Begin"
	switch {
	case seen == len(of.Steps):
		next, word, said = lesson.At{Lesson: of.ID}, "Again", fmt.Sprintf("all %d steps seen", seen)
	case seen > 0:
		word, said = "Go on", fmt.Sprintf("%d of %d steps seen", seen, len(of.Steps))
	}
	return app.Li().Class("lesson-card").DataSet("lesson", of.ID).Body(
		app.H2().Body(app.Small().Text(fmt.Sprintf("%d ", number)), app.Text(of.Title)),
		app.P().Text(of.Summary),
		app.P().Class("lesson-go").Body(
			app.A().Class("button main").Href(widget.At("/?"+l.progress.Query(next)+"&lesson="+next.String())).Aria("label", word+": "+of.Title).Text(word),
			app.Span().Class("quiet").Text(said)))
}
