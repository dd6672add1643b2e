package page

import (
	"fmt"
	"net/url"
	"time"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/browser"
	"kvscope/web/lesson"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// Notes is the window of who presents the lecture: the step that the audience sees, what
// to say about it, what comes next, and how long it has taken.
type Notes struct {
	app.Compo

	plain plain
	at    lesson.At
	since time.Time
	now   time.Time
	stop  []func()
}

// NewNotes returns the page.
func NewNotes() *Notes { return &Notes{plain: newPlain()} }

// OnMount follows the explorer.
func (n *Notes) OnMount(ctx app.Context) {
	n.plain.start(ctx, func() { n.Update() })
	n.since = time.Now()
	n.now = n.since
	n.stop = append(n.stop,
		followStep(func(at lesson.At) { ctx.Dispatch(func(app.Context) { n.at = at; n.Update() }) }),
		browser.Listen(app.Window(), "keydown", func(k app.Value) {
			key := k.Get("key").String()
			by := map[string]int{"PageDown": 1, "n": 1, "PageUp": -1, "b": -1}[key]
			if by == 0 || browser.Typing(k) || n.plain.LettersOff && state.IsLetter(key) {
				return
			}
			k.Call("preventDefault")
			ctx.Dispatch(func(app.Context) { n.turn(by) })
		}))
	n.tick(ctx)
}

// tick moves the clock on.
func (n *Notes) tick(ctx app.Context) {
	ctx.After(time.Second, func(ctx app.Context) {
		if n.Mounted() {
			n.now = time.Now()
			n.Update()
			n.tick(ctx)
		}
	})
}

// OnDismount stops listening.
func (n *Notes) OnDismount() {
	n.plain.end()
	for _, stop := range n.stop {
		stop()
	}
}

// OnNav begins at the step of the address.
func (n *Notes) OnNav(ctx app.Context) {
	n.at = atOf(ctx.Page().URL())
	n.Update()
}

func atOf(u *url.URL) lesson.At { return lesson.ParseAt(u.Query().Get("lesson")) }

// turn sends the explorer so many steps on.
func (n *Notes) turn(by int) {
	if to := n.at.On(by); to != n.at {
		n.at = to
		browser.Local.Set(stepKey, to.String())
		n.Update()
	}
}

// Render lays out the notes.
func (n *Notes) Render() app.UI {
	of, step, ok := n.at.Find()
	body := []app.UI{&widget.Header{Path: "/notes", Theme: n.plain.Theme, On: n.plain.bus}}
	body = append(body, keyList(n.plain.Chrome, n.plain.bus)...)
	if !ok {
		body = append(body, app.Main().Class("lessons-page").TabIndex(-1).Body(app.P().Text("Open a step of the lecture; its notes appear here."), app.A().Href(widget.At("/lessons")).Text("Lessons")))
		return app.Div().Class("lessons").DataSet("testid", "notes").Body(body...)
	}
	notes := []app.UI{
		app.P().Class("quiet").Body(app.Text(fmt.Sprintf("%s, step %d of %d", of.Title, n.at.Step+1, len(of.Steps))),
			app.Span().Class("notes-clock").Text(clock(n.now.Sub(n.since)))),
		app.H1().Text(step.Title),
	}
	if step.Predict != nil {
		notes = append(notes, app.P().Body(app.B().Text("Ask: "), app.Text(step.Predict.Question)),
			app.P().Body(app.B().Text("So it is: "), app.Text(step.Predict.Options[step.Predict.Right]+". "+step.Predict.Because)))
	}
	for _, text := range step.Text {
		notes = append(notes, widget.Prose(text))
	}
	if step.Notes != "" {
		notes = append(notes, app.P().Class("notes-own").Text(step.Notes))
	}
	next := n.at.On(1)
	if _, s, _ := next.Find(); next != n.at {
		notes = append(notes, app.P().Class("quiet").Text("Next: "+s.Title))
	}
	notes = append(notes, app.Div().Class("lesson-buttons").Body(
		app.Button().Type("button").Class("button").DataSet("testid", "notes-back").Disabled(n.at.On(-1) == n.at).OnClick(n.onBack).Text("Back"),
		app.Button().Type("button").Class("button main").DataSet("testid", "notes-next").Disabled(next == n.at).OnClick(n.onNext).Text("Next")))
	body = append(body, app.Main().Class("lessons-page notes").TabIndex(-1).DataSet("at", n.at.String()).Body(notes...))
	return app.Div().Class("lessons").DataSet("testid", "notes").Body(body...)
}

// clock writes minutes and seconds.
func clock(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

func (n *Notes) onBack(app.Context, app.Event) { n.turn(-1) }
func (n *Notes) onNext(app.Context, app.Event) { n.turn(1) }
