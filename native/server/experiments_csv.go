package server

import (
	"encoding/csv"
	"strconv"

	"kvscope/engine/experiment"
	"kvscope/native/summary"
)

// csvTables write what an experiment came to as a table each, columns named as in
// JSON and in the store.
var csvTables = map[string]func(*csv.Writer, []experiment.Measured) error{
	"": rowsCSV, "rows": rowsCSV, "hits": hitsCSV, "examples": examplesCSV,
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func rowsCSV(w *csv.Writer, cells []experiment.Measured) error {
	lines := [][]string{{
		"model", "arch", "task", "method", "selector", "select_with", "compute_with", "budget", "block", "k", "window", "context", "examples", "accuracy",
		"ci95_low", "ci95_high", "seeds", "std", "kv_read_fraction", "seconds", "model_hash", "version", "kernels",
	}}
	for _, r := range summary.Sum(cells).Rows {
		lines = append(lines, []string{
			r.Model, r.Arch, r.Task, r.Method, r.Selector, r.SelectWith, r.ComputeWith, number(r.Budget), strconv.Itoa(r.Block), strconv.Itoa(r.K),
			strconv.Itoa(r.Window), strconv.Itoa(r.Context), strconv.Itoa(r.Examples), number(r.Accuracy),
			number(r.CI95[0]), number(r.CI95[1]), strconv.Itoa(r.Seeds), number(r.Std), number(r.Read),
			strconv.FormatFloat(r.Seconds, 'f', 3, 64), r.ModelHash, r.Version, r.Kernels,
		})
	}
	return w.WriteAll(lines)
}

func hitsCSV(w *csv.Writer, cells []experiment.Measured) error {
	lines := [][]string{{"model", "task", "method", "selector", "select_with", "compute_with", "budget", "block", "layer", "head", "rate"}}
	for _, h := range summary.Sum(cells).Hits {
		lines = append(lines, []string{
			h.Model, h.Task, h.Method, h.Selector, h.SelectWith, h.ComputeWith, number(h.Budget), strconv.Itoa(h.Block),
			strconv.Itoa(h.Layer), strconv.Itoa(h.Head), number(h.Rate),
		})
	}
	return w.WriteAll(lines)
}

func examplesCSV(w *csv.Writer, cells []experiment.Measured) error {
	lines := [][]string{{
		"model", "task", "method", "selector", "selector_seed", "select_with", "compute_with", "budget", "block", "context", "seed", "depth", "score",
	}}
	for _, m := range cells {
		c, o := m.Cell, m.Outcome
		for i, score := range o.Scores {
			lines = append(lines, []string{
				c.Model, c.Task, c.Method, c.Selector, strconv.FormatUint(c.SelectorSeed, 10), c.SelectWith, c.ComputeWith, number(c.Budget), strconv.Itoa(o.Block),
				strconv.Itoa(c.Context), strconv.FormatUint(experiment.Seed(c.First+i), 10), number(o.Depths[i]), number(score),
			})
		}
	}
	return w.WriteAll(lines)
}
