package widget

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/pattern"
	"kvscope/web/lesson"
	"kvscope/web/state"
)

// Lesson is a step of the lecture beside the picture that it is about.
type Lesson struct {
	app.Compo

	At     lesson.At
	Chosen int  // option of its prediction, -1 before
	Free   bool // the controls are shown as well
	On     *Bus
}

// Render lays out the step: what it asks first, and what it says once that is answered.
func (l *Lesson) Render() app.UI {
	of, step, ok := l.At.Find()
	aside := app.Aside().Class("side lesson").Aria("label", "lesson").DataSet("testid", "lesson").DataSet("at", l.At.String()).Hidden(!ok)
	if !ok {
		return aside
	}
	body := []app.UI{
		app.Header().Class("lesson-head").Body(
			app.P().Body(app.A().Href(At("/lessons")).Text("Lessons"), app.Text(" › "+of.Title)),
			app.Button().Type("button").Class("button icon small").Aria("label", "close the lesson").Title("close the lesson").
				DataSet("testid", "lesson-close").OnClick(l.onClose).Text("×"),
		),
		app.Div().Class("lesson-dots").Aria("hidden", "true").Body(l.dots(len(of.Steps))...),
		app.H2().Body(app.Small().Text(fmt.Sprintf("%d of %d ", l.At.Step+1, len(of.Steps))), app.Text(step.Title)),
	}
	if step.Predict != nil {
		body = append(body, l.prediction(step.Predict)...)
	}
	if step.Predict == nil || l.Chosen >= 0 {
		for _, text := range step.Text {
			body = append(body, Prose(text))
		}
		if step.Formula != nil {
			body = append(body, Formula(*step.Formula))
		}
	}
	body = append(body, app.P().Class("lesson-sources").Body(sources(of.Sources)...))
	return aside.Body(
		app.Div().Class("lesson-text").Aria("live", "polite").Body(body...),
		l.buttons())
}

func (l *Lesson) dots(n int) []app.UI {
	out := make([]app.UI, n)
	for i := range out {
		out[i] = app.I().Class(when(i <= l.At.Step, "on"))
	}
	return out
}

// prediction is the question with its options, and after the choice what came of it.
func (l *Lesson) prediction(p *lesson.Prediction) []app.UI {
	options := make([]app.UI, len(p.Options))
	for i, text := range p.Options {
		how := ""
		if l.Chosen >= 0 {
			how = classes(when(i == p.Right, "right"), when(i == l.Chosen && i != p.Right, "wrong"))
		}
		options[i] = app.Button().Type("button").Class(classes("button", how)).Disabled(l.Chosen >= 0).Aria("pressed", strconv.FormatBool(i == l.Chosen)).
			DataSet("testid", "predict-"+strconv.Itoa(i)).DataSet("option", i).OnClick(l.onPredict, l.At.String()).Text(text)
	}
	out := []app.UI{app.Div().Class("predict").Attr("role", "group").Aria("label", "prediction").Body(
		app.P().Class("predict-ask").Body(app.B().Text("Before you look: "), app.Text(p.Question)),
		app.Div().Class("predict-options").Body(options...))}
	if l.Chosen >= 0 {
		verdict := "Not so. "
		if l.Chosen == p.Right {
			verdict = "So it is. "
		}
		out = append(out, app.P().Class("predict-because").DataSet("testid", "because").Body(app.B().Text(verdict), app.Text(p.Because)))
	}
	return out
}

func (l *Lesson) buttons() app.UI {
	return app.Div().Class("lesson-buttons").Body(
		app.Button().Type("button").Class("button").DataSet("testid", "lesson-back").Disabled(l.At.On(-1) == l.At).Title("the step before (b, Page Up)").OnClick(l.onBack).Text("Back"),
		app.Button().Type("button").Class("button main").DataSet("testid", "lesson-next").Disabled(l.At.On(1) == l.At).Title("the next step (n, Page Down)").OnClick(l.onNext).Text("Next"),
		app.Button().Type("button").Class("button small").DataSet("testid", "lesson-again").Title("show the step's picture as it was").OnClick(l.onAgain).Text("Picture again"),
		app.Button().Type("button").Class("button small").DataSet("testid", "lesson-free").Aria("pressed", strconv.FormatBool(l.Free)).
			Title("show the controls, to change the picture").OnClick(l.onFree).Text("Controls"),
		app.A().Class("button small").Href(At("/notes?lesson="+l.At.String())).Target("kvscope-notes").DataSet("testid", "lesson-notes").
			Title("notes for who presents, in a window of their own").Text("Notes"),
	)
}

func (l *Lesson) onPredict(ctx app.Context, _ app.Event) {
	if n, err := strconv.Atoi(dataset(ctx, "option")); err == nil {
		l.On.Do(state.Predict{Option: n})
	}
}
func (l *Lesson) onBack(app.Context, app.Event)  { l.On.Do(state.Turn{By: -1}) }
func (l *Lesson) onNext(app.Context, app.Event)  { l.On.Do(state.Turn{By: 1}) }
func (l *Lesson) onAgain(app.Context, app.Event) { l.On.Do(state.Again{}) }
func (l *Lesson) onFree(app.Context, app.Event)  { l.On.Do(state.FreeLecture{}) }
func (l *Lesson) onClose(app.Context, app.Event) { l.On.Do(state.LeaveLecture{}) }

var termMark = pattern.Of(`\{([^{}]+)\}`)

// Prose is a paragraph of a lesson; terms in braces link to the glossary and say on
// pointing what it says.
func Prose(text string) app.UI {
	var body []app.UI
	at := 0
	for _, m := range termMark().FindAllStringSubmatchIndex(text, -1) {
		term := text[m[2]:m[3]]
		e, _ := lesson.Explain(term)
		body = append(body, app.Text(text[at:m[0]]), app.A().Class("term").Href(At("/lessons#"+TermID(term))).Target("kvscope-glossary").Title(e.Text).Text(term))
		at = m[1]
	}
	return app.P().Body(append(body, app.Text(text[at:]))...)
}

// TermID is the place of a term on the page of lessons.
func TermID(term string) string {
	return "term-" + regexp.MustCompile(`[^a-zA-Z]+`).ReplaceAllString(term, "-")
}

// Formula is a formula, which is read aloud in words.
func Formula(f lesson.Formula) app.UI {
	return app.Div().Class("formula").Attr("role", "math").Aria("label", f.Words).Title(f.Words).Body(app.Raw("<div>" + f.MathML + "</div>"))
}

func sources(list []lesson.Source) []app.UI {
	body := []app.UI{app.Text("From")}
	for _, s := range list {
		body = append(body, app.A().Href(s.URL).Rel("noopener").Text(s.Title))
	}
	return body
}
