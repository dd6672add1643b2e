package widget

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/web/state"
)

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
		c.asks(),
		c.depth(),
		c.prose(),
		c.prepared(),
	}
}

// asks says which of its keys the task is asked for alone, and takes that back.
func (c *Controls) asks() app.UI {
	return app.Div().Class("field").DataSet("testid", "asks").Hidden(c.Form.Asks == "").Body(
		app.Div().Class("label").Body(app.Span().Text("Asked for alone"),
			app.Button().Type("button").Class("button small").Title("ask what the task asks").DataSet("testid", "asks-all").OnClick(c.onAsksAll).Text("as the task asks")),
		app.P().Class("mono").Text(c.Form.Asks),
		c.problem("asks"))
}

func (c *Controls) onAsksAll(app.Context, app.Event) {
	c.On.Do(state.Set{Field: "asks"})
	c.On.Do(state.Submit{})
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
		offered = append(offered, option{name, cmp.Or(proseTitles[name], name), ""})
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
		c.filled("depth", app.Input().ID(c.id("depth")).Type("range").Min(0).Max(100).Step(5).
			DataSet("field", "depth").Aria("valuetext", at).OnInput(c.onType).OnChange(c.onRun)),
		app.P().Class("hint").Text(at),
		c.problem("depth"),
	)
}
