package state

import (
	"errors"
	"math"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/experiment"
	"kvscope/engine/input"
	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/viz/chart"
	"kvscope/web/api"
)

// GridForm is an experiment as typed. Lists hold what is ticked; numbers are text
// that may not be valid yet.
type GridForm struct {
	Preset string
	Name   string
	Lists  map[string][]string // those of GridLists
	Texts  map[string]string   // blocks, seeds, examples, context, window
}

// GridLists are the lists of a GridForm.
var GridLists = []string{"models", "tasks", "methods", "budgets", "selectors", "select_with", "compute_with"}

// FormOf is the form of a preset.
func FormOf(p experiment.Preset) GridForm {
	number := func(n *int) string {
		if n == nil {
			return ""
		}
		return strconv.Itoa(*n)
	}
	var blocks []string
	for _, b := range p.Grid.Blocks {
		blocks = append(blocks, strconv.Itoa(b))
	}
	orMemory := func(list []string) []string {
		if len(list) == 0 {
			return []string{run.WithMemory}
		}
		return list
	}
	return GridForm{
		Preset: p.ID, Name: p.Name,
		Lists: map[string][]string{
			"models": p.Grid.Models, "tasks": p.Grid.Tasks, "methods": p.Grid.Methods, "budgets": p.Grid.Budgets, "selectors": p.Grid.Selectors,
			"select_with": orMemory(p.Grid.SelectWith), "compute_with": orMemory(p.Grid.ComputeWith),
		},
		Texts: map[string]string{
			"blocks": strings.Join(blocks, ", "), "seeds": number(p.Grid.Seeds), "examples": strconv.Itoa(p.Grid.Examples),
			"context": number(p.Grid.Context), "window": number(p.Grid.Window),
		},
	}
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
func (f GridForm) Grid() (experiment.Grid, Problems) {
	p := Problems{}
	g := experiment.Grid{
		Models: f.Lists["models"], Tasks: f.Lists["tasks"], Methods: f.Lists["methods"], Budgets: f.Lists["budgets"], Selectors: f.Lists["selectors"],
		Examples: wholeOr0(p, "examples", f.Texts["examples"], 1, experiment.MaxExamples),
	}
	given := func(name string, lo, hi int) *int { return whole(p, name, f.Texts[name], lo, hi) }
	g.Seeds, g.Context, g.Window = given("seeds", 1, experiment.MaxSeeds), given("context", minContext, math.MaxInt32), given("window", 1, 4096)
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
	for text := range strings.SplitSeq(f.Texts["blocks"], ",") {
		if n := whole(p, "blocks", text, 1, 4096); n != nil {
			g.Blocks = append(g.Blocks, *n)
		}
	}
	if len(p) == 0 {
		if err := g.Validate(); err != nil {
			field, problem := Blame(err)
			p[field] = problem
		}
	}
	return g, p
}

// Blame is the field of a form that an error is about, and what it says of it.
func Blame(err error) (field, problem string) {
	var e *input.Error
	if errors.As(err, &e) {
		return e.Field, e.Problem
	}
	return "", err.Error()
}

// LabPlace is what a link to the experiments restores.
type LabPlace struct {
	ID     string // of the experiment that is open
	View   string // one of LabViews
	Method string
	Budget string
	Paper  string // table to compare with
}

// LabViews are the views, with their titles.
var LabViews = [][2]string{{"accuracy", "Accuracy"}, {"heads", "Head hits"}, {"chance", "Random selector"}, {"swap", "2 × 2 swap"}, {"depth", "Depth map"}, {"table", "Table"}}

// DefaultLabPlace is the place of a link without a query.
func DefaultLabPlace() LabPlace { return LabPlace{View: "accuracy", Paper: "3"} }

func (p *LabPlace) fields() []struct {
	name string
	at   *string
} {
	return []struct {
		name string
		at   *string
	}{{"id", &p.ID}, {"view", &p.View}, {"method", &p.Method}, {"budget", &p.Budget}, {"paper", &p.Paper}}
}

// Query writes p as a URL query, defaults left out.
func (p LabPlace) Query() string {
	d := DefaultLabPlace()
	var parts []string
	for i, f := range p.fields() {
		if *f.at != *d.fields()[i].at {
			parts = append(parts, f.name+"="+escape(*f.at))
		}
	}
	return strings.Join(parts, "&")
}

// ParseLabQuery reads what Query wrote. It takes any query: what it cannot use is dropped,
// which MisreadLab tells.
func ParseLabQuery(query string) LabPlace {
	p, _ := readLabQuery(query)
	return p
}

// MisreadLab lists the parts of a query that ParseLabQuery drops, as they stand in it.
func MisreadLab(query string) []string {
	_, misread := readLabQuery(query)
	return misread
}

func readLabQuery(query string) (p LabPlace, misread []string) {
	p = DefaultLabPlace()
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		value, err := url.QueryUnescape(value)
		if pair != "" && (err != nil || !p.set(name, strings.ToValidUTF8(value, "\uFFFD"))) {
			misread = append(misread, pair)
		}
	}
	return p, misread
}

// set reads one part of a query, and reports whether it could be used.
func (p *LabPlace) set(name, value string) bool {
	switch name {
	case "view":
		if !slices.ContainsFunc(LabViews, func(v [2]string) bool { return v[0] == value }) {
			return false
		}
	case "paper":
		if value != "3" && value != "4" {
			return false
		}
	}
	for _, f := range p.fields() {
		if f.name == name {
			*f.at = value
			return true
		}
	}
	return false
}

// Choices lists the methods, and for the chosen one the budgets, that pictures of a
// view are of, and settles on those of them that the place names, or the first.
func (p LabPlace) Choices(all []api.Picture) (settled LabPlace, methods, budgets []string) {
	for _, c := range all {
		if string(c.View) == p.View && !slices.Contains(methods, c.Method) {
			methods = append(methods, c.Method)
		}
	}
	settled = p
	if !slices.Contains(methods, p.Method) {
		settled.Method = ""
		if len(methods) > 0 {
			settled.Method = methods[0]
		}
	}
	for _, c := range all {
		if string(c.View) == p.View && c.Method == settled.Method && c.Budget != "" && !slices.Contains(budgets, c.Budget) {
			budgets = append(budgets, c.Budget)
		}
	}
	if !slices.Contains(budgets, p.Budget) {
		settled.Budget = ""
		if len(budgets) > 0 {
			settled.Budget = budgets[0]
		}
	}
	return settled, methods, budgets
}

// Shown lists the pictures that a settled place shows.
func (p LabPlace) Shown(all []api.Picture) []api.Picture {
	var out []api.Picture
	for _, c := range all {
		if string(c.View) == p.View && c.Method == p.Method && c.Budget == p.Budget {
			out = append(out, c)
		}
	}
	return out
}

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

// ExampleLink is the address of an example in the explorer.
func ExampleLink(c experiment.Cell, e experiment.Example, models []run.ModelInfo) string {
	p := DefaultPlace()
	f := &p.Form
	f.Task, f.Seed, f.Context = c.Task, strconv.FormatUint(e.Seed, 10), strconv.Itoa(c.Context)
	f.Method, f.Selector, f.Budget = c.Method, c.Selector, sparse.FormatBudget(c.Budget)
	if e.SelectorSeed != 0 {
		f.SelectorSeed = strconv.FormatUint(e.SelectorSeed, 10)
	}
	if c.Block != 0 {
		f.Block = strconv.Itoa(c.Block)
	}
	if c.Window != 0 {
		p.Form = f.With("window", strconv.Itoa(c.Window))
	}
	// The model goes to the column of its backbone. One that was swapped goes there
	// as it was swapped, and as it was trained to the other.
	for _, m := range models {
		switch {
		case m.Name == c.Model && c.Swap != (experiment.Swap{}):
			f.Left = ColumnSpec{Model: m.Name, Memory: run.WithMemory + "/" + run.WithMemory}.String()
			f.Right = ColumnSpec{Model: m.Name, Memory: orWord(c.SelectWith) + "/" + orWord(c.ComputeWith)}.String()
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

// orWord is what a swap's field means.
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

// MethodName is what a method is called, its ID where it is not known.
func MethodName(id string) string {
	if info, ok := sparse.Method(id); ok {
		return info.Name
	}
	return id
}

// ModelName is what one of models is called: by its title, and by its own name too
// where that is not its backbone's.
func ModelName(models []run.ModelInfo, name string) string {
	for i := range models {
		if models[i].Name == name {
			return titleOf(&models[i], name)
		}
	}
	return name
}

func titleOf(m *run.ModelInfo, name string) string {
	switch {
	case m == nil || m.Title == "":
		return name
	case m.Name == m.Arch:
		return m.Title
	}
	return m.Title + " · " + m.Name
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
	case "budgets":
		out = []string{"1", "1/2", "1/4", "1/8", "1/16", "1/32", "1/64"}
	case "selectors":
		out = []string{sparse.SelectorOwn, sparse.SelectorRandom}
	case "select_with", "compute_with":
		out = []string{run.WithMemory, run.WithPlain}
	}
	return out
}
