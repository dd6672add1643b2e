package widget

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/viz/number"
	"kvscope/web/state"
)

// columns chooses what each column shows.
func (c *Controls) columns() app.UI {
	body := []app.UI{app.H2().Text("Columns")}
	n := c.Form.Columns()
	for side := range n {
		spec := c.Form.Column(side)
		row := []app.UI{
			c.pick(side, "model", modelOptions(c.Models, spec.Model)),
			c.pick(side, "method", methodOptions()),
		}
		if c.Memory != "" {
			row = append(row, c.pick(side, "memory", memoryOptions()))
		}
		if side >= 2 && side == n-1 {
			row = append(row, app.Button().Type("button").Class("button icon small").Aria("label", "remove the last column").Title("remove").
				DataSet("testid", "remove-column").OnClick(c.onRemove, side).Text("×"))
		}
		body = append(body, app.Div().Class("column-row").DataSet("testid", "column-row").Body(row...),
			app.P().Class("hint").DataSet("testid", "about-model").Text(aboutModel(c.Models, spec.Model)))
	}
	body = append(body, app.Div().Class("edits").Body(
		app.Button().Type("button").Class("button small").Disabled(n == state.Sides).DataSet("testid", "add-column").OnClick(c.onAdd).Text("+ column"),
		app.Button().Type("button").Class("button small").Hidden(c.Memory == "").DataSet("testid", "swap").OnClick(c.onSwap).
			Title("four columns: select with K or K̃, compute with (K, V) or (K̃, Ṽ)").Text("2 × 2 swap")))
	body = append(body, c.problem("model"), c.openModel(),
		app.P().Class("hint").Hidden(c.Limits.KeptBytes == 0).DataSet("testid", "kept").
			Text("The caches of the last runs are kept, "+number.Bytes(c.Limits.KeptBytes)+" at most for all models together; those used least recently go first."))
	return app.Div().Class("section").Body(body...)
}

// openModel opens a model: by its path, where the engine may read what the page names, or
// for the engine of this browser.
func (c *Controls) openModel() app.UI {
	if c.Ready && c.Engine.Kind != "" && !c.Engine.Apart {
		return openModelFile(c.id("own"))
	}
	if !c.Limits.OpenPath {
		return app.P().Class("hint").Hidden(!c.Ready).DataSet("testid", "open-model-not").
			Text("A model of your own: kvscope serve --model PATH. Paths are opened from the page only where the server listens to its own machine alone.")
	}
	return app.Div().Class("field").Body(
		app.Label().For(c.id("path")).Class("label").Text("Model file or folder on this machine"),
		app.Div().Class("together").Body(
			&PathField{ID: c.id("path"), Problem: c.id("problem-path"), Invalid: c.invalid("path"), On: c.On},
			app.Button().Type("button").Class("button").Disabled(c.Opening != "").DataSet("testid", "open-model").OnClick(c.onOpenModel).Text("Open")),
		app.P().Class("hint").Hidden(c.Opening == "").Attr("role", "status").Text("opening "+c.Opening+" …"),
		c.problem("path"))
}

// onOpenModel opens the path that was typed.
func (c *Controls) onOpenModel(app.Context, app.Event) {
	c.On.Do(state.OpenModel{Path: app.Window().GetElementByID(c.id("path")).Get("value").String()})
}

// PathField is the field for a model's path. Enter opens it.
type PathField struct {
	app.Compo

	ID, Problem, Invalid string
	On                   *Bus
}

// Render lays out the field.
func (f *PathField) Render() app.UI {
	return app.Input().ID(f.ID).Class("input").Type("text").Placeholder("~/models/SmolLM2.gguf").
		Aria("invalid", f.Invalid).Aria("describedby", f.Problem).DataSet("testid", "model-path").OnKeyDown(f.onKey)
}

func (f *PathField) onKey(ctx app.Context, e app.Event) {
	if e.Get("key").String() == "Enter" {
		e.PreventDefault() // it would run the form
		f.On.Do(state.OpenModel{Path: ctx.JSSrc().Get("value").String()})
	}
}

// pick is one choice about a column.
func (c *Controls) pick(side int, part string, options []option) app.UI {
	spec := c.Form.Column(side)
	value := *partOf(&spec, part)
	items := make([]app.UI, len(options))
	for i, o := range options {
		items[i] = app.Option().Value(o.value).Selected(o.value == value).Text(o.label)
	}
	return app.Select().Class("input").Aria("label", fmt.Sprintf("%s of column %d", part, side+1)).Title(part).
		DataSet("column", side).DataSet("part", part).
		OnChange(c.onPick, side, part).Body(items...)
}

func modelOptions(models []run.ModelInfo, chosen string) []option {
	var out []option
	if modelNamed(models, chosen) == nil {
		out = append(out, option{chosen, chosen, ""})
	}
	for _, m := range models {
		out = append(out, option{m.Name, m.Name, ""})
	}
	return out
}

// modelNamed is the model of that name, nil when there is none.
func modelNamed(models []run.ModelInfo, name string) *run.ModelInfo {
	i := slices.IndexFunc(models, func(m run.ModelInfo) bool { return m.Name == name })
	if i < 0 {
		return nil
	}
	return &models[i]
}

// aboutModel says how large a model is, what it is stored as, and whether it has a memory;
// of queries and keys from a file how they were read, and what in it says a method.
func aboutModel(models []run.ModelInfo, name string) string {
	m := modelNamed(models, name)
	if m == nil {
		return ""
	}
	if m.Arch == run.ArchCapture && len(m.Says) > 0 {
		return m.Note + "; what it says of a method goes into the form where the page opens the file: " + strings.Join(m.Says, ", ")
	}
	if m.Arch == run.ArchCapture {
		return m.Note
	}
	memory := "no memory"
	if m.Memory {
		memory = "memory"
	}
	parts := []string{m.Title, number.Amount(float64(m.Params)) + " weights"}
	if m.DType != "" {
		parts[1] += " in " + m.DType
	}
	return strings.Join(append(parts, fmt.Sprintf("%d × %d heads", m.Layers, m.Heads), number.Count(m.Context)+" tokens", memory), ", ")
}

func methodOptions() []option {
	out := []option{{"", "same as Selection", ""}}
	for _, m := range sparse.Methods() {
		out = append(out, option{m.ID, m.Name, m.Help})
	}
	return out
}

// onPick changes one thing about a column and runs.
func (c *Controls) onPick(ctx app.Context, _ app.Event) {
	side, err := strconv.Atoi(dataset(ctx, "column"))
	if err != nil {
		return
	}
	spec := c.Form.Column(side)
	*partOf(&spec, dataset(ctx, "part")) = ctx.JSSrc().Get("value").String()
	c.setColumn(side, spec.String())
}

// partOf is the part of a column that a choice of that name is about.
func partOf(spec *state.ColumnSpec, name string) *string {
	switch name {
	case "model":
		return &spec.Model
	case "method":
		return &spec.Method
	}
	return &spec.Memory
}

func (c *Controls) setColumn(side int, text string) {
	c.change(state.ColumnField(side), text, true)
}

// onAdd adds a column like the last, with another method.
func (c *Controls) onAdd(app.Context, app.Event) {
	n := c.Form.Columns()
	spec := c.Form.Column(n - 1)
	spec.Method = state.OtherMethod(c.Form.Method)
	c.setColumn(n, spec.String())
}

func (c *Controls) onRemove(app.Context, app.Event) { c.setColumn(c.Form.Columns()-1, "") }

// onSwap shows the four pairings of the model that has a memory.
func (c *Controls) onSwap(app.Context, app.Event) {
	f := c.Form.Swap(c.Memory)
	columns := make([]state.Set, state.Sides)
	for side := range columns {
		columns[side] = state.Set{Field: state.ColumnField(side), Value: f.Get(state.ColumnField(side))}
	}
	c.On.Do(state.SubmitWith{Fields: columns})
}
