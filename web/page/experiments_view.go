package page

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/experiment"
	"kvscope/engine/sparse"
	"kvscope/viz/chart"
	"kvscope/viz/number"
	"kvscope/web/api"
	"kvscope/web/lab"
	"kvscope/web/state"
)

// experiments lists what was asked for, newest first.
func (e *Experiments) experiments() app.UI {
	if e.s.Removed != nil {
		return app.Div().Class("lab-lists").Body(e.undo(*e.s.Removed), e.listed())
	}
	return app.Div().Class("lab-lists").Body(e.listed())
}

// undo offers an experiment back that was removed.
func (e *Experiments) undo(x api.Described) app.UI {
	said := "“" + x.Name + "” is removed. What it computed is kept."
	if e.s.Unreturned != "" {
		said = "“" + x.Name + "” is removed, and does not come back: " + e.s.Unreturned
	}
	return app.Div().Class("lab-undo").Attr("role", "status").DataSet("testid", "removed").Body(
		app.Span().Text(said),
		app.Button().Type("button").Class("button small").DataSet("testid", "undo-remove").OnClick(func(app.Context, app.Event) { e.do(lab.Undo{}) }).Text("Undo"),
		app.Button().Type("button").Class("button small").OnClick(func(app.Context, app.Event) { e.do(lab.Dismiss{}) }).Text("Close"))
}

func (e *Experiments) listed() app.UI {
	nav := app.Nav().Class("lab-list").Aria("label", "experiments").DataSet("testid", "list")
	switch {
	case e.s.List.Phase == state.Failed && len(e.s.List.Value) == 0:
		return nav.Body(message("The experiments cannot be seen.", e.s.List.Err))
	case e.s.List.Phase == state.Loading:
		return nav.Body(app.P().Class("quiet").Text("Asking the server …"))
	case len(e.s.List.Value) == 0:
		return nav.Body(app.P().Class("quiet").Text("No experiments yet. Choose a preset on the left and press Start."))
	}
	body := make([]app.UI, len(e.s.List.Value))
	for i, x := range e.s.List.Value {
		b := app.Button().Type("button").Class("lab-item").DataSet("id", x.ID).
			OnClick(func(app.Context, app.Event) { e.do(lab.Open{ID: x.ID}) }, x.ID).
			Body(
				app.B().Text(x.Name),
				app.Span().Class("quiet").Text(standing(x)),
				meter(x.Status))
		b.Aria("current", strconv.FormatBool(x.ID == e.s.Place.ID))
		body[i] = b
	}
	return nav.Body(body...)
}

// standing says in a word or two how an experiment is doing.
func standing(x api.Described) string {
	s := x.Status
	switch {
	case s.Over && s.Failed > 0:
		return fmt.Sprintf("done, %s failed", number.Of(s.Failed, "cell"))
	case s.Over:
		return "done"
	case x.State != api.Running:
		return string(x.State) + ", " + progressText(s)
	}
	return progressText(s)
}

func progressText(s api.Status) string {
	if s.Examples == 0 {
		return "0%"
	}
	return strconv.Itoa(100*s.ExamplesDone/s.Examples) + "%"
}

func meter(s api.Status) app.UI {
	return app.Span().Class("meter").Body(app.I().Style("width", progressText(s)))
}

func message(what, why string) app.UI {
	return app.Div().Class("message bad").Attr("role", "alert").DataSet("testid", "lab-failure").Body(app.B().Text(what), app.P().Text(why))
}

// opened is the experiment that is open.
func (e *Experiments) opened() app.UI {
	area := app.Section().Class("lab-open").Aria("label", "experiment").DataSet("testid", "open")
	x := e.s.Open.Value
	switch {
	case e.s.Open.Phase == state.Idle:
		return area
	case e.s.Open.Phase == state.Failed && x.ID == "":
		return area.Body(message("This experiment cannot be shown.", e.s.Open.Err))
	case x.ID == "":
		return area.Body(app.P().Class("quiet").Text("Asking for the experiment …"))
	}
	body := []app.UI{e.heading(x), e.progress(x)}
	if e.s.Open.Err != "" {
		body = append(body, message("The server refused.", e.s.Open.Err))
	}
	body = append(body, e.failures(x), e.looks())
	switch e.s.Place.View {
	case "table":
		body = append(body, e.table(x))
	case "ranking":
		body = append(body, e.ranking(x))
	default:
		body = append(body, e.findings(), e.charts())
	}
	return area.DataSet("id", x.ID).DataSet("state", string(x.State)).DataSet("over", strconv.FormatBool(x.Status.Over)).Body(body...)
}

func (e *Experiments) heading(x api.Described) app.UI {
	button := func(what, label string) app.UI {
		return app.Button().Type("button").Class("button small").Disabled(e.s.Decision != "").DataSet("testid", what).
			OnClick(func(app.Context, app.Event) { e.do(lab.Choose{What: what}) }, what, x.ID).Text(label)
	}
	var buttons []app.UI
	switch {
	case x.Status.Over && x.Status.Failed > 0:
		buttons = append(buttons, button("resume", "Try failed cells again"))
	case x.Status.Over:
	case x.State == api.Running:
		buttons = append(buttons, button("pause", "Pause"), button("cancel", "Cancel"))
	case x.State == api.Paused:
		buttons = append(buttons, button("resume", "Resume"), button("cancel", "Cancel"))
	default:
		buttons = append(buttons, button("resume", "Resume"))
	}
	download := func(format, label string) app.UI {
		return app.A().Class("button small").Href(e.lab.ExportAt(x.ID, format)).Attr("download", "").DataSet("testid", "export-"+format).Text(label)
	}
	buttons = append(buttons, download("csv", "CSV"), download("json", "JSON"), download("html", "Report"))
	buttons = append(buttons, app.Button().Type("button").Class("button small").DataSet("testid", "copy-grid").Title("Fill the form with this grid").
		OnClick(func(app.Context, app.Event) { e.do(lab.CopyGrid{}) }, x.ID).Text("Copy grid"))
	buttons = append(buttons, e.gridCommand(x.Grid, "command-grid", "copy the line for a shell that measures this grid", "Copy as command"))
	if e.s.Removing {
		buttons = append(buttons,
			app.Span().Attr("role", "status").Text("Remove it from the list? What was computed is kept."),
			app.Button().Type("button").Class("button small").DataSet("testid", "remove-yes").OnClick(func(app.Context, app.Event) { e.do(lab.Remove{}) }, x.ID).Text("Yes, remove"),
			app.Button().Type("button").Class("button small").DataSet("testid", "remove-no").OnClick(func(app.Context, app.Event) { e.do(lab.AskRemove{Ask: false}) }, x.ID).Text("Keep"))
	} else {
		buttons = append(buttons, app.Button().Type("button").Class("button small").DataSet("testid", "remove").Title("Forget the experiment; what was computed is kept").
			OnClick(func(app.Context, app.Event) { e.do(lab.AskRemove{Ask: true}) }, x.ID).Text("Remove"))
	}
	return app.Div().Class("lab-head").Body(
		app.H2().Text(x.Name),
		app.Div().Class("lab-buttons").Body(buttons...))
}

// gridCommand copies the line for a shell that measures a grid.
func (e *Experiments) gridCommand(g experiment.Grid, test, title, label string) app.UI {
	line := g.Command()
	return app.Button().Type("button").Class("button small").Title(title).DataSet("testid", test).
		OnClick(func(app.Context, app.Event) { copyLine(line, e.say) }, line).Text(label)
}

// progress says how far an experiment is, how fast and how long it will take.
func (e *Experiments) progress(x api.Described) app.UI {
	s := x.Status
	text := fmt.Sprintf("%s of %s examples", number.Count(s.ExamplesDone), number.Count(s.Examples))
	switch {
	case s.Over:
		text += fmt.Sprintf(", %s of computing", number.Wait(s.Seconds))
	case x.State != api.Running:
		text += ", " + string(x.State)
	case s.Trouble != "":
		text += ", the queue takes no results: " + s.Trouble
	default:
		text += ", " + number.Of(s.Workers, "worker")
		if s.Rate > 0 {
			text += fmt.Sprintf(", %s a second, %s left", number.Rate(s.Rate), number.Wait(s.Left))
		}
		if s.Workers == 0 {
			text += ": start “kvscope worker”, or serve with --workers 1"
		}
	}
	if s.Failed > 0 {
		text += fmt.Sprintf(", %s failed", number.Of(s.Failed, "cell"))
	}
	return app.Div().Class("lab-progress").Body(
		meter(s),
		app.P().Class("hint").DataSet("testid", "progress").DataSet("done", strconv.Itoa(s.Done)).DataSet("failed", strconv.Itoa(s.Failed)).Text(text))
}

// shownFailures is how many failed cells are listed.
const shownFailures = 5

func (e *Experiments) failures(x api.Described) app.UI {
	list := app.Ul().Class("lab-failures").Hidden(len(x.Failures) == 0).DataSet("testid", "failures")
	var body []app.UI
	for i, f := range x.Failures {
		if i == shownFailures {
			body = append(body, app.Li().Text(fmt.Sprintf("and %d more", len(x.Failures)-i)))
			break
		}
		c := f.Cell
		body = append(body, app.Li().Body(
			app.B().Text(fmt.Sprintf("%s, %s, %s: ", e.s.Called(c.Model), c.Task, c.Selection())),
			app.Text(f.Error)))
	}
	return list.Body(body...)
}

// looks chooses what to look at.
func (e *Experiments) looks() app.UI {
	place, methods, budgets := e.s.Choices()
	body := []app.UI{e.choose("view", "view", e.s.Place.View, lab.Views)}
	same := func(values []string) [][2]string {
		out := make([][2]string, len(values))
		for i, v := range values {
			out[i] = [2]string{v, v}
		}
		return out
	}
	if len(methods) > 1 && e.s.Place.View != "chance" {
		called := same(methods)
		for _, c := range e.s.Pictures.Value.Charts {
			if i := slices.Index(methods, c.Method); i >= 0 {
				called[i][1] = c.MethodName
			}
		}
		body = append(body, e.choose("method", "method", place.Method, called))
	}
	if len(budgets) > 1 {
		body = append(body, e.choose("budget", "budget", place.Budget, same(budgets)))
	}
	if e.s.Place.View == "accuracy" {
		body = append(body, e.choose("paper", "paper's table", e.s.Place.Paper, [][2]string{{"3", "Paper: Table 3"}, {"4", "Table 4"}}))
	}
	return app.Div().Class("lab-views").Body(body...)
}

func (e *Experiments) choose(name, label, value string, options [][2]string) app.UI {
	body := make([]app.UI, len(options))
	for i, o := range options {
		input := app.Input().Type("radio").Name("lab-"+name).Value(o[0]).Checked(o[0] == value).Aria("label", label+" "+o[1])
		body[i] = app.Label().Body(
			input.OnChange(func(app.Context, app.Event) { e.do(lab.Look{Field: name, Value: o[0]}) }, name, o[0]),
			app.Span().Text(o[1]))
	}
	return app.Div().Class("choice small").Attr("role", "radiogroup").Aria("label", label).DataSet("testid", "lab-"+name).Body(body...)
}

// questionOf is the findings that belong to a view.
var questionOf = map[string][]api.Question{
	"accuracy": {api.Accuracy}, "heads": {api.H1}, "chance": {api.H2}, "swap": {api.SwapHits, api.SwapKeys, api.SwapStates},
}

// findings says what the numbers say of what is shown.
func (e *Experiments) findings() app.UI {
	var body []app.UI
	place := e.s.Settled()
	method, _, _ := strings.Cut(place.Method, ",") // the rest is its block size
	for _, f := range e.s.Pictures.Value.Findings {
		if slices.Contains(questionOf[place.View], f.Question) && (f.Method == method || f.Verdict == api.Baseline || place.View == "chance") {
			body = append(body, app.Li().Class(string(f.Verdict)).Text(f.Text))
		}
	}
	return app.Ul().Class("lab-findings").Hidden(len(body) == 0).DataSet("testid", "findings").Body(body...)
}

// charts shows the pictures of the view, their common legend, and the examples of
// the point that was pressed.
func (e *Experiments) charts() app.UI {
	area := app.Div().Class("lab-charts").DataSet("testid", "charts").DataSet("view", e.s.Place.View).DataSet("state", string(e.s.Pictures.Phase))
	shown := e.s.Charts()
	switch {
	case e.s.Pictures.Phase == state.Failed:
		return area.Body(message("The charts cannot be drawn.", e.s.Pictures.Err))
	case len(shown) == 0:
		why := "Nothing of this was measured in this experiment."
		if !e.s.Open.Value.Status.Over {
			why = "Nothing yet. Charts appear as cells are done."
		}
		return area.Body(app.P().Class("quiet").Text(why))
	case e.s.Undrawn != "":
		return area.Body(message("The charts cannot be drawn.", e.s.Undrawn))
	}
	plots := make([]app.UI, len(shown))
	for i, c := range shown {
		plots[i] = &figure{
			Picture: c, Ready: e.s.Drawing, Dark: e.s.IsDark(), Drawing: e.lab.DrawingAt(e.s.Place.ID, e.s.Place.Paper, c.ID), On: e.press,
		}
	}
	body := []app.UI{legend(shown), app.Div().Class("lab-plots kind-" + string(shown[0].Kind)).Body(plots...)}
	if e.s.Picked != nil {
		body = append(body, e.examples())
	}
	return area.Body(body...)
}

// legend names the series of pictures, each once.
func legend(shown []api.Picture) app.UI {
	var body []app.UI
	seen := map[string]bool{}
	for _, c := range shown {
		if c.Kind == chart.Map {
			continue
		}
		for _, s := range c.Series {
			if seen[s.Name] {
				continue
			}
			seen[s.Name] = true
			kind := "solid"
			if s.Paper {
				kind = "dashed"
			}
			body = append(body, app.Li().Body(app.I().Style("border-top", "2px "+kind+" var(--"+s.Colour+")"), app.Text(s.Name)))
		}
	}
	return app.Ul().Class("lab-legend").Hidden(len(body) == 0).DataSet("testid", "legend").Body(body...)
}

// examples offers a failed and a right example of the point that was pressed.
func (e *Experiments) examples() app.UI {
	area := app.Aside().Class("lab-examples").DataSet("testid", "examples").DataSet("state", string(e.s.Picked.Examples.Phase))
	ref := e.s.Picked.Ref
	head := app.Div().Class("lab-head").Body(
		app.H3().Text(fmt.Sprintf("%s, %s, %s, %s", e.s.Called(ref.Model), ref.Task, sparse.Title(ref.Method), e.s.Picked.About)),
		app.Button().Type("button").Class("button small").OnClick(func(app.Context, app.Event) { e.do(lab.Unpick{}) }).Text("Close"))
	x := e.s.Picked.Examples
	switch x.Phase {
	case state.Loading:
		return area.Body(head, app.P().Class("quiet").Text("Asking for its examples …"))
	case state.Failed:
		return area.Body(head, message("The examples cannot be shown.", x.Err))
	}
	list := lab.AtDepths(x.Value.Examples, ref.Depths)
	var links []app.UI
	link := func(kind, label string, i int) {
		one := list[i]
		links = append(links, app.A().Class("button").Href(lab.ExampleLink(x.Value.Cell, one, e.s.Meta.Value.Models)).
			DataSet("testid", "example-"+kind).Text(fmt.Sprintf("%s: seed %d", label, one.Seed)))
		req := lab.ExampleRequest(x.Value.Cell, one)
		links = append(links, app.Button().Type("button").Class("button small").Title("copy the line for a shell that repeats this example").DataSet("testid", "command-"+kind).
			OnClick(func(app.Context, app.Event) { copyCommand(req, e.say) }, req.ID()).Text("Copy as command"))
	}
	lost := func(one experiment.Example) bool { return one.Score < 1 }
	if i := slices.IndexFunc(list, lost); i >= 0 {
		link("wrong", "Open a failed example", i)
	}
	if i := slices.IndexFunc(list, func(one experiment.Example) bool { return !lost(one) }); i >= 0 {
		link("right", "Open a right example", i)
	}
	right := 0
	for _, one := range list {
		if !lost(one) {
			right++
		}
	}
	links = append(links, e.gridCommand(e.s.Open.Value.Grid.Alone(x.Value.Cell), "command-cell", "copy the line for a shell that measures this cell", "Copy cell as command"))
	return area.Body(head,
		app.P().Class("hint").Text(fmt.Sprintf("%s of %s examples are right. Each opens in the explorer, where every block it read is to be seen.", number.Count(right), number.Count(len(list)))),
		app.Div().Class("lab-buttons").Body(links...))
}
