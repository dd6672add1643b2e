package widget

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/viz/number"
	"kvscope/web/api"
	"kvscope/web/lesson"
	"kvscope/web/state"
)

// Controls is the request: what to ask the models and how they may read.
type Controls struct {
	app.Compo

	ID       string // its own on the page
	Form     state.Form
	Problems state.Problems
	Models   []run.ModelInfo // to choose from
	Proses   []string        // to hide needles in
	Limits   api.Limits      // of the engine
	Opening  string          // path of the model being opened, "" for none
	Longest  int             // context of the shorter model, 0 when not known
	Running  bool
	Ready    bool
	Memory   string // model of the form that has one, or ""
	Engine   state.Engine
	Engines  []state.Engine // to choose from
	Prepared []lesson.Prepared
	On       *Bus

	find string // what methods are searched for
}

func (c *Controls) id(name string) string { return c.ID + "-" + name }

// aboutTask says in one line what a task asks.
var aboutTask = map[string]string{
	"S-1":  "One needle among the same five sentences, over and over.",
	"S-2":  "One needle with a number, in prose.",
	"S-3":  "One needle with a long identifier, in prose.",
	"MK-1": "Four needles in prose; one of them is asked for.",
	"MK-2": "Nothing but needles; one of them is asked for.",
	"MK-3": "Nothing but needles of identifiers; one is asked for.",
	"MV":   "One key with four values; all are asked for.",
	"MQ":   "Four keys; all are asked for.",
}

// Render lays out the form.
func (c *Controls) Render() app.UI {
	prompt := []app.UI{
		app.H2().Text("Prompt"),
		c.choice("source", "where the prompt comes from", string(c.Form.Source), "",
			option{string(state.FromTask), "Needle task", ""}, option{string(state.FromText), "Own text", ""},
			option{string(state.FromPrompt), "Free prompt", "text to continue, without a needle"}),
	}
	switch c.Form.Source {
	case state.FromText:
		prompt = append(prompt, c.ownText()...)
	case state.FromPrompt:
		prompt = append(prompt, c.text("Text to continue", "Once upon a time"),
			app.P().Class("hint").Text("The model continues the text as it stands: no needle, no question, nothing expected."))
	default:
		prompt = append(prompt, c.task()...)
	}
	return app.Section().Class("side controls").Aria("label", landmark("request", strings.TrimPrefix(c.ID, "request"))).Body(
		app.Form().AutoComplete(false).OnSubmit(c.onSubmit).DataSet("testid", "controls").Body(
			app.Div().Class("section").Body(prompt...),
			app.Div().Class("section").Body(c.method()...),
			c.columns(),
			c.memory(),
			c.edits(),
			c.engines(),
			c.goButtons(),
		),
	)
}

func (c *Controls) task() []app.UI {
	var tasks []option
	for _, t := range niah.Tasks() {
		tasks = append(tasks, option{t.ID, t.ID, aboutTask[t.ID]})
	}
	return []app.UI{
		app.Div().Class("field").Body(
			c.choice("task", "needle task", c.Form.Task, "wrap", tasks...),
			app.P().Class("hint").Text(aboutTask[c.Form.Task]),
			c.problem("task"),
		),
		app.Div().Class("pair").Body(c.seed(), c.number("context", "Context, tokens", longest(c.Longest))),
		c.depth(),
		c.prose(),
		c.prepared(),
	}
}

// prepared links to examples that show what a method costs.
func (c *Controls) prepared() app.UI {
	var links []app.UI
	for _, p := range c.Prepared {
		links = append(links, app.Li().Body(app.A().Class("link").Href(At("/?"+p.Query)).Text(p.Title)))
	}
	return app.Div().Class("field").Hidden(len(links) == 0).Body(
		app.Div().Class("label").Text("Prepared examples"),
		app.Ul().Class("prepared").Aria("label", "prepared examples").DataSet("testid", "prepared").Body(links...))
}

// proseTitles name what needles are hidden in.
var proseTitles = map[string]string{niah.Sentences: "sentences", "tom-sawyer": "Tom Sawyer"}

// prose chooses what the needles of a task with prose are hidden in, where there is a
// choice.
func (c *Controls) prose() app.UI {
	offered := []option{{"", "the model's", "invented sentences for the demo models, the book for others"}}
	for _, name := range c.Proses {
		offered = append(offered, option{name, depthOr(proseTitles[name], name), ""})
	}
	task, err := niah.ByID(c.Form.Task)
	return app.Div().Class("field").Hidden(len(c.Proses) < 2 || err != nil || task.Haystack != niah.Prose).Body(
		app.Div().Class("label").Text("Prose"), c.choice("prose", "prose", c.Form.Prose, "", offered...), c.problem("prose"))
}

// longest says which context is taken where none is given, of models that take n tokens.
func longest(n int) string {
	switch {
	case n == 0:
		return "the model's"
	case n > run.DefaultContext:
		return fmt.Sprintf("%d of %d", run.DefaultContext, n)
	}
	return strconv.Itoa(n)
}

func (c *Controls) ownText() []app.UI {
	value := c.Form.Value != ""
	hint := "Leave the value empty if your text already contains “One of the special magic numbers for KEY is: VALUE.”"
	if value {
		hint = "The needle is put into the text, and its key is asked for."
	}
	if c.Form.RULER() {
		return []app.UI{
			c.text("Text", "Paste or write the text to search"),
			c.field("seed", "Example", app.Div().Class("together").Body(c.box("seed", "1").Attr("inputmode", "numeric"), c.nextSeed())),
			app.P().Class("hint").Text("A file of RULER's: the example's input is read as it is, and its outputs are expected, scored as RULER does."),
		}
	}
	out := []app.UI{
		c.text("Text", "Paste or write the text to search"),
		app.Div().Class("pair").Body(c.input("key", "Needle key", "fuzzy-otter"), c.input("value", "Its value", "in the text")),
		app.P().Class("hint").Text(hint),
	}
	if value {
		return append(out, c.depth())
	}
	return append(out, c.lines("questions", "Further keys to ask for, one a line", "brave-lantern", 2),
		app.P().Class("hint").Text("Each is asked by a run of its own; where entries are evicted before the question, of one compressed cache."))
}

// text is the field for a text of the user's own.
func (c *Controls) text(title, placeholder string) app.UI {
	return c.lines("text", title, placeholder, 7)
}

// lines is a field of several lines, so many of which are shown.
func (c *Controls) lines(name, title, placeholder string, rows int) app.UI {
	return c.field(name, title, app.Textarea().ID(c.id(name)).Class("input").Name(name).Rows(rows).
		Placeholder(placeholder).
		Aria("invalid", c.invalid(name)).Aria("describedby", c.id("problem-"+name)).
		DataSet("field", name).OnInput(c.onType).OnKeyDown(c.onTextKey))
}

func (c *Controls) seed() app.UI {
	return c.field("seed", "Seed", app.Div().Class("together").Body(
		c.box("seed", "1").Attr("inputmode", "numeric"),
		c.nextSeed(),
		app.Button().Type("button").Class("button").Title("random seed").Aria("label", "random seed").
			OnClick(c.onRandomSeed).Text("⚄"),
	))
}

func (c *Controls) nextSeed() app.UI {
	return app.Button().Type("button").Class("button").Title("next seed").Aria("label", "+1: next seed").
		DataSet("testid", "next-seed").OnClick(c.onNextSeed).Text("+1")
}

func (c *Controls) depth() app.UI {
	auto := c.Form.Depth == ""
	at := c.Form.Depth + "%"
	switch {
	case auto && c.Form.Source == state.FromText:
		at = "in the middle"
	case auto:
		at = "drawn from the seed"
	}
	return app.Div().Class("field").Body(
		app.Div().Class("label").Body(
			app.Label().For(c.id("depth")).Text("Needle depth"),
			app.Label().Class("tick").Body(
				app.Input().Type("checkbox").Checked(auto).DataSet("testid", "depth-auto").OnChange(c.onAutoDepth),
				app.Text("auto")),
		),
		app.Input().ID(c.id("depth")).Type("range").Min(0).Max(100).Step(5).
			DataSet("field", "depth").Aria("valuetext", at).OnInput(c.onType).OnChange(c.onRun),
		app.P().Class("hint").Text(at),
		c.problem("depth"),
	)
}

func depthOr(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (c *Controls) method() []app.UI {
	info, known := sparse.Method(c.Form.Method)
	out := []app.UI{
		app.H2().Text("Selection"),
		app.Div().Class("field").Body(
			c.methods(),
			app.P().Class("hint").Text(aboutMethod(info, known)),
			c.problem("method"),
		),
	}
	var boxes []app.UI
	for _, o := range state.Options(c.Form.Method) {
		switch o.Kind {
		case sparse.KindBudget:
			out = append(out, c.share(o))
		case sparse.KindInt:
			boxes = append(boxes, c.number(o.Name, o.Title, orAuto(o.Default)))
		case sparse.KindFloat:
			boxes = append(boxes, c.input(o.Name, o.Title, orAuto(o.Default)))
		}
	}
	boxes = append(boxes, c.number("max_new", "Answer, tokens", "auto"))
	if info.Random && c.Form.Selector == sparse.SelectorRandom {
		boxes = append(boxes, c.number("selector_seed", "Seed of the random selector", "0"))
	}
	for i := 0; i < len(boxes); i += 2 {
		out = append(out, app.Div().Class("pair").Body(boxes[i:min(i+2, len(boxes))]...))
	}
	for _, o := range state.Options(c.Form.Method) {
		if o.Kind == sparse.KindChoice {
			var choices []option
			if o.Default == "" {
				choices = append(choices, option{"", "auto", "as other settings have it"})
			}
			for _, v := range o.Choices {
				choices = append(choices, option{v, v, ""})
			}
			out = append(out, c.titled(o.Name, o.Title, depthOr(c.Form.Get(o.Name), o.Default), choices...))
		}
		if o.Kind == sparse.KindBool {
			out = append(out, app.Label().Class("tick label").Title(o.Help).Body(
				app.Input().Type("checkbox").Checked(c.Form.Get(o.Name) == "true").DataSet("field", o.Name).OnChange(c.onTick, o.Name),
				app.Text(o.Title)))
		}
	}
	if info.Random {
		out = append(out, c.titled("selector", "Selector", c.Form.Selector,
			option{sparse.SelectorOwn, "method", ""}, option{sparse.SelectorRandom, "random", "the same number of blocks, drawn at random"}))
	} else {
		out = append(out, c.problem("selector"))
	}
	return out
}

// share offers the budgets of a parameter; any other can come by the address.
func (c *Controls) share(p sparse.Param) app.UI {
	value := c.Form.Get(p.Name)
	var offered []option
	for _, b := range p.Choices {
		offered = append(offered, option{b, number.Fraction(b), p.Name + " " + b})
	}
	if !slices.Contains(p.Choices, value) && value != "" {
		offered = append(offered, option{value, value, p.Name + " " + value})
	}
	return app.Div().Class("field").Body(
		app.Div().Class("label").Text(p.Title), c.choice(p.Name, p.Name, value, "", offered...), c.problem(p.Name))
}

// methods is the choice of a method, a line for every family of them, and a field that
// leaves those that it finds.
func (c *Controls) methods() app.UI {
	var families []app.UI
	found := 0
	for _, f := range state.Families() {
		var members []app.UI
		here := 0
		for _, m := range f.Methods {
			is := state.Found(m, c.find)
			if is {
				here++
			}
			members = append(members, c.radio("method", "method", c.Form.Method, option{m.ID, m.Name, aboutMethod(m, true)}).Hidden(!is))
		}
		found += here
		families = append(families,
			app.Span().Class("family").Hidden(here == 0).Text(f.Name),
			app.Div().Class("choice wide").Attr("role", "group").Aria("label", f.Name).Hidden(here == 0).Body(members...))
	}
	return app.Div().Body(
		app.Input().Class("input find").Type("search").Placeholder("Find a method").Aria("label", "find a method").
			DataSet("testid", "find-method").OnInput(c.onFind),
		app.Div().Class("families").Attr("role", "radiogroup").Aria("label", "method").DataSet("testid", "choose-method").Body(families...),
		app.P().Class("hint").Hidden(found > 0).Text("No method is called so, or does so."))
}

func (c *Controls) onFind(ctx app.Context, _ app.Event) { c.find = ctx.JSSrc().Get("value").String() }

func aboutMethod(m sparse.Info, known bool) string {
	if !known {
		return ""
	}
	phase := map[string]string{
		sparse.PhaseDecode:  "For every answer token, anew",
		sparse.PhasePrefill: "For every query of the prompt; after the first answer token attention is full",
		sparse.PhaseEvict:   "Once, after the prompt",
	}[m.Phase]
	if m.Family == sparse.FamilyDense {
		return "Reads everything: what the others are measured against."
	}
	return phase + ": " + m.Help + "."
}

func orAuto(s string) string {
	if s == "" {
		return "auto"
	}
	return s
}

// goButtons has both buttons and shows one: were one to become the other, the press
// that stops could be taken for the press that runs.
// engines says where runs are computed, and lets another place be chosen.
func (c *Controls) engines() app.UI {
	box := app.Div().Class("section").DataSet("testid", "engine").DataSet("engine", c.Engine.Kind).Hidden(len(c.Engines) == 0)
	if len(c.Engines) < 2 {
		return box.Body(app.P().Class("hint").Text("Computed " + c.Engine.Title + "."))
	}
	body := make([]app.UI, len(c.Engines))
	for i, e := range c.Engines {
		input := app.Input().Type("radio").Checked(e == c.Engine).Name(c.id("engine")).Value(e.Kind).OnChange(c.onEngine, e.Kind)
		body[i] = app.Label().Body(input, app.Span().Text(e.Title))
	}
	return box.Body(app.H2().Text("Computed"),
		app.Div().Class("choice").Attr("role", "radiogroup").Aria("label", "where runs are computed").DataSet("testid", "choose-engine").Body(body...))
}

func (c *Controls) onEngine(ctx app.Context, _ app.Event) {
	c.On.Do(state.UseEngine{Kind: ctx.JSSrc().Get("value").String()})
}

func (c *Controls) goButtons() app.UI {
	return app.Div().Class("go").Body(
		app.Button().Type("submit").Class("button main").Disabled(!c.Ready).Hidden(c.Running).DataSet("testid", "run").Text("Run"),
		app.Button().Type("button").Class("button stop").Hidden(!c.Running).DataSet("testid", "stop").OnClick(c.onStop).Text("Stop"),
		app.Kbd().Class("hint").Style("align-self", "center").Text("space"))
}

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
	return app.Input().ID(c.id(name)).Class("input").Name(name).Type("text").
		Placeholder(placeholder).
		Aria("invalid", c.invalid(name)).Aria("describedby", c.id("problem-"+name)).
		DataSet("field", name).OnInput(c.onType).OnChange(c.onRun)
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

// OnMount fills in the fields.
func (c *Controls) OnMount(app.Context) { c.fill() }

// OnUpdate fills in the fields that something else than typing changed.
func (c *Controls) OnUpdate(app.Context) { c.fill() }

// fill sets the text of fields. The one being typed in is left alone: what was
// typed since would be lost.
func (c *Controls) fill() {
	for _, el := range list(c.JSValue().Call("querySelectorAll", "input[type=text][data-field], input[type=range], textarea")) {
		name := el.Get("dataset").Get("field").String()
		value := c.Form.Get(name)
		switch name {
		case "depth":
			value = depthOr(value, "50")
		case "memory_strength":
			value = depthOr(value, "1")
		}
		if el.Get("value").String() != value && !el.Call("matches", ":focus").Bool() {
			el.Set("value", value)
		}
	}
	for _, el := range list(c.JSValue().Call("querySelectorAll", "select[data-part]")) {
		if value := el.Get("dataset").Get("value").String(); el.Get("value").String() != value {
			el.Set("value", value)
		}
	}
}

// onTick takes a box that is ticked or not.
func (c *Controls) onTick(ctx app.Context, _ app.Event) {
	value := ""
	if ctx.JSSrc().Get("checked").Bool() {
		value = "true"
	}
	c.On.Do(state.Set{Field: dataset(ctx, "field"), Value: value})
	c.onRun(ctx, app.Event{})
}

// onChoose takes a choice and runs it: one press, one picture.
func (c *Controls) onChoose(ctx app.Context, _ app.Event) {
	field, value := dataset(ctx, "field"), ctx.JSSrc().Get("value").String()
	c.On.Do(state.Set{Field: field, Value: value})
	if field == "source" || c.Form.Source != state.FromTask && c.Form.Text == "" {
		return // there is nothing to run yet
	}
	c.On.Do(state.Submit{})
}

func (c *Controls) onType(ctx app.Context, _ app.Event) {
	c.On.Do(state.Set{Field: dataset(ctx, "field"), Value: ctx.JSSrc().Get("value").String()})
}

// onRun runs when a field is left changed. Own text has its button for that.
func (c *Controls) onRun(app.Context, app.Event) {
	if c.Form.Source == state.FromTask {
		c.On.Do(state.Submit{})
	}
}

func (c *Controls) onSubmit(_ app.Context, e app.Event) {
	e.PreventDefault()
	c.On.Do(state.Submit{})
}

func (c *Controls) onTextKey(_ app.Context, e app.Event) {
	if e.Get("key").String() == "Enter" && (e.Get("ctrlKey").Bool() || e.Get("metaKey").Bool()) {
		c.On.Do(state.Submit{})
	}
}

func (c *Controls) onStop(app.Context, app.Event) { c.On.Do(state.Stop{}) }

func (c *Controls) onNextSeed(app.Context, app.Event) {
	n, err := strconv.ParseUint(c.Form.Seed, 10, 64)
	if err != nil {
		n = 0
	}
	c.setSeed(n + 1)
}

func (c *Controls) onRandomSeed(app.Context, app.Event) { c.setSeed(uint64(rand.IntN(100000))) }

func (c *Controls) setSeed(n uint64) {
	c.On.Do(state.Set{Field: "seed", Value: fmt.Sprint(n)})
	c.On.Do(state.Submit{})
}

func (c *Controls) onAutoDepth(ctx app.Context, _ app.Event) {
	value := ""
	if !ctx.JSSrc().Get("checked").Bool() {
		value = "50"
	}
	c.On.Do(state.Set{Field: "depth", Value: value})
	c.onRun(ctx, app.Event{})
}
