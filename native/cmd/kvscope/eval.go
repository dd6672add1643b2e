package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"

	"kvscope/engine/experiment"
	"kvscope/engine/niah"
)

// eval measures accuracy and hit rates over a grid.
func eval(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("eval", stderr,
		"kvscope eval --tasks all --methods quest,moba,snapkv --budgets 1,1/4,1/8,1/16",
		"kvscope eval --methods quest --budgets 1/4 --selector random --seeds 5 --examples 100 --json")
	models := fs.String("models", "attention,ratplus", "`names` of models, comma-separated")
	tasks := fs.String("tasks", "all", "`tasks`, comma-separated, or all")
	methods := fs.String("methods", "dense", "`methods`, comma-separated")
	budgets := fs.String("budgets", "1", "`budgets`, comma-separated")
	var g experiment.Grid
	fs.StringVar(&g.Selector, "selector", "own", "own or random")
	fs.IntVar(&g.Seeds, "seeds", 1, "random selectors per example")
	fs.IntVar(&g.Examples, "examples", 100, "examples per cell")
	fs.IntVar(&g.Context, "context", 0, "most `tokens` of prompt and answer; the model's context")
	fs.IntVar(&g.Block, "block", 0, "`tokens` in a block; 16")
	hits := fs.Bool("hits", false, "also report every head's hit rate")
	asJSON := fs.Bool("json", false, "print one JSON object")
	if err := parse(fs, args); err != nil {
		return err
	}
	split := func(s string) []string { return strings.Split(s, ",") }
	g.Models, g.Tasks, g.Methods, g.Budgets = split(*models), split(*tasks), split(*methods), split(*budgets)
	if *tasks == "all" {
		g.Tasks = nil
		for _, t := range niah.Tasks() {
			g.Tasks = append(g.Tasks, t.ID)
		}
	}
	engine, err := demoEngine()
	if err != nil {
		return err
	}
	for _, name := range g.Models {
		if err := addModel(engine, name); err != nil {
			return err
		}
	}
	result, err := experiment.Measure(ctx, engine, g, runtime.GOMAXPROCS(0), bar(stderr))
	if err != nil {
		return err
	}
	if !*hits {
		result.Hits = []experiment.Hit{}
	}
	if *asJSON {
		return json.NewEncoder(stdout).Encode(result)
	}
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "model\ttask\tmethod\tselector\tbudget\tk\taccuracy\t95% interval\texamples")
	for _, r := range result.Rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.4g\t%d\t%.1f\t%.1f-%.1f\t%d\n",
			r.Model, r.Task, r.Method, r.Selector, r.Budget, r.K, 100*r.Accuracy, 100*r.CI95[0], 100*r.CI95[1], r.Examples)
	}
	for _, h := range result.Hits {
		fmt.Fprintf(w, "%s\t%s\t%s\tlayer %d\thead %d\t%.4g\thit %.1f\n", h.Model, h.Task, h.Method, h.Layer, h.Head, h.Budget, 100*h.Rate)
	}
	return w.Flush()
}

// bar shows progress on a terminal and nothing elsewhere.
func bar(w io.Writer) func(done, total int) {
	f, ok := w.(*os.File)
	if !ok {
		return func(int, int) {}
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return func(int, int) {}
	}
	return func(done, total int) {
		const width = 40
		filled := done * width / total
		fmt.Fprintf(f, "\r[%s%s] %d of %d", strings.Repeat("=", filled), strings.Repeat(" ", width-filled), done, total)
		if done == total {
			fmt.Fprintln(f)
		}
	}
}
