package page

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/sparse"
	"kvscope/viz/number"
	"kvscope/web/lab"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// controls is the grid to measure, what it would cost, and the way to start it.
func (e *Experiments) controls() app.UI {
	body := []app.UI{
		app.Div().Class("section").Body(
			app.H2().Text("New experiment"),
			e.belongs(),
			e.choosePreset(),
			e.text("name", "Name", ""),
		),
		app.Div().Class("section").Body(
			e.ticks("models", "Models", ""),
			e.ticks("tasks", "Tasks", "wrap"),
			e.ticks("methods", "Methods", "wide"),
			e.ticks("selectors", "Selector", ""),
			e.ticks("select_with", "Blocks are scored with (models with memory)", ""),
			e.ticks("compute_with", "Attention uses (models with memory)", ""),
		),
		app.Div().Class("section").Body(e.params()...),
		app.Div().Class("section").Body(
			app.Div().Class("pair").Body(e.text("examples", "Examples a task", "100"), e.text("seeds", "Number of random seeds", "1")),
			app.Div().Class("pair").Body(e.text("context", "Context, tokens", "the model's"), app.Div()),
		),
		e.price(),
	}
	return app.Section().Class("side controls").Aria("label", "new experiment").Body(
		app.Form().AutoComplete(false).OnSubmit(func(_ app.Context, event app.Event) {
			event.PreventDefault()
			e.do(lab.Start{})
		}).DataSet("testid", "grid").Body(body...))
}

// params are the fields of the parameters of the methods that are ticked, as the methods
// describe them.
func (e *Experiments) params() []app.UI {
	body := []app.UI{app.H2().Text("Parameters")}
	var typed []app.UI
	for _, p := range e.s.Form.Params() {
		if lab.Ticked(p.Param) {
			body = append(body, e.ticks(p.Name, p.Title, "wrap"))
			continue
		}
		placeholder := p.Default
		if placeholder == "" {
			placeholder = "auto"
		}
		typed = append(typed, e.text(p.Name, p.Title, placeholder))
	}
	for pair := range slices.Chunk(typed, 2) {
		body = append(body, app.Div().Class("pair").Body(append(pair, app.Div())[:2]...))
	}
	return append(body, app.P().Class("hint").Text("Several values are measured each: tick them, or write them with commas. One that is left open is the method's default."))
}

// belongs says how the form stands to the experiment that is shown.
func (e *Experiments) belongs() app.UI {
	text := ""
	switch x := e.s.Open.Value; {
	case x.ID == "":
	case e.s.Form.Same(x.Grid):
		text = "The grid of the experiment shown."
	default:
		text = "Not the grid of the experiment shown; “Copy grid” there brings it here."
	}
	return app.P().Class("hint").DataSet("testid", "form-belongs").Hidden(text == "").Text(text)
}

func (e *Experiments) choosePreset() app.UI {
	all := e.presets()
	about := "Your own choice."
	options := []app.UI{app.Option().Value("").Selected(e.s.Form.Preset == "").Text("Own grid")}
	for _, p := range all {
		options = append(options, app.Option().Value(p.ID).Selected(p.ID == e.s.Form.Preset).Text(p.Name))
		if p.ID == e.s.Form.Preset {
			about = p.About
		}
	}
	return app.Div().Class("field").Body(
		app.Label().For("lab-preset").Class("label").Text("Preset"),
		app.Select().ID("lab-preset").Class("input").DataSet("testid", "preset").OnChange(func(ctx app.Context, _ app.Event) {
			e.do(lab.UsePreset{ID: ctx.JSSrc().Get("value").String()})
		}).Body(options...),
		app.P().Class("hint").Text(about))
}

// byFamily orders methods by their families, and then any that there are no more.
func byFamily(methods []string) []string {
	var out []string
	for _, f := range state.Families() {
		for _, m := range f.Methods {
			if slices.Contains(methods, m.ID) {
				out = append(out, m.ID)
			}
		}
	}
	for _, id := range methods {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// ticks is a row of boxes for a list.
func (e *Experiments) ticks(list, title, class string) app.UI {
	all := e.s.Offered(list)
	if list == "methods" {
		all = byFamily(all)
	}
	named := map[string]func(string) string{
		"methods": sparse.Title, "models": func(v string) string { return lab.ModelName(e.s.Meta.Value.Models, v) },
	}[list]
	titles := map[string]map[string]string{
		"selectors": {"own": "the method", "random": "chance"}, "select_with": {"memory": "K̃", "plain": "K"}, "compute_with": {"memory": "K̃, Ṽ", "plain": "K, V"},
	}[list]
	var boxes []app.UI
	family := ""
	for _, v := range all {
		on := slices.Contains(e.s.Form.Lists[list], v)
		label := v
		if t := titles[v]; t != "" {
			label = t
		} else if named != nil {
			label = named(v)
		}
		box := app.Input().Type("checkbox").Value(v).Checked(on).Aria("label", title+" "+label).DataSet("list", list)
		about := ""
		if info, ok := sparse.Method(v); ok && list == "methods" {
			if about = widget.AboutMethod(info); info.Family != family {
				family = info.Family
				boxes = append(boxes, app.B().Class("family").Text(family))
			}
		}
		boxes = append(boxes, app.Label().Title(about).Body(
			box.OnChange(func(app.Context, app.Event) { e.do(lab.Tick{List: list, Value: v}) }, list, v, strconv.FormatBool(on)),
			app.Span().Text(label)))
	}
	return app.Div().Class("field").Body(
		app.Div().Class("label").Text(title),
		app.Div().Class("choice several "+class).Attr("role", "group").Aria("label", title).DataSet("testid", "ticks-"+list).Body(boxes...),
		e.problem(list))
}

func (e *Experiments) text(field, title, placeholder string) app.UI {
	value := e.s.Form.Texts[field]
	if field == "name" {
		value = e.s.Form.Name
	}
	_, bad := e.s.Problems[field]
	id := "lab-" + field
	return app.Div().Class("field").Body(
		app.Label().For(id).Class("label").Text(title),
		app.Input().ID(id).Class("input").Type("text").Placeholder(placeholder).Value(value).
			Aria("invalid", strconv.FormatBool(bad)).Aria("describedby", id+"-problem").DataSet("field", field).
			OnInput(func(ctx app.Context, _ app.Event) {
				e.do(lab.Write{Field: field, Text: ctx.JSSrc().Get("value").String()})
			}, field),
		e.problem(field))
}

// problem is the complaint about a field, an empty line of no height without one.
func (e *Experiments) problem(field string) app.UI {
	text, bad := e.s.Problems[field]
	p := app.P().ID("lab-"+field+"-problem").Class("problem").DataSet("testid", "problem-"+field)
	if !bad {
		return p.Hidden(true).Text("")
	}
	return p.Hidden(false).Attr("role", "alert").Text(text)
}

// price shows the estimated cost of the grid, and the button that starts it.
func (e *Experiments) price() app.UI {
	text := ""
	switch c := e.s.Cost.Value; {
	case len(e.s.Problems) > 0:
		text = "Correct the field that is marked."
	case e.s.Cost.Phase == state.Loading:
		text = "Estimating …"
	case e.s.Cost.Phase == state.Failed:
		text = e.s.Cost.Err
	case e.s.Cost.Phase == state.Done && c.Left == 0:
		text = number.Of(c.Cells, "cell") + ", computed before: the result is there at once."
	case e.s.Cost.Phase == state.Done:
		who := "with the " + number.Of(c.Workers, "worker") + " there now"
		if c.Workers == 0 {
			who = "with one worker (none is there now: start “kvscope worker”)"
		}
		text = fmt.Sprintf("%s in %s, %s computed before. About %s %s; %s tokens, %s FLOP.",
			number.Of(c.Examples, "example"), number.Of(c.Cells, "cell"), number.Count(c.Known), number.Wait(c.Seconds/float64(max(1, c.Workers))), who, number.Amount(c.Tokens), number.Amount(c.FLOP))
	}
	label := "Start"
	if e.s.Starting {
		label = "Starting …"
	}
	body := []app.UI{
		app.P().Class("hint").DataSet("testid", "estimate").DataSet("state", string(e.s.Cost.Phase)).Text(text),
	}
	if e.s.Refused != "" {
		body = append(body, app.P().Class("problem").Attr("role", "alert").DataSet("testid", "refused").Text(e.s.Refused))
	}
	body = append(body, app.Button().Type("submit").Class("button main").DataSet("testid", "start").
		Disabled(e.s.Starting || e.s.Meta.Phase != state.Done || len(e.s.Problems) > 0).Text(label))
	return app.Div().Class("go lab-go").Body(body...)
}
