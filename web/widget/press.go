package widget

import (
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/state"
)

// Press is a small button that is in or out.
type Press struct {
	app.Compo

	Label, Title, Test string
	Pressed, Hidden    bool
	Do                 state.Action
	On                 *Bus
}

// Render lays out the button.
func (p *Press) Render() app.UI {
	pressed := "false"
	if p.Pressed {
		pressed = "true"
	}
	return app.Button().Type("button").Class("button small press").Title(p.Title).Hidden(p.Hidden).
		Aria("pressed", pressed).DataSet("testid", p.Test).OnClick(p.onClick).Text(p.Label)
}

func (p *Press) onClick(app.Context, app.Event) { p.On.Do(p.Do) }

// IconButton is a button of one picture, which does one thing.
type IconButton struct {
	app.Compo

	Icon  string // an svg element
	Title string
	Test  string // data-testid
	Do    state.Action
	On    *Bus
}

// Render lays out the button.
func (b *IconButton) Render() app.UI {
	return app.Button().Type("button").Class("button icon small").Title(b.Title).Aria("label", b.Title).DataSet("testid", b.Test).
		OnClick(b.onClick, b.Test).Body(app.Raw(b.Icon))
}

func (b *IconButton) onClick(app.Context, app.Event) { b.On.Do(b.Do) }

// SaveMenu saves a picture, or a run, to a file.
type SaveMenu struct {
	app.Compo

	Side    int
	Picture string
	Formats string // with blanks between them
	Label   string
	Dark    bool // the page is, so that pictures can be saved as it is or on white
	White   bool // they are saved on white
	On      *Bus
}

// Render lays out a button for each format, behind one when there are several.
func (m *SaveMenu) Render() app.UI {
	formats := strings.Fields(m.Formats)
	if len(formats) == 1 {
		return m.button(formats[0]).Class("button icon small").Title(m.Label).Body(app.Raw(iconSave))
	}
	var items []app.UI
	for _, f := range formats {
		items = append(items, m.button(f).Class("button small").Text(strings.ToUpper(f)))
		if f == "png" {
			items = append(items, m.button(f).Class("button small").Aria("label", "PNG 2×: "+m.Label+", twice as large").DataSet("scale", 2).Text("PNG 2×"))
		}
	}
	items = append(items, &Press{
		Label: "on white", Title: "save pictures in the colours for the day, on white", Pressed: m.White, Hidden: !m.Dark,
		Test: "white-" + m.Picture, Do: state.OnWhite{}, On: m.On,
	})
	return app.Div().Class("save").Body(
		app.Button().Type("button").Class("button icon small").Aria("label", m.Label).Title(m.Label).Aria("haspopup", "true").Body(app.Raw(iconSave)),
		app.Div().Class("save-items").Attr("role", "group").Aria("label", m.Label).Body(items...))
}

func (m *SaveMenu) button(format string) app.HTMLButton {
	return app.Button().Type("button").Aria("label", strings.ToUpper(format)+": "+m.Label).
		DataSet("testid", "save-"+m.Picture).DataSet("format", format).DataSet("scale", 1).OnClick(m.onSave, format)
}

func (m *SaveMenu) onSave(ctx app.Context, _ app.Event) {
	scale, _ := strconv.Atoi(dataset(ctx, "scale")) // written above
	m.On.Do(state.Download{Side: m.Side, What: state.Export{Picture: m.Picture, Format: dataset(ctx, "format"), Scale: scale}})
}

// Toast shows a short message.
type Toast struct {
	app.Compo

	Of state.Toast
}

// Render writes the message where screen readers hear of it. Every other is in an element of
// another kind, so that it takes the place of the one before: what only changes to the same text
// is neither seen nor heard.
func (s *Toast) Render() app.UI {
	var text app.UI = app.Span().Text(s.Of.Text)
	if s.Of.Gen%2 == 1 {
		text = app.Bdi().Text(s.Of.Text)
	}
	return app.Div().Class(classes("said", when(s.Of.Text != "", "on"))).Attr("role", "status").Aria("live", "polite").DataSet("testid", "said").Body(text)
}
