package widget

import (
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/run"
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

// Render lays out the form.
func (c *Controls) Render() app.UI {
	prompt := []app.UI{
		app.H2().Text("Prompt"),
		c.choice("source", "where the prompt comes from", string(c.Form.Source), "fit",
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

// goButtons has both buttons and shows one: were one to become the other, the press
// that stops could be taken for the press that runs.
func (c *Controls) goButtons() app.UI {
	return app.Div().Class("go").Body(
		app.Button().Type("submit").Class("button main").Disabled(!c.Ready).Hidden(c.Running).DataSet("testid", "run").Text("Run"),
		app.Button().Type("button").Class("button stop").Hidden(!c.Running).DataSet("testid", "stop").OnClick(c.onStop).Text("Stop"),
		app.Kbd().Class("hint").Style("align-self", "center").Text("space"))
}
