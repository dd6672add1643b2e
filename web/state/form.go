package state

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/input"
	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

// Form is the request as typed: text that may not be valid yet, so that nothing
// typed is lost. Fields are named as in run.Request. Empty means the default.
type Form struct {
	Source Source

	Task, Seed, Context, Depth string // Depth in percent
	Prose                      string // what tasks hide needles in
	Text, Key, Value           string
	Questions                  string // further keys to ask for, one a line
	Asks                       string // of a task, the key that is asked for alone; empty: what the task asks

	Method, Selector           string
	Options                    sparse.Values // the parameters of methods, by name
	MaxNew                     string
	SelectorSeed               string // which random selector
	Strength, Cap              string // of the memory
	SelectWith, ComputeWith    string // memory or plain keys
	Force, Drop                string // blocks, with commas between them
	Left, Right, Third, Fourth string // columns, see ColumnSpec; the last two may be empty
}

// Source is where the prompt comes from.
type Source string

// The sources, as they stand in a URL.
const (
	FromTask Source = "task"
	FromText Source = "text"

	FromPrompt Source = "prompt" // free text to continue; Form.Text
)

// Sources lists them in the order of the switch.
func Sources() []Source { return []Source{FromTask, FromText, FromPrompt} }

// DefaultForm is the form of the run that the explorer starts with.
func DefaultForm() Form {
	return Form{
		Source: FromTask, Task: "MK-1", Seed: "1",
		Method: "quest", Selector: sparse.SelectorOwn, Options: sparse.Values{"budget": "1/8", "block": "16"},
		Left: run.DemoPlain, Right: run.DemoMemory,
	}
}

// field is one entry of the form that every method has: its name in requests and URLs
// and its place. The parameters of methods are entries too, by their own names.
type field struct {
	name string
	at   func(*Form) *string
}

var fields = []field{
	{"task", func(f *Form) *string { return &f.Task }},
	{"seed", func(f *Form) *string { return &f.Seed }},
	{"context", func(f *Form) *string { return &f.Context }},
	{"depth", func(f *Form) *string { return &f.Depth }},
	{"prose", func(f *Form) *string { return &f.Prose }},
	{"asks", func(f *Form) *string { return &f.Asks }},
	{"text", func(f *Form) *string { return &f.Text }},
	{"key", func(f *Form) *string { return &f.Key }},
	{"value", func(f *Form) *string { return &f.Value }},
	{"questions", func(f *Form) *string { return &f.Questions }},
	{"method", func(f *Form) *string { return &f.Method }},
	{"selector", func(f *Form) *string { return &f.Selector }},
	{"selector_seed", func(f *Form) *string { return &f.SelectorSeed }},
	{"max_new", func(f *Form) *string { return &f.MaxNew }},
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
	return f.Options[name]
}

// optionNames lists the entries that are parameters of methods, in the order of links.
func optionNames() []string {
	var out []string
	for _, p := range sparse.Params() {
		out = append(out, p.Name)
	}
	return out
}

// isField reports whether the form has a field of that name.
func isField(name string) bool {
	return slices.ContainsFunc(fields, func(d field) bool { return d.name == name }) || slices.Contains(optionNames(), name)
}

// Equal reports whether g says the same.
func (f Form) Equal(g Form) bool { return reflect.DeepEqual(f, g) }

// With is the form with one field changed. An unknown name changes nothing.
func (f Form) With(name, value string) Form {
	if name == "source" {
		f.Source = Source(value)
		return f
	}
	for _, d := range fields {
		if d.name == name {
			*d.at(&f) = value
			return f
		}
	}
	if slices.Contains(optionNames(), name) {
		f.Options = f.Options.With(name, value)
	}
	return f
}

// ofPrompt are fields that make another prompt of a task, whose keys are others.
var ofPrompt = []string{"task", "seed", "context", "depth", "prose"}

// typed is the form with one field changed by hand: of another prompt what it asks for is
// asked.
func (f Form) typed(name, value string) Form {
	if slices.Contains(ofPrompt, name) {
		f.Asks = ""
	}
	return f.With(name, value)
}

// Problems says, by field, what is wrong and what is allowed.
type Problems map[string]string

// MinContext is the shortest context worth a look: a needle and its question.
const MinContext = 64

// Request reads the form for one model. longest is the context of the shorter of
// the two models, 0 when not known. Fields that the form does not show for its
// source and method are neither sent nor checked.
func (f Form) Request(model string, longest int) (run.Request, Problems) {
	p := Problems{}
	r := run.Request{Model: model, Config: f.config(p)}
	r.MaxNew = Whole(p, "max_new", f.MaxNew, 1, math.MaxInt32)
	r.Force, r.Drop = blocks(p, "force", f.Force), blocks(p, "drop", f.Drop)
	if f.Source == FromTask {
		r.Task, r.Seed, r.Depth, r.Key = f.Task, seed(p, "seed", f.Seed), depth(p, f.Depth), strings.TrimSpace(f.Asks)
		task, err := niah.ByID(f.Task)
		if err != nil {
			p["task"] = err.Error()
		}
		if task.Haystack == niah.Prose {
			r.Prose = f.Prose
		}
		limit := longest
		if limit == 0 {
			limit = math.MaxInt32
		}
		r.Context = Whole(p, "context", f.Context, MinContext, limit)
		return r, p
	}
	if strings.TrimSpace(f.Text) == "" {
		p["text"] = map[Source]string{FromText: "empty, paste the text to search", FromPrompt: "empty, write what to continue"}[f.Source]
	}
	if f.Source == FromPrompt {
		r.Prompt = f.Text
		return r, p
	}
	if niah.IsRULER(f.Text) {
		r.Text, r.Seed = rulerExample(p, f.Text, f.Seed), seed(p, "seed", f.Seed)
		return r, p
	}
	r.Text, r.Key, r.Value = f.Text, strings.TrimSpace(f.Key), strings.TrimSpace(f.Value)
	if r.Key == "" {
		p["key"] = "empty, name what is asked for"
	}
	if r.Value != "" {
		r.Depth = depth(p, f.Depth)
	}
	f.questions(p)
	return r, p
}

// rulerExample is the example of a RULER file that a seed asks for, alone.
func rulerExample(p Problems, text, number string) string {
	examples, err := niah.ReadRULER(strings.NewReader(text))
	if err != nil {
		p["text"] = err.Error()
		return ""
	}
	one, err := niah.PickRULER(examples, seed(p, "seed", number))
	if err != nil {
		p["seed"] = err.Error()
		return ""
	}
	return one.Line()
}

// RULER reports whether the text is a file of RULER's, whose examples have their own
// questions.
func (f Form) RULER() bool { return f.Source == FromText && niah.IsRULER(f.Text) }

// entry is the field of the form that says what a field of requests does.
func (f Form) entry(name string) string {
	if name == "key" && f.Source == FromTask {
		return "asks"
	}
	return name
}

// always are the fields that every form shows.
var always = []string{
	"method", "selector", "selector_seed", "max_new", "force", "drop",
	"memory_strength", "memory_cap", "select_with", "compute_with",
}

// has reports whether the form has a field of a name, where a complaint is seen.
func (f Form) has(name string) bool {
	byTask := name == "task" || name == "seed" || name == "context" || name == "prose" || name == "asks"
	byText := name == "key" || name == "value"
	switch {
	case name == "seed" && f.RULER():
		return true
	case name == "text":
		return f.Source != FromTask
	case byTask:
		return f.Source == FromTask
	case byText:
		return f.Source == FromText && !f.RULER()
	case name == "questions":
		return f.Source == FromText && !f.RULER() && f.Value == ""
	case name == "depth":
		return f.Source == FromTask || f.Source == FromText && f.Value != "" && !f.RULER()
	case slices.Contains(always, name):
		return true
	}
	return slices.ContainsFunc(Options(f.Method), func(o sparse.Param) bool { return o.Name == name })
}

// config reads what concerns the method, by the entries of its parameters. What the form
// does not show for the method is neither sent nor checked, and what it shows without the
// method having it is not sent.
func (f Form) config(p Problems) sparse.Config {
	c := sparse.Config{Method: f.Method}
	info, ok := sparse.Method(f.Method)
	if !ok {
		p["method"] = fmt.Sprintf("%q is not a method", f.Method)
		return c
	}
	switch f.Selector {
	case "", sparse.SelectorOwn:
	case sparse.SelectorRandom:
		c.Selector, c.SelectorSeed = f.Selector, seed(p, "selector_seed", f.SelectorSeed)
		if !info.Random {
			p["selector"] = info.Name + " has no random form, choose own"
		}
	default:
		p["selector"] = fmt.Sprintf("%q, choose own or random", f.Selector)
	}
	for _, o := range Options(f.Method) {
		text := strings.TrimSpace(f.Get(o.Name))
		if text == "" {
			continue
		}
		if err := o.Check(text); err != nil {
			p[o.Name] = strings.TrimPrefix(err.Error(), o.Name+": ")
			continue
		}
		if o.Kind == sparse.KindBool && text != "true" {
			continue // as when it is not ticked
		}
		if _, ok := info.Param(o.Name); ok {
			c = c.With(o.Name, text)
		}
	}
	return c
}

// everyMethod are parameters that the form shows whatever the method: a budget stays as
// the method changes, and a method that picks tokens is still drawn in blocks.
var everyMethod = []string{"budget", "block"}

// Options lists the parameters that the form shows for a method.
func Options(method string) []sparse.Param {
	info, _ := sparse.Method(method)
	var out []sparse.Param
	for _, p := range sparse.Params() {
		own, has := info.Param(p.Name)
		switch {
		case has:
			out = append(out, own)
		case slices.Contains(everyMethod, p.Name):
			out = append(out, p.Param)
		}
	}
	return out
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

// Whole reads a whole number within [lo, hi], nil for no text.
func Whole(p Problems, name, s string, lo, hi int) *int {
	if s = strings.TrimSpace(s); s == "" {
		return nil
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
		return &n
	}
	return nil
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

// Blame is the field of a form that an error is about, and what it says of it.
func Blame(err error) (field, problem string) {
	var e *input.Error
	if errors.As(err, &e) {
		return e.Field, e.Problem
	}
	return "", err.Error()
}
