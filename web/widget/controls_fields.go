package widget

import (
	"cmp"
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"
)

// option is one of a choice.
type option struct{ value, label, about string }

// choice is a row of radio buttons for a field.
func (c *Controls) choice(name, label, value, class string, options ...option) app.UI {
	body := make([]app.UI, len(options))
	for i, o := range options {
		body[i] = c.radio(name, label, value, o)
	}
	return app.Div().ID(c.id(name)).Class(classes("choice", class)).Attr("role", "radiogroup").Aria("label", label).
		DataSet("testid", "choose-"+name).Body(body...)
}

// radio is one of the buttons of a choice.
func (c *Controls) radio(name, label, value string, o option) app.HTMLLabel {
	input := app.Input().Type("radio").Checked(o.value == value).Name(c.id(name)).Value(o.value).
		Aria("label", label+" "+o.label).
		DataSet("field", name).
		OnChange(c.onChoose, name, o.value)
	return app.Label().Title(o.about).Body(input, app.Span().Text(o.label))
}

func (c *Controls) titled(name, title, value string, options ...option) app.UI {
	return app.Div().Class("field").Body(
		app.Div().Class("label").Text(title), c.choice(name, title, value, "", options...), c.problem(name))
}

// field is a labelled control with the place for its complaint.
func (c *Controls) field(name, title string, control app.UI) app.UI {
	return app.Div().Class("field").Body(app.Label().For(c.id(name)).Class("label").Text(title), control, c.problem(name))
}

func (c *Controls) box(name, placeholder string) app.HTMLInput {
	return c.filled(name, app.Input().ID(c.id(name)).Class("input").Name(name).Type("text").
		Placeholder(placeholder).
		Aria("invalid", c.invalid(name)).Aria("describedby", c.id("problem-"+name)).
		DataSet("field", name).OnInput(c.onType).OnChange(c.onRun))
}

func (c *Controls) number(name, title, placeholder string) app.UI {
	return c.field(name, title, c.box(name, placeholder).Attr("inputmode", "numeric"))
}

func (c *Controls) input(name, title, placeholder string) app.UI {
	return c.field(name, title, c.box(name, placeholder))
}

func (c *Controls) invalid(name string) string {
	_, bad := c.Problems[name]
	return strconv.FormatBool(bad)
}

// problem is the complaint about a field, an empty line of no height without one.
func (c *Controls) problem(name string) app.UI {
	text, bad := c.Problems[name]
	p := app.P().ID(c.id("problem-"+name)).DataSet("testid", "problem-"+name)
	if bad {
		return p.Class("problem").Attr("role", "alert").Text(text)
	}
	return p.Class("problem").Hidden(true).Text("")
}

// value is what a field shows.
func (c *Controls) value(name string) string {
	value := c.Form.Get(name)
	switch name {
	case "depth":
		return cmp.Or(value, "50")
	case "memory_strength":
		return cmp.Or(value, "1")
	}
	return value
}

// filled gives a field its value where no program will.
func (c *Controls) filled(name string, field app.HTMLInput) app.HTMLInput {
	if c.On.still() {
		field.Value(c.value(name))
	}
	return field
}

// OnMount fills in the fields.
func (c *Controls) OnMount(app.Context) { c.fill() }

// OnUpdate fills in the fields that something else than typing changed.
func (c *Controls) OnUpdate(app.Context) { c.fill() }

// fill sets the text of fields. The one being typed in is left alone: what was
// typed since would be lost.
func (c *Controls) fill() {
	for _, el := range list(c.JSValue().Call("querySelectorAll", "input[type=text][data-field], input[type=range], textarea")) {
		value := c.value(el.Get("dataset").Get("field").String())
		if el.Get("value").String() != value && !el.Call("matches", ":focus").Bool() {
			el.Set("value", value)
		}
	}
	for _, el := range list(c.JSValue().Call("querySelectorAll", "select[data-part]")) {
		side, err := strconv.Atoi(el.Get("dataset").Get("column").String())
		if err != nil {
			continue
		}
		spec := c.Form.Column(side)
		if value := *partOf(&spec, el.Get("dataset").Get("part").String()); el.Get("value").String() != value {
			el.Set("value", value)
		}
	}
}
