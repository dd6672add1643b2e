package widget

import (
	"cmp"
	"slices"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/sparse"
	"kvscope/viz/number"
	"kvscope/web/state"
)

// method chooses the method and gives its parameters: shares first, then boxes by pairs, then
// choices.
func (c *Controls) method() []app.UI {
	about := ""
	info, known := sparse.Method(c.Form.Method)
	if known {
		about = AboutMethod(info)
	}
	out := []app.UI{
		app.H2().Text("Selection"),
		app.Div().Class("field").Body(
			c.methods(),
			app.P().Class("hint").Text(about),
			c.problem("method"),
		),
	}
	boxes, choices := []app.UI{}, []app.UI{}
	for _, p := range state.Options(c.Form.Method) {
		switch p.Kind {
		case sparse.KindBudget:
			out = append(out, c.share(p))
		case sparse.KindInt:
			boxes = append(boxes, c.number(p.Name, p.Title, cmp.Or(p.Default, "auto")))
		case sparse.KindFloat:
			boxes = append(boxes, c.input(p.Name, p.Title, cmp.Or(p.Default, "auto")))
		case sparse.KindChoice:
			choices = append(choices, c.oneOf(p))
		case sparse.KindBool:
			choices = append(choices, c.tick(p))
		}
	}
	boxes = append(boxes, c.number("max_new", "Answer, tokens", "auto"))
	if info.Random && c.Form.Selector == sparse.SelectorRandom {
		boxes = append(boxes, c.number("selector_seed", "Seed of the random selector", "0"))
	}
	for pair := range slices.Chunk(boxes, 2) {
		out = append(out, app.Div().Class("pair").Body(pair...))
	}
	return append(append(out, choices...), c.selector(info))
}

// selector lets the blocks of a method be drawn at random, where it can be told from that.
func (c *Controls) selector(info sparse.Info) app.UI {
	if !info.Random {
		return c.problem("selector")
	}
	return c.titled("selector", "Selector", c.Form.Selector,
		option{sparse.SelectorOwn, "method", ""}, option{sparse.SelectorRandom, "random", "the same number of blocks, drawn at random"})
}

// oneOf offers the choices of a parameter.
func (c *Controls) oneOf(p sparse.Param) app.UI {
	var offered []option
	if p.Default == "" {
		offered = append(offered, option{"", "auto", "as other settings have it"})
	}
	for _, v := range p.Choices {
		offered = append(offered, option{v, v, ""})
	}
	return c.titled(p.Name, p.Title, cmp.Or(c.Form.Get(p.Name), p.Default), offered...)
}

// tick is the box of a parameter that is on or off.
func (c *Controls) tick(p sparse.Param) app.UI {
	return app.Label().Class("tick label").Title(p.Help).Body(
		app.Input().Type("checkbox").Checked(c.Form.Get(p.Name) == "true").DataSet("field", p.Name).OnChange(c.onTick, p.Name),
		app.Text(p.Title))
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
			members = append(members, c.radio("method", "method", c.Form.Method, option{m.ID, m.Name, AboutMethod(m)}).Hidden(!is))
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

// AboutMethod says in a sentence when a method selects, and what.
func AboutMethod(m sparse.Info) string {
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
