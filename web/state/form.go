package state

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

// Form is the request as typed: text that may not be valid yet, so that nothing
// typed is lost. Fields are named as in run.Request. Empty means the default.
type Form struct {
	Source Source

	Task, Seed, Context, Depth string // Depth in percent
	Text, Key, Value           string

	Method, Selector, Budget, Block string
	K, MaxNew                       string
	SelectorSeed                    string // which random selector
	Window, Kernel, Pooling         string
	PublicCode, DenseLayers         string
	Dilation, Initial, TopP         string
	Strength, Cap                   string // of the memory
	SelectWith, ComputeWith         string // memory or plain keys
	Force, Drop                     string // blocks, with commas between them
	Left, Right, Third, Fourth      string // columns, see ColumnSpec; the last two may be empty
}

// Source is where the prompt comes from.
type Source string

// The sources, as they stand in a URL.
const (
	FromTask Source = "task"
	FromText Source = "text"
)

// DefaultForm is what the explorer runs when nothing else is asked.
func DefaultForm() Form {
	return Form{
		Source: FromTask, Task: "MK-1", Seed: "1",
		Method: "quest", Selector: sparse.SelectorOwn, Budget: "1/8", Block: "16",
		Left: "attention", Right: "ratplus",
	}
}

// field is one entry of the form: its name in requests and URLs and its place.
type field struct {
	name string
	at   func(*Form) *string
}

var fields = []field{
	{"task", func(f *Form) *string { return &f.Task }},
	{"seed", func(f *Form) *string { return &f.Seed }},
	{"context", func(f *Form) *string { return &f.Context }},
	{"depth", func(f *Form) *string { return &f.Depth }},
	{"text", func(f *Form) *string { return &f.Text }},
	{"key", func(f *Form) *string { return &f.Key }},
	{"value", func(f *Form) *string { return &f.Value }},
	{"method", func(f *Form) *string { return &f.Method }},
	{"selector", func(f *Form) *string { return &f.Selector }},
	{"selector_seed", func(f *Form) *string { return &f.SelectorSeed }},
	{"budget", func(f *Form) *string { return &f.Budget }},
	{"block", func(f *Form) *string { return &f.Block }},
	{"k", func(f *Form) *string { return &f.K }},
	{"max_new", func(f *Form) *string { return &f.MaxNew }},
	{"window", func(f *Form) *string { return &f.Window }},
	{"kernel", func(f *Form) *string { return &f.Kernel }},
	{"pooling", func(f *Form) *string { return &f.Pooling }},
	{"public_code", func(f *Form) *string { return &f.PublicCode }},
	{"dense_layers", func(f *Form) *string { return &f.DenseLayers }},
	{"dilation", func(f *Form) *string { return &f.Dilation }},
	{"initial", func(f *Form) *string { return &f.Initial }},
	{"top_p", func(f *Form) *string { return &f.TopP }},
	{"memory_strength", func(f *Form) *string { return &f.Strength }},
	{"memory_cap", func(f *Form) *string { return &f.Cap }},
	{"select_with", func(f *Form) *string { return &f.SelectWith }},
	{"compute_with", func(f *Form) *string { return &f.ComputeWith }},
	{"force", func(f *Form) *string { return &f.Force }},
	{"drop", func(f *Form) *string { return &f.Drop }},
	{"left", func(f *Form) *string { return &f.Left }},
	{"right", func(f *Form) *string { return &f.Right }},
	{"third", func(f *Form) *string { return &f.Third }},
	{"fourth", func(f *Form) *string { return &f.Fourth }},
}

// Get is the text of a field, "" for a name the form does not have.
func (f Form) Get(name string) string {
	for _, d := range fields {
		if d.name == name {
			return *d.at(&f)
		}
	}
	return ""
}

// With is the form with one field changed. An unknown name changes nothing.
func (f Form) With(name, value string) Form {
	if name == "source" {
		f.Source = Source(value)
		return f
	}
	for _, d := range fields {
		if d.name == name {
			*d.at(&f) = value
		}
	}
	return f
}

// Problems says, by field, what is wrong and what is allowed.
type Problems map[string]string

// minContext is the shortest context worth a look: a needle and its question.
const minContext = 64

// Request reads the form for one model. longest is the context of the shorter of
// the two models, 0 when not known. Fields that the form does not show for its
// source and method are neither sent nor checked.
func (f Form) Request(model string, longest int) (run.Request, Problems) {
	p := Problems{}
	r := run.Request{Model: model, Method: f.Method, Budget: strings.TrimSpace(f.Budget)}
	f.options(&r, p)
	r.MaxNew = whole(p, "max_new", f.MaxNew, 1, math.MaxInt32)
	r.Force, r.Drop = blocks(p, "force", f.Force), blocks(p, "drop", f.Drop)
	if f.Source == FromTask {
		r.Task, r.Seed, r.Depth = f.Task, seed(p, "seed", f.Seed), depth(p, f.Depth)
		if _, err := niah.ByID(f.Task); err != nil {
			p["task"] = err.Error()
		}
		limit := longest
		if limit == 0 {
			limit = math.MaxInt32
		}
		r.Context = whole(p, "context", f.Context, minContext, limit)
		return r, p
	}
	r.Text, r.Key, r.Value = f.Text, strings.TrimSpace(f.Key), strings.TrimSpace(f.Value)
	if strings.TrimSpace(f.Text) == "" {
		p["text"] = "empty, paste the text to search"
	}
	if r.Key == "" {
		p["key"] = "empty, name what is asked for"
	}
	if r.Value != "" {
		r.Depth = depth(p, f.Depth)
	}
	return r, p
}

// always are the fields that every form shows.
var always = []string{
	"method", "selector", "selector_seed", "budget", "max_new", "force", "drop",
	"memory_strength", "memory_cap", "select_with", "compute_with",
}

// has reports whether the form has a field of a name, where a complaint is seen.
func (f Form) has(name string) bool {
	byTask := name == "task" || name == "seed" || name == "context"
	byText := name == "text" || name == "key" || name == "value"
	switch {
	case byTask:
		return f.Source == FromTask
	case byText:
		return f.Source == FromText
	case name == "depth":
		return f.Source == FromTask || f.Value != ""
	case slices.Contains(always, name):
		return true
	}
	return slices.ContainsFunc(Options(f.Method), func(o sparse.Param) bool { return o.Name == name })
}

// options reads what concerns the method, by the table of its parameters.
func (f Form) options(r *run.Request, p Problems) {
	info, ok := sparse.Method(f.Method)
	if !ok {
		p["method"] = fmt.Sprintf("%q is not a method", f.Method)
		return
	}
	if f.Selector == sparse.SelectorRandom {
		r.Selector, r.SelectorSeed = f.Selector, seed(p, "selector_seed", f.SelectorSeed)
		if !info.Random {
			p["selector"] = info.Name + " has no random form, choose own"
		}
	}
	if r.Budget != "" {
		if _, err := sparse.ParseBudget(r.Budget); err != nil {
			p["budget"] = fmt.Sprintf("%q is not a budget, write 1, a fraction such as 1/8 or a decimal above 0 and up to 1", f.Budget)
		}
	}
	numbers := map[string]*int{
		"block": &r.Block, "k": &r.K, "window": &r.Window, "kernel": &r.Kernel,
		"dense_layers": &r.DenseLayers, "dilation": &r.Dilation, "initial": &r.Initial,
	}
	choices := map[string]*string{"pooling": &r.Pooling, "top_p": &r.TopP}
	for _, o := range Options(f.Method) {
		text := f.Get(o.Name)
		switch to := choices[o.Name]; {
		case numbers[o.Name] != nil:
			*numbers[o.Name] = option(p, o, text)
		case o.Kind == sparse.KindBool:
			r.PublicCode = text == "true"
		case to != nil:
			*to = text
			if text != "" && !slices.Contains(o.Choices, text) {
				p[o.Name] = fmt.Sprintf("%q, choose %s", text, o.Allowed())
			}
		}
	}
}

// Options lists the parameters of a method that the form has fields for, the
// budget aside. The block is always among them: a method that picks tokens is still
// drawn in blocks.
func Options(method string) []sparse.Param {
	dense, _ := sparse.Method("dense")
	out := slices.Clone(dense.Params)
	info, _ := sparse.Method(method)
	for _, o := range info.Params {
		if o.Name != "budget" && o.Name != "block" {
			out = append(out, o)
		}
	}
	return out
}

// option reads a whole number that a method's parameter allows, 0 for no text.
func option(p Problems, o sparse.Param, s string) int {
	n := whole(p, o.Name, s, o.Min, o.Max)
	if o.Odd && n%2 == 0 && n > 0 {
		p[o.Name] = fmt.Sprintf("%d is even, choose %s", n, o.Allowed())
	}
	return n
}

func seed(p Problems, name, s string) uint64 {
	if s = strings.TrimSpace(s); s == "" {
		return 0
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		p[name] = fmt.Sprintf("%q is not a whole number from 0", s)
	}
	return n
}

// whole reads a whole number within [lo, hi], 0 for no text.
func whole(p Problems, name, s string, lo, hi int) int {
	if s = strings.TrimSpace(s); s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	switch {
	case err != nil:
		p[name] = fmt.Sprintf("%q is not a whole number", s)
	case n < lo && hi == math.MaxInt32:
		p[name] = fmt.Sprintf("%d is too small, at least %d", n, lo)
	case n < lo || n > hi:
		p[name] = fmt.Sprintf("%d is out of range, %d to %d", n, lo, hi)
	default:
		return n
	}
	return 0
}

// blocks reads a list of blocks and writes it as a request has it.
func blocks(p Problems, name, s string) string {
	var out []string
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		if _, err := strconv.ParseUint(word, 10, 31); err != nil {
			p[name] = fmt.Sprintf("%q is not a block, write their numbers with commas between them", word)
			return ""
		}
		out = append(out, word)
	}
	return strings.Join(out, ",")
}

func depth(p Problems, s string) *float64 {
	if s = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), "%")); s == "" {
		return nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v >= 0 && v <= 100) {
		p["depth"] = fmt.Sprintf("%q is not a percentage from 0 to 100", s)
		return nil
	}
	v /= 100
	return &v
}
