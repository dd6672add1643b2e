package experiment

import (
	"strconv"

	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

// Preset is a grid worth asking for.
type Preset struct {
	ID    string
	Name  string
	About string
	Grid  Grid
}

// The paper's runs: context and block. Presets keep their ratio.
const (
	paperContext = 4096
	paperBlock   = 64
)

// Presets are the paper's studies, scaled to the context of the models: where the
// paper reads 4,096 tokens in blocks of 64, a model of 1,024 reads blocks of 16.
// SnapKV's window is its default. docs/results.md has what they come to on the demo
// pair, with as many examples.
func Presets(models []run.ModelInfo) []Preset {
	pair, context := pairOf(models)
	block := max(1, context*paperBlock/paperContext)
	var tasks []string
	for _, t := range niah.Tasks() {
		tasks = append(tasks, t.ID)
	}
	all := []string{"quest", "moba", "snapkv"}
	grid := func(methods, budgets []string, block int) Grid {
		return Grid{
			Models: pair, Tasks: tasks, Methods: methods, Selectors: []string{sparse.SelectorOwn},
			Params: sparse.Sweep{"budget": budgets, "block": {strconv.Itoa(block)}}, Examples: 50, Context: &context,
		}
	}
	quick := grid([]string{"quest"}, []string{"1", "1/4", "1/8"}, block)
	quick.Tasks, quick.Examples = []string{"S-1", "S-2", "MK-1"}, 20
	random := grid(all, []string{"1/4"}, block)
	random.Selectors, random.Seeds, random.Examples = []string{sparse.SelectorRandom}, new(5), 30
	swap := grid([]string{"quest", "snapkv"}, []string{"1", "1/4", "1/8"}, block)
	swap.SelectWith, swap.ComputeWith = []string{run.WithMemory, run.WithPlain}, []string{run.WithMemory, run.WithPlain}
	presets := []Preset{
		{"quick", "A quick look", "Three tasks, Quest, 20 examples each.", quick},
		{"tables", "Accuracy (Tables 3 and 4)", "Every task under Quest, MoBA and SnapKV, with less and less of the cache.", grid(all, []string{"1", "1/4", "1/8", "1/16"}, block)},
		{"extreme-quest", "Extreme: Quest", "Budget 1/64 with blocks of a quarter of the size.", grid([]string{"quest"}, []string{"1/64"}, max(1, block/4))},
		{"extreme-moba", "Extreme: MoBA", "Blocks of twice the size, so half as many to choose from.", grid([]string{"moba"}, []string{"1/4", "1/8"}, 2*block)},
		{"hits", "Hypothesis 1: head hits", "How many heads select the needle at every answer step, under Quest and SnapKV.", grid([]string{"quest", "snapkv"}, []string{"1/4", "1/8", "1/16"}, block)},
		{"random", "Hypothesis 2: random selector", "Chance selects, five seeds: what is lost is what selection was worth.", random},
	}
	presets = append(presets, leaderboard(grid, block), everyMethod(grid, block))
	if adapted := run.Adapted(models); adapted != nil {
		presets = append(presets, continued(adapted, tasks, all))
	}
	if _, with := run.Pair(models); with != nil {
		swap.Models = []string{with.Name}
		presets = append(presets, Preset{
			"swap", "2 × 2 swap: both on one model",
			"RAT+ alone: blocks picked by keys with or without the memory, attention over states with or without it.", swap,
		})
	}
	return presets
}

// continued is the paper's study of a pretrained model, whose training goes on with the
// memory added: here a model and the adapters over it.
func continued(models []run.ModelInfo, tasks, methods []string) Preset {
	g := Grid{
		Tasks: tasks, Methods: methods, Selectors: []string{sparse.SelectorOwn}, Examples: 50,
		Context: new(min(models[0].Context, run.DefaultContext)),
	}
	for _, m := range models {
		g.Models = append(g.Models, m.Name)
	}
	block := max(1, *g.Context*paperBlock/paperContext)
	g.Params = sparse.Sweep{"budget": {"1", "1/4", "1/8", "1/16"}, "block": {strconv.Itoa(block)}}
	return Preset{"continued", "A pretrained model (Table 4)", "A model and the adapters over it, with a memory and without, on every task under Quest, MoBA and SnapKV.", g}
}

// leaderboard is the setting of kvpress's leaderboard: caches compressed before the question
// is seen, by these shares.
func leaderboard(grid func(methods, budgets []string, block int) Grid, block int) Preset {
	g := grid(nil, []string{"0.75", "1/2", "1/4", "1/8"}, block)
	g.Params["sparse_from"], g.Examples = []string{sparse.FromQuestion}, 20
	for _, m := range sparse.Methods() {
		if m.Phase == sparse.PhaseEvict {
			g.Methods = append(g.Methods, m.ID)
		}
	}
	return Preset{"leaderboard", "kvpress's ratios: evictions", "Every method that evicts, before the question is seen, with 25, 50, 75 and 87.5% of the context removed.", g}
}

// everyMethod is every method that can read an eighth, beside reading everything.
func everyMethod(grid func(methods, budgets []string, block int) Grid, block int) Preset {
	g := grid([]string{sparse.DefaultMethod}, []string{"1/8"}, block)
	g.Examples = 20
	for _, m := range sparse.Methods() {
		if _, has := m.Param("budget"); has {
			g.Methods = append(g.Methods, m.ID)
		}
	}
	return Preset{"every-method", "Every method at 1/8", "All methods side by side, ranked, with an eighth of the cache each.", g}
}

// pairOf names the models of the pair, and the shorter of their contexts.
func pairOf(models []run.ModelInfo) (names []string, context int) {
	without, with := run.Pair(models)
	for _, m := range []*run.ModelInfo{without, with} {
		if m == nil {
			continue
		}
		names = append(names, m.Name)
		if context == 0 || m.Context < context {
			context = m.Context
		}
	}
	return names, context
}
