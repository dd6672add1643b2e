package publish

import (
	"encoding/csv"
	"slices"
	"strconv"

	"kvscope/engine/experiment"
	"kvscope/engine/input"
	"kvscope/engine/sparse"
	"kvscope/native/summary"
	"kvscope/viz/number"
)

// Table writes what an experiment came to as a table. Columns are named as in JSON and
// in the store; those of the parameters of the methods come last.
type Table func(*csv.Writer, []experiment.Measured) error

// TableNamed is the table of a name: rows, hits or examples; rows where none is given.
func TableNamed(name string) (Table, error) {
	switch name {
	case "", "rows":
		return rowsCSV, nil
	case "hits":
		return hitsCSV, nil
	case "examples":
		return examplesCSV, nil
	}
	return nil, input.Errorf("table", "%q, want rows, hits or examples", name)
}

func exact(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// paramColumns names the parameters of the methods of cells, without those that a
// table has in columns of its own.
func paramColumns(cells []experiment.Measured, own []string) []string {
	var methods []sparse.Info
	seen := map[string]bool{}
	for _, m := range cells {
		if info, ok := sparse.Method(m.Cell.Method); ok && !seen[info.ID] {
			seen[info.ID] = true
			methods = append(methods, info)
		}
	}
	var out []string
	for _, p := range sparse.ParamsOf(methods) {
		if !slices.Contains(own, p.Name) {
			out = append(out, p.Name)
		}
	}
	return out
}

// pick lists the values of some parameters, "" for those that there are not.
func pick(params sparse.Values, names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = params[name]
	}
	return out
}

func rowsCSV(w *csv.Writer, cells []experiment.Measured) error {
	head := []string{
		"model", "arch", "task", "method", "selector", "select_with", "compute_with", "budget", "block", "k", "context", "examples", "accuracy",
		"ci95_low", "ci95_high", "seeds", "std", "kv_read_fraction", "seconds", "model_hash", "version", "kernels",
		"expected_loglik", "output_error",
	}
	params := paramColumns(cells, head)
	lines := [][]string{append(head, params...)}
	for _, r := range summary.Sum(cells).Rows {
		lines = append(lines, append([]string{
			r.Model, r.Arch, r.Task, r.Method, r.Selector, r.SelectWith, r.ComputeWith, exact(r.Budget), strconv.Itoa(r.Block), strconv.Itoa(r.K),
			strconv.Itoa(r.Context), strconv.Itoa(r.Examples), exact(r.Accuracy),
			exact(r.CI95[0]), exact(r.CI95[1]), strconv.Itoa(r.Seeds), exact(r.Std), exact(r.Read),
			number.Decimals(r.Seconds, 3), r.ModelHash, r.Version, r.Kernels,
			known(r.LogLik), known(r.Error),
		}, pick(r.Params, params)...))
	}
	return w.WriteAll(lines)
}

func hitsCSV(w *csv.Writer, cells []experiment.Measured) error {
	head := []string{"model", "task", "method", "selector", "select_with", "compute_with", "budget", "block", "layer", "head", "rate", "output_error"}
	params := paramColumns(cells, head)
	lines := [][]string{append(head, params...)}
	for _, h := range summary.Sum(cells).Hits {
		lines = append(lines, append([]string{
			h.Model, h.Task, h.Method, h.Selector, h.SelectWith, h.ComputeWith, exact(h.Budget), strconv.Itoa(h.Block),
			strconv.Itoa(h.Layer), strconv.Itoa(h.Head), exact(h.Rate), known(h.Error),
		}, pick(h.Params, params)...))
	}
	return w.WriteAll(lines)
}

func examplesCSV(w *csv.Writer, cells []experiment.Measured) error {
	head := []string{
		"model", "task", "method", "selector", "selector_seed", "select_with", "compute_with", "budget", "block", "context", "seed", "depth", "score",
		"expected_loglik", "output_error",
	}
	params := paramColumns(cells, head)
	lines := [][]string{append(head, params...)}
	for _, m := range cells {
		c, o, set := m.Cell, m.Outcome, m.Cell.Resolved()
		for i, score := range o.Scores {
			lines = append(lines, append([]string{
				c.Model, c.Task, c.Method, c.Selector, strconv.FormatUint(c.SelectorSeed, 10), c.SelectWith, c.ComputeWith, exact(set.Budget()), strconv.Itoa(o.Block),
				strconv.Itoa(c.Context), strconv.FormatUint(experiment.Seed(c.First+i), 10), exact(o.Depths[i]), exact(score),
				at(o.LogLiks, i), at(o.Errors, i),
			}, pick(set, params)...))
		}
	}
	return w.WriteAll(lines)
}

// known writes a figure, nothing where it is not known.
func known(v *float64) string {
	if v == nil {
		return ""
	}
	return exact(*v)
}

// at writes that of example i, nothing where there is none.
func at(values []float64, i int) string {
	if i >= len(values) {
		return ""
	}
	return exact(values[i])
}
