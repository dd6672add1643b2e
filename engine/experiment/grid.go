package experiment

import (
	"cmp"
	"math"
	"slices"

	"kvscope/engine/input"
	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

// Grid says what to measure: every combination of its lists.
type Grid struct {
	Models    []string `json:"models"`
	Tasks     []string `json:"tasks"` // task IDs
	Methods   []string `json:"methods"`
	Selectors []string `json:"selectors,omitempty"` // own, random; empty: own

	// Params are the values to measure of parameters of the methods, an axis each. A
	// method without the parameter is measured once whatever its values.
	Params sparse.Sweep `json:"params,omitempty"`

	Seeds    *int `json:"seeds,omitempty"`   // random selectors tried on each example; nil: 1
	Examples int  `json:"examples"`          // of each task
	Context  *int `json:"context,omitempty"` // nil: the model's own

	// Files are tasks that are no generated ones, and how many examples each has; who
	// runs the cells knows them.
	Files map[string]int `json:"-"`

	// What methods select by and what attention reads, on models with a memory:
	// memory, plain; empty: memory. Every pairing is measured.
	SelectWith  []string `json:"select_with,omitempty"`
	ComputeWith []string `json:"compute_with,omitempty"`
}

// Limits of a grid: what a person can wait for and a store can hold.
const (
	MaxExamples = 100_000
	MaxSeeds    = 1000
	MaxCells    = 200_000
)

// ChunkExamples is how many examples a cell has at most: few, so that little is
// computed again when a worker dies, and so that a longer run finds the cells of a
// shorter one done.
const ChunkExamples = 10

// Validate reports the first field that holds something unknown.
func (g Grid) Validate() error {
	for _, list := range []struct {
		name   string
		values []string
	}{{"models", g.Models}, {"tasks", g.Tasks}, {"methods", g.Methods}} {
		if len(list.values) == 0 {
			return input.Errorf(list.name, "none, want at least one")
		}
	}
	for _, id := range g.Tasks {
		if _, err := g.task(id); err != nil {
			return err
		}
	}
	for _, id := range g.Methods {
		if _, ok := sparse.Method(id); !ok {
			return input.Errorf("methods", "%v", sparse.Config{Method: cmp.Or(id, " ")}.Validate())
		}
	}
	for _, s := range g.Selectors {
		if s != sparse.SelectorOwn && s != sparse.SelectorRandom {
			return input.Errorf("selectors", "%q, want %s or %s", s, sparse.SelectorOwn, sparse.SelectorRandom)
		}
	}
	if g.Examples < 1 || g.Examples > MaxExamples {
		return input.Errorf("examples", "%d, want 1 to %d", g.Examples, MaxExamples)
	}
	for _, f := range []struct {
		name string
		n    *int
		most int
	}{{"seeds", g.Seeds, MaxSeeds}, {"context", g.Context, math.MaxInt32}} {
		if f.n != nil && (*f.n < 1 || *f.n > f.most) {
			return input.Errorf(f.name, "%d, want 1 to %d", *f.n, f.most)
		}
	}
	if n := orElse(g.Seeds, 1); n > 1 && !slices.Contains(g.Selectors, sparse.SelectorRandom) {
		return input.Errorf("seeds", "%d of a selector that is not random, want 1", n)
	}
	for _, list := range []struct {
		name   string
		values []string
	}{{"select_with", g.SelectWith}, {"compute_with", g.ComputeWith}} {
		for _, v := range list.values {
			if v != run.WithMemory && v != run.WithPlain {
				return input.Errorf(list.name, "%q, want %s or %s", v, run.WithMemory, run.WithPlain)
			}
		}
	}
	if err := g.Params.Validate(); err != nil {
		return err
	}
	_, err := g.selections()
	return err
}

// task is the name of a task of the grid.
func (g Grid) task(id string) (string, error) {
	if _, isFile := g.Files[id]; isFile {
		return id, nil
	}
	task, err := niah.ByID(id)
	if err != nil {
		return "", input.Errorf("tasks", "%v", err)
	}
	return task.ID, nil
}

// orElse returns the value p points to, or otherwise where p is nil.
func orElse(p *int, otherwise int) int {
	if p == nil {
		return otherwise
	}
	return *p
}

// lists are the fields of a grid that hold what a cell has one of.
var lists = map[string]string{"model": "models", "task": "tasks", "method": "methods", "selector": "selectors"}

// listed blames the list of a grid for what is said of one of its values.
func listed(err error) error {
	if list, ok := lists[input.Field(err)]; ok {
		return input.Errorf(list, "%v", err)
	}
	return err
}

// Unused lists what g says and none of its cells makes anything of: parameters that none of its
// methods has, or whose place k takes, and what to select by and compute with where none of its
// models, among those given, has a memory.
func (g Grid) Unused(models []run.ModelInfo) []string {
	var methods []sparse.Info
	for _, id := range g.Methods {
		if info, ok := sparse.Method(id); ok {
			methods = append(methods, info)
		}
	}
	out := g.Params.Unused(methods)
	hasMemory := func(name string) bool {
		m, err := modelNamed(models, name)
		return err != nil || m.Memory
	}
	if slices.ContainsFunc(g.Models, hasMemory) {
		return out
	}
	for _, list := range []struct {
		name   string
		values []string
	}{{"select_with", g.SelectWith}, {"compute_with", g.ComputeWith}} {
		if slices.Contains(list.values, run.WithPlain) {
			out = append(out, list.name)
		}
	}
	return out
}

// selections lists the selections asked for, each a cell with nothing else in it: one
// however often and in whatever words it was asked for.
func (g Grid) selections() ([]Cell, error) {
	selectors := g.Selectors
	if len(selectors) == 0 {
		selectors = []string{sparse.SelectorOwn}
	}
	var out []Cell
	seen := map[Cell]bool{}
	for _, method := range distinct(g.Methods) {
		for _, selector := range distinct(selectors) {
			c := Cell{Method: method, Selector: selector}
			if err := c.config().Validate(); err != nil {
				return nil, listed(err)
			}
			info, _ := sparse.Method(method)
			settings, err := g.Params.Of(info)
			if err != nil {
				return nil, err
			}
			for _, c.Params = range settings {
				if !seen[c] {
					seen[c] = true
					out = append(out, c)
				}
			}
			if len(out) > MaxCells {
				return nil, tooMany("methods")
			}
		}
	}
	return out, nil
}

// Cells lists the work of a grid for the models given: all that reads the same examples,
// then the next examples, then the next task, then the next model.
func (g Grid) Cells(models []run.ModelInfo, version string) ([]Cell, error) {
	if err := g.Validate(); err != nil {
		return nil, err
	}
	var cells []Cell
	seen := map[string]bool{}
	add := func(c Cell) error {
		if key := c.Key(); !seen[key] {
			seen[key] = true
			cells = append(cells, c)
		}
		if len(cells) > MaxCells {
			return tooMany("examples")
		}
		return nil
	}
	for _, name := range distinct(g.Models) {
		m, err := modelNamed(models, name)
		if err != nil {
			return nil, input.Errorf("models", "%v", err)
		}
		context := orElse(g.Context, min(m.Context, run.DefaultContext))
		if context > m.Context {
			return nil, input.Errorf("context", "%d, want at most %d, the context of %s", context, m.Context, name)
		}
		hash, err := m.Fingerprint()
		if err != nil {
			return nil, input.Errorf("models", "%s: %v", name, err)
		}
		for _, id := range distinct(g.Tasks) {
			task, err := g.task(id)
			if err != nil {
				return nil, err
			}
			base, of := Cell{Model: name, ModelHash: hash, Task: task, Context: context, Version: version}, g
			if n, isFile := g.Files[task]; isFile { // the whole of the model's context, as for any text
				base.Context, of.Examples = orElse(g.Context, m.Context), min(n, g.Examples)
			}
			if err := of.eachExample(base, m.Memory, add); err != nil {
				return nil, err
			}
		}
	}
	return cells, nil
}

// tooMany blames a field for a grid of more cells than there may be.
func tooMany(field string) error {
	return input.Errorf(field, "this grid has more than %d cells, ask for less", MaxCells)
}

// distinct is list with each value once, where it stands first.
func distinct(list []string) []string {
	out := make([]string, 0, len(list))
	seen := map[string]bool{}
	for _, v := range list {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}

// eachExample adds the cells of one task and model, which has a memory or not.
func (g Grid) eachExample(c Cell, memory bool, add func(Cell) error) error {
	selections, err := g.selections()
	if err != nil {
		return err
	}
	for from := 0; from < g.Examples; from += ChunkExamples {
		c.First, c.Examples = from, min(ChunkExamples, g.Examples-from)
		for _, s := range selections {
			c.Method, c.Selector, c.Params = s.Method, s.Selector, s.Params
			for _, c.Swap = range g.swaps(c, memory) {
				if err := g.eachSeed(c, add); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// eachSeed adds the cells of one selection of some examples.
func (g Grid) eachSeed(c Cell, add func(Cell) error) error {
	seeds := 1
	if c.Selector == sparse.SelectorRandom {
		seeds = orElse(g.Seeds, 1)
	}
	for seed := range seeds {
		c.SelectorSeed = uint64(seed)
		if err := add(c); err != nil {
			return err
		}
	}
	return nil
}

// swaps lists the pairings asked for of one selection. A model without a memory is
// measured as it is, and keys make no difference to what selects without them: chance,
// and a method that reads none.
func (g Grid) swaps(s Cell, memory bool) []Swap {
	if !memory {
		return []Swap{{}}
	}
	asked := func(list []string) []string {
		if len(list) == 0 {
			return []string{run.WithMemory}
		}
		return distinct(list)
	}
	info, _ := sparse.Method(s.Method)
	keyless := !info.ReadsKeys() || s.Selector == sparse.SelectorRandom
	var out []Swap
	for _, computes := range asked(g.ComputeWith) {
		for _, selects := range asked(g.SelectWith) {
			var w Swap
			if selects == run.WithPlain && !keyless {
				w.SelectWith = run.WithPlain
			}
			if computes == run.WithPlain {
				w.ComputeWith = run.WithPlain
			}
			if !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
	return out
}
