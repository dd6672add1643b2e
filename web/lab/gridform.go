package lab

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/experiment"
	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/web/state"
)

// GridForm is an experiment as typed. Lists hold what is ticked; numbers are text
// that may not be valid yet. Parameters of methods are among both, by their names.
type GridForm struct {
	Preset string
	Name   string
	Lists  map[string][]string // models, tasks and the like, and parameters that are ticked
	Texts  map[string]string   // seeds, examples, context, and the other parameters
}

// Ticked reports whether the values of a parameter are ticked; else they are typed, with
// commas between them.
func Ticked(p sparse.Param) bool { return p.Kind != sparse.KindInt && p.Kind != sparse.KindFloat }

// Params lists the parameters of the methods that are ticked.
func (f GridForm) Params() []sparse.Shared {
	var methods []sparse.Info
	for _, id := range f.Lists["methods"] {
		if info, ok := sparse.Method(id); ok {
			methods = append(methods, info)
		}
	}
	return sparse.ParamsOf(methods)
}

// FormOf is the form of a preset.
func FormOf(p experiment.Preset) GridForm {
	number := func(n *int) string {
		if n == nil {
			return ""
		}
		return strconv.Itoa(*n)
	}
	orMemory := func(list []string) []string {
		if len(list) == 0 {
			return []string{run.WithMemory}
		}
		return list
	}
	f := GridForm{
		Preset: p.ID, Name: p.Name,
		Lists: map[string][]string{
			"models": p.Grid.Models, "tasks": p.Grid.Tasks, "methods": p.Grid.Methods, "selectors": p.Grid.Selectors,
			"select_with": orMemory(p.Grid.SelectWith), "compute_with": orMemory(p.Grid.ComputeWith),
		},
		Texts: map[string]string{"seeds": number(p.Grid.Seeds), "examples": strconv.Itoa(p.Grid.Examples), "context": number(p.Grid.Context)},
	}
	for _, param := range sparse.Params() {
		values := canonical(param.Param, p.Grid.Params[param.Name])
		switch {
		case len(values) == 0:
		case Ticked(param.Param):
			f.Lists[param.Name] = values
		default:
			f.Texts[param.Name] = strings.Join(values, ", ")
		}
	}
	return f
}

// canonical writes values as the form offers them; what is no value stays as it is.
func canonical(p sparse.Param, values []string) []string {
	out := slices.Clone(values)
	for i, text := range out {
		if one, err := p.Canonical(text); err == nil {
			out[i] = one
		}
	}
	return out
}

// sweep reads the parameters of the methods that are ticked. Those of others stay in
// the form for when their method is.
func (f GridForm) sweep() sparse.Sweep {
	var s sparse.Sweep
	for _, p := range f.Params() {
		values := f.Lists[p.Name]
		if !Ticked(p.Param) {
			values = strings.FieldsFunc(f.Texts[p.Name], func(r rune) bool { return r == ',' || r == ' ' })
		}
		if len(values) > 0 {
			s = s.With(p.Name, values...)
		}
	}
	return s
}

// Same reports whether the form asks for the grid g.
func (f GridForm) Same(g experiment.Grid) bool {
	asked, problems := f.Grid()
	of, _ := FormOf(experiment.Preset{Grid: g}).Grid()
	return len(problems) == 0 && reflect.DeepEqual(asked, of)
}

// Toggle ticks or unticks a value of a list. Ticked values stay in the order of all.
func (f GridForm) Toggle(list, value string, all []string) GridForm {
	on := slices.Clone(f.Lists[list])
	if i := slices.Index(on, value); i >= 0 {
		on = slices.Delete(on, i, i+1)
	} else {
		on = append(on, value)
	}
	slices.SortStableFunc(on, func(a, b string) int { return slices.Index(all, a) - slices.Index(all, b) })
	f.Lists = with(f.Lists, list, on)
	f.Preset = ""
	return f
}

// Write changes a text, or the name.
func (f GridForm) Write(field, value string) GridForm {
	if field == "name" {
		f.Name = value
		return f
	}
	f.Texts = with(f.Texts, field, value)
	f.Preset = ""
	return f
}

func with[V any](m map[string]V, key string, v V) map[string]V {
	out := make(map[string]V, len(m)+1)
	for k, old := range m {
		out[k] = old
	}
	out[key] = v
	return out
}

// Grid reads the form. What the lists combine to is checked by the grid itself.
func (f GridForm) Grid() (experiment.Grid, state.Problems) {
	p := state.Problems{}
	g := experiment.Grid{
		Models: f.Lists["models"], Tasks: f.Lists["tasks"], Methods: f.Lists["methods"], Params: f.sweep(), Selectors: f.Lists["selectors"],
		Examples: wholeOr0(p, "examples", f.Texts["examples"], 1, experiment.MaxExamples),
	}
	given := func(name string, lo, hi int) *int { return state.Whole(p, name, f.Texts[name], lo, hi) }
	g.Seeds, g.Context = given("seeds", 1, experiment.MaxSeeds), given("context", state.MinContext, math.MaxInt32)
	for _, list := range []string{"selectors", "select_with", "compute_with"} {
		if len(f.Lists[list]) == 0 {
			p[list] = "none, want at least one"
		}
	}
	if slices.Contains(f.Lists["select_with"], run.WithPlain) || slices.Contains(f.Lists["compute_with"], run.WithPlain) {
		g.SelectWith, g.ComputeWith = f.Lists["select_with"], f.Lists["compute_with"]
	}
	if !slices.Contains(g.Selectors, sparse.SelectorRandom) {
		g.Seeds = nil // the form keeps what was typed for when chance selects
	}
	if len(p) == 0 {
		if err := g.Validate(); err != nil {
			field, problem := state.Blame(err)
			p[field] = problem
		}
	}
	return g, p
}

// GridChoices lists what a list of the form offers.
func GridChoices(list string, models []run.ModelInfo) []string {
	var out []string
	switch list {
	case "models":
		for _, m := range models {
			out = append(out, m.Name)
		}
	case "tasks":
		for _, t := range niah.Tasks() {
			out = append(out, t.ID)
		}
	case "methods":
		for _, m := range sparse.Methods() {
			out = append(out, m.ID)
		}
	case "selectors":
		out = []string{sparse.SelectorOwn, sparse.SelectorRandom}
	case "select_with", "compute_with":
		out = []string{run.WithMemory, run.WithPlain}
	default:
		for _, p := range sparse.Params() {
			if p.Name == list {
				out = choicesOf(p.Param)
			}
		}
	}
	return out
}

// choicesOf lists the values of a parameter to tick.
func choicesOf(p sparse.Param) []string {
	if p.Kind == sparse.KindBool {
		return []string{"false", "true"}
	}
	return p.Choices
}

// wholeOr0 is state.Whole, 0 for no text.
func wholeOr0(p state.Problems, name, s string, lo, hi int) int {
	if n := state.Whole(p, name, s, lo, hi); n != nil {
		return *n
	}
	return 0
}
