package lab

import (
	"strconv"

	"kvscope/engine/experiment"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/viz/chart"
	"kvscope/web/api"
	"kvscope/web/state"
)

// PointAt is the point of a picture that the script's event names: by the series'
// name and the item's index, which for bars is that of the category.
func PointAt(c api.Picture, series string, index int) *chart.Point {
	for _, s := range c.Series {
		if s.Name != series {
			continue
		}
		for i := range s.Points {
			if c.Kind == chart.Bars && int(s.Points[i].X) == index || c.Kind != chart.Bars && i == index {
				return &s.Points[i]
			}
		}
	}
	return nil
}

// ExampleRequest asks for an example of a cell again.
func ExampleRequest(c experiment.Cell, e experiment.Example) run.Request {
	c.First, c.SelectorSeed = int(e.Seed-experiment.Seed(0)), e.SelectorSeed
	return c.Request(0)
}

// ExampleLink is the address of an example in the explorer.
func ExampleLink(c experiment.Cell, e experiment.Example, models []run.ModelInfo) string {
	p := state.DefaultPlace()
	f := &p.Form
	f.Task, f.Seed, f.Context = c.Task, strconv.FormatUint(e.Seed, 10), strconv.Itoa(c.Context)
	f.Method, f.Selector = c.Method, c.Selector
	if e.SelectorSeed != 0 {
		f.SelectorSeed = strconv.FormatUint(e.SelectorSeed, 10)
	}
	// What the form leaves open is the method's default.
	set := c.Params.Values()
	for name, text := range c.Resolved() {
		if set[name] != "" || f.Get(name) != "" {
			p.Form = f.With(name, text)
		}
	}
	// The model goes to the column of its backbone. One that was swapped goes there
	// as it was swapped, and as it was trained to the other.
	for _, m := range models {
		switch {
		case m.Name == c.Model && c.Swap != (experiment.Swap{}):
			f.Left = state.ColumnSpec{Model: m.Name, Memory: run.WithMemory + "/" + run.WithMemory}.String()
			f.Right = state.ColumnSpec{Model: m.Name, Memory: orWord(c.SelectWith) + "/" + orWord(c.ComputeWith)}.String()
		case m.Name == c.Model && m.Memory:
			f.Right = m.Name
		case m.Name == c.Model:
			f.Left = m.Name
		}
	}
	if q := p.Query(); q != "" {
		return "/?" + q
	}
	return "/"
}

// orWord spells out a field of a swap, where "" stands for the memory.
func orWord(with string) string {
	if with == "" {
		return run.WithMemory
	}
	return with
}

// AtDepths are the examples whose needle stands within depths, all for nil.
func AtDepths(list []experiment.Example, depths *[2]float64) []experiment.Example {
	if depths == nil {
		return list
	}
	var out []experiment.Example
	for _, e := range list {
		// The last part holds its end too.
		if e.Depth >= depths[0] && (e.Depth < depths[1] || depths[1] == 1) {
			out = append(out, e)
		}
	}
	return out
}

// Setup says how the method of a row is set up beyond its budget.
func Setup(r experiment.Row) string {
	info, _ := sparse.Method(r.Method)
	if how := info.Describe(r.Params); how != "" {
		return how
	}
	return "–"
}

// ModelName is the name of one of models for people: its title, and its own name too where
// that is not its backbone's.
func ModelName(models []run.ModelInfo, name string) string {
	for i := range models {
		if models[i].Name == name {
			return state.ModelTitle(&models[i], name)
		}
	}
	return name
}
