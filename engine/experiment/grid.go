// Package experiment measures what a reader of the paper asks: how often each
// model answers right under each method and budget, and which heads select the
// needle. A run is a grid of cells, each a number of held-out examples.
package experiment

import (
	"kvscope/engine/input"
	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

// Grid says what to measure: every combination of its lists.
type Grid struct {
	Models   []string
	Tasks    []string // task IDs
	Methods  []string
	Budgets  []string // as sparse.ParseBudget reads them
	Selector string   // own or random
	Seeds    int      // random selectors tried on each example; 1 for own
	Examples int      // per cell and seed
	Context  int      // 0: the model's own
	Block    int      // 0: the method's default
}

// seedsFrom is where the examples' seeds begin: the trainer draws below 2^40 and
// examines itself from there.
const seedsFrom = 1 << 41

// Validate reports the first list that holds something unknown.
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
		if _, err := niah.ByID(id); err != nil {
			return input.Errorf("tasks", "%v", err)
		}
	}
	for _, text := range g.Budgets {
		budget, err := sparse.ParseBudget(text)
		if err != nil {
			return input.Errorf("budgets", "%v", err)
		}
		for _, method := range g.Methods {
			c := sparse.Config{Method: method, Selector: g.Selector, Budget: budget, Block: g.Block}
			if err := c.Validate(); err != nil {
				return err
			}
		}
	}
	if g.Examples < 1 || g.Examples > 100_000 {
		return input.Errorf("examples", "%d, want 1 to 100000", g.Examples)
	}
	if g.Seeds < 1 || g.Seeds > 1000 {
		return input.Errorf("seeds", "%d, want 1 to 1000", g.Seeds)
	}
	if g.Seeds > 1 && g.Selector != sparse.SelectorRandom {
		return input.Errorf("seeds", "%d of a selector that is not random, want 1", g.Seeds)
	}
	return nil
}

// cell is one combination of a grid.
type cell struct{ model, task, method, budget string }

// cells lists the grid, models outermost.
func (g Grid) cells() []cell {
	var cells []cell
	for _, m := range g.Models {
		for _, t := range g.Tasks {
			for _, method := range g.Methods {
				for _, b := range g.Budgets {
					cells = append(cells, cell{m, t, method, b})
				}
			}
		}
	}
	return cells
}

// request is example i of c with random selector number seed.
func (g Grid) request(c cell, i, seed int) run.Request {
	return run.Request{
		Model: c.model, Task: c.task, Seed: seedsFrom + uint64(i), Context: g.Context,
		Method: c.method, Selector: g.Selector, SelectorSeed: uint64(seed), Budget: c.budget, Block: g.Block,
	}
}
