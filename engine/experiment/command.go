package experiment

import (
	"strconv"
	"strings"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

// Command is the line for a shell that measures the same: kvscope eval with a flag for
// everything that is set.
func (g Grid) Command() string {
	words := []string{"kvscope", "eval"}
	list := func(name string, values ...string) {
		if len(values) > 0 {
			words = append(words, "--"+strings.ReplaceAll(name, "_", "-")+"="+run.ShellWord(strings.Join(values, ",")))
		}
	}
	list("models", g.Models...)
	list("tasks", g.Tasks...)
	list("methods", g.Methods...)
	list("selector", g.Selectors...)
	list("select_with", g.SelectWith...)
	list("compute_with", g.ComputeWith...)
	for _, name := range g.Params.Names() {
		list(name, g.Params[name]...)
	}
	if g.Seeds != nil {
		list("seeds", strconv.Itoa(*g.Seeds))
	}
	list("examples", strconv.Itoa(g.Examples))
	if g.Context != nil {
		list("context", strconv.Itoa(*g.Context))
	}
	return strings.Join(words, " ")
}

// Alone is the part of g that c belongs to: what is measured as c is, on all examples and, where
// chance selects, by all seeds of g.
func (g Grid) Alone(c Cell) Grid {
	out := Grid{
		Models: []string{c.Model}, Tasks: []string{c.Task}, Methods: []string{c.Method}, Selectors: []string{c.Selector},
		Params: sparse.Sweep{}, Examples: g.Examples, Context: &c.Context,
	}
	for name, text := range c.Params.Values() {
		out.Params[name] = []string{text}
	}
	if c.Selector == sparse.SelectorRandom {
		out.Seeds = g.Seeds
	}
	if c.SelectWith != "" {
		out.SelectWith = []string{c.SelectWith}
	}
	if c.ComputeWith != "" {
		out.ComputeWith = []string{c.ComputeWith}
	}
	return out
}
