package experiment

import (
	"cmp"
	"math"
	"slices"
	"strconv"

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
	Budgets   []string `json:"budgets"`             // as sparse.ParseBudget reads them
	Blocks    []int    `json:"blocks,omitempty"`    // tokens in a block; empty: the method's default
	Seeds     *int     `json:"seeds,omitempty"`     // random selectors tried on each example; nil: 1
	Examples  int      `json:"examples"`            // of each task
	Context   *int     `json:"context,omitempty"`   // nil: the model's own
	Window    *int     `json:"window,omitempty"`    // SnapKV's; nil: its default

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
	}{{"models", g.Models}, {"tasks", g.Tasks}, {"methods", g.Methods}, {"budgets", g.Budgets}} {
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
	}{{"seeds", g.Seeds, MaxSeeds}, {"context", g.Context, math.MaxInt32}, {"window", g.Window, math.MaxInt32}} {
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
	for _, text := range g.Budgets {
		budget, err := sparse.ParseBudget(text)
		if err != nil {
			return input.Errorf("budgets", "%v", err)
		}
		for _, c := range g.selections(budget) {
			if err := c.config().Validate(); err != nil {
				return plural(err)
			}
		}
	}
	return nil
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

// orElse is what p points to, or otherwise where it is nil.
func orElse(p *int, otherwise int) int {
	if p == nil {
		return otherwise
	}
	return *p
}

// plural blames the list of a grid for what a method says of one of its values.
func plural(err error) error {
	field := input.Field(err)
	switch field {
	case "method", "selector", "budget", "block":
		return input.Errorf(field+"s", "%v", err)
	}
	return err
}

// selections lists the selections asked for at one budget, each a cell with nothing
// else in it. What a method has no use for is left zero, and what was not asked for is its default, so that a selection
// is counted once however it was asked for.
func (g Grid) selections(budget float64) []Cell {
	selectors, blocks := g.Selectors, g.Blocks
	if len(selectors) == 0 {
		selectors = []string{sparse.SelectorOwn}
	}
	if len(blocks) == 0 {
		blocks = []int{0}
	}
	var out []Cell
	for _, method := range g.Methods {
		info, _ := sparse.Method(method)
		uses := func(name string) bool {
			return slices.ContainsFunc(info.Params, func(p sparse.Param) bool { return p.Name == name })
		}
		for _, selector := range selectors {
			for _, block := range blocks {
				c := Cell{Method: method, Selector: selector, Budget: budget, Block: block}
				switch {
				case info.ID == "": // Validate says what is wrong with it
				case !uses("budget"):
					c.Budget, c.Block = 1, 0
				case !uses("block"):
					c.Block = 0
				}
				if uses("window") {
					c.Window = orElse(g.Window, 0)
				}
				c.Block, c.Window = orDefault(c.Block, info, "block"), orDefault(c.Window, info, "window")
				if !slices.Contains(out, c) {
					out = append(out, c)
				}
			}
		}
	}
	return out
}

// orDefault is v, or the method's default for the parameter called name.
func orDefault(v int, info sparse.Info, name string) int {
	if v != 0 {
		return v
	}
	for _, p := range info.Params {
		if p.Name == name && p.Default != "" {
			n, err := strconv.Atoi(p.Default)
			if err != nil {
				panic("BUG: default of " + name + ": " + err.Error())
			}
			return n
		}
	}
	return 0
}

// Cells lists the work of a grid, models outermost and chunks of examples
// innermost, for the models given.
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
			return input.Errorf("examples", "this grid has more than %d cells, ask for less", MaxCells)
		}
		return nil
	}
	for _, name := range g.Models {
		m, err := modelNamed(models, name)
		if err != nil {
			return nil, input.Errorf("models", "%v", err)
		}
		context := orElse(g.Context, min(m.Context, run.DefaultContext))
		if context > m.Context {
			return nil, input.Errorf("context", "%d, want at most %d, the context of %s", context, m.Context, name)
		}
		hash, err := m.ContentHash()
		if err != nil {
			return nil, input.Errorf("models", "%s: %v", name, err)
		}
		for _, id := range g.Tasks {
			task, err := g.task(id)
			if err != nil {
				return nil, err
			}
			base, of := Cell{Model: name, ModelHash: hash, Task: task, Context: context, Version: version}, g
			if n, isFile := g.Files[task]; isFile { // the whole of the model's context, as for any text
				base.Context, of.Examples = orElse(g.Context, m.Context), min(n, g.Examples)
			}
			if err := of.eachSelection(base, m.Memory, add); err != nil {
				return nil, err
			}
		}
	}
	return cells, nil
}

// eachSelection adds the cells of one task and model, which has a memory or not.
func (g Grid) eachSelection(base Cell, memory bool, add func(Cell) error) error {
	for _, text := range g.Budgets {
		budget, err := sparse.ParseBudget(text)
		if err != nil {
			return input.Errorf("budgets", "%v", err)
		}
		for _, s := range g.selections(budget) {
			c := base
			c.Method, c.Selector, c.Budget, c.Block, c.Window = s.Method, s.Selector, s.Budget, s.Block, s.Window
			for _, c.Swap = range g.swaps(c, memory) {
				if err := g.eachExample(c, add); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// eachExample adds the cells of one selection.
func (g Grid) eachExample(c Cell, add func(Cell) error) error {
	seeds := 1
	if c.Selector == sparse.SelectorRandom {
		seeds = orElse(g.Seeds, 1)
	}
	for seed := range seeds {
		c.SelectorSeed = uint64(seed)
		for from := 0; from < g.Examples; from += ChunkExamples {
			c.First, c.Examples = from, min(ChunkExamples, g.Examples-from)
			if err := add(c); err != nil {
				return err
			}
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
		return list
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
