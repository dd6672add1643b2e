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
// that may not be valid yet. Parameters of methods are among both, by their names.
type GridForm struct {
	Preset string
	Name   string
	Lists  map[string][]string // those of GridLists, and parameters that are ticked
	Texts  map[string]string   // seeds, examples, context, and the other parameters
}

// GridLists are the lists of a GridForm that every grid has.
var GridLists = []string{"models", "tasks", "methods", "selectors", "select_with", "compute_with"}

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
func (f GridForm) Grid() (experiment.Grid, Problems) {
	p := Problems{}
	g := experiment.Grid{
		Models: f.Lists["models"], Tasks: f.Lists["tasks"], Methods: f.Lists["methods"], Params: f.sweep(), Selectors: f.Lists["selectors"],
		Examples: wholeOr0(p, "examples", f.Texts["examples"], 1, experiment.MaxExamples),
	}
	given := func(name string, lo, hi int) *int { return whole(p, name, f.Texts[name], lo, hi) }
	g.Seeds, g.Context = given("seeds", 1, experiment.MaxSeeds), given("context", minContext, math.MaxInt32)
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

// Setup says how the method of a row is set up beyond its budget.
func Setup(r experiment.Row) string {
	info, _ := sparse.Method(r.Method)
	if how := info.Describe(r.Params); how != "" {
		return how
	}
	return "–"
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
