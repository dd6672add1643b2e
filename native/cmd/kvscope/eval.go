package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"

	"kvscope/engine/experiment"
	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/native/jobs"
	"kvscope/native/store"
	"kvscope/native/summary"
	"kvscope/viz/number"
)

// eval measures accuracy and hit rates over a grid, in this process.
func eval(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("eval", stderr,
		"kvscope eval --tasks all --methods quest,moba,snapkv --budgets 1,1/4,1/8,1/16",
		"kvscope eval --methods quest,snapkv --budgets 1/4 --hits --json",
		"kvscope eval --tasks validation.jsonl --methods dense,quest --budgets 1/4",
		"kvscope eval --methods quest --budgets 1/4 --selector random --seeds 5 --examples 100 --json",
		"kvscope eval --models ratplus --methods quest --budgets 1,1/4 --select-with memory,plain --compute-with memory,plain")
	models := fs.String("models", strings.Join(run.DemoModels(), ","), "`names` of models, comma-separated")
	tasks := fs.String("tasks", "all", "`tasks`, comma-separated, or all; files of RULER's (.jsonl) too, answered and scored as RULER does")
	methods := fs.String("methods", sparse.DefaultMethod, "`methods`, comma-separated")
	selectors := fs.String("selector", "own", "own, random or own,random")
	selects := fs.String("select-with", "memory", "keys that methods select by on models with a memory: memory, plain or memory,plain")
	computes := fs.String("compute-with", "memory", "keys and values that attention reads there: memory, plain or memory,plain")
	var g experiment.Grid
	sweepFlags(fs, &g.Params)
	seeds := fs.Int("seeds", 1, "random selectors per example")
	fs.IntVar(&g.Examples, "examples", 100, "examples of each task")
	tokens := fs.Int("context", 0, "most `tokens` of prompt and answer; the model's context")
	workers := fs.Int("workers", runtime.GOMAXPROCS(0), "cells computed at once")
	data := fs.String("data", "", "`folder` that keeps what is computed and knows what was; none")
	hits := fs.Bool("hits", false, "also report every head's hit rate and output error")
	asJSON := fs.Bool("json", false, "print one JSON object")
	if err := parse(fs, args); err != nil {
		return err
	}
	if err := checkWorkers(*workers, 1); err != nil {
		return err
	}
	fs.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "seeds":
			g.Seeds = seeds
		case "context":
			g.Context = tokens
		}
	})
	split := func(s string) []string { return strings.Split(s, ",") }
	g.Models, g.Tasks, g.Methods, g.Selectors = split(*models), split(*tasks), split(*methods), split(*selectors)
	g.SelectWith, g.ComputeWith = split(*selects), split(*computes)
	if *tasks == "all" {
		g.Tasks = nil
		for _, t := range niah.Tasks() {
			g.Tasks = append(g.Tasks, t.ID)
		}
	}
	var err error
	files := rulerTasks{files: map[string][]niah.RULERExample{}}
	if g.Tasks, err = files.take(g.Tasks); err != nil {
		return err
	}
	g.Files = files.sizes()
	engine, err := engineWithAll("models", g.Models, "")
	if err != nil {
		return err
	}
	defer engine.Close()
	if files.Runner, err = readingOnce(engine); err != nil {
		return err
	}
	out, err := evaluate(ctx, files, g, *data, *workers, bar(stderr))
	if err != nil {
		if fs.given("budgets") {
			err = renamed(err, "budget", "budgets")
		}
		return renamed(err, "selectors", "selector")
	}
	sayIgnored(stderr, g.Methods, g.Unused(files.Models()))
	for _, f := range out.combinations() {
		fmt.Fprintln(stderr, f)
	}
	if !*hits {
		out.Hits = []experiment.Hit{}
	}
	if *asJSON {
		return json.NewEncoder(stdout).Encode(out)
	}
	return out.print(stdout)
}

// evaluation is a measured grid, its models compared, and what of it could not be measured.
type evaluation struct {
	experiment.Result
	Differences []summary.Difference `json:"differences"`
	Failed      []failedCell         `json:"failed"`
}

// failedCell is a cell that could not be computed.
type failedCell struct {
	Cell  experiment.Cell `json:"cell"`
	Error string          `json:"error"`
}

// evaluate computes the cells of g that the store in folder data does not have and
// adds all of them up. Where none could be computed, the first says why.
func evaluate(ctx context.Context, engine experiment.Runner, g experiment.Grid, data string, workers int, progress func(done, total int)) (evaluation, error) {
	cells, err := g.Cells(engine.Models(), release)
	if err != nil {
		return evaluation{}, err
	}
	path := ""
	if data != "" {
		path = filepath.Join(data, storeFile)
	}
	s, err := store.Open(ctx, path)
	if err != nil {
		return evaluation{}, blamed("data", err)
	}
	defer s.Close()
	measured, failed, err := jobs.Compute(ctx, s, engine, cells, workers, progress)
	if err != nil {
		return evaluation{}, err
	}
	if len(measured) == 0 && len(failed) > 0 {
		return evaluation{}, failed[0].Err
	}
	out := evaluation{summary.Sum(measured), summary.Differences(measured), []failedCell{}}
	for _, f := range failed {
		out.Failed = append(out.Failed, failedCell{f.Cell, f.Err.Error()})
	}
	return out, nil
}

// combinations says once of every combination why its cells failed.
func (e evaluation) combinations() []string {
	var out []string
	for _, f := range e.Failed {
		c := f.Cell
		text := fmt.Sprintf("failed: %s, %s, %s: %s", c.Model, c.Task, c.Selection(), f.Error)
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// print writes the rows and hits as a table.
func (e evaluation) print(stdout io.Writer) error {
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "model\ttask\tmethod\tselector\tkeys\tstates\tbudget\tblock\tk\tparameters\taccuracy\t95% interval\texamples\tseeds\tdeviation\tread\tloglik\terror")
	for _, r := range e.Rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\t%s\n",
			r.Model, r.Task, r.Method, r.Selector, orTrained(r.SelectWith), orTrained(r.ComputeWith), number.Budget(r.Budget), r.Block, r.K, setup(r),
			number.Percent(r.Accuracy), number.Interval(r.CI95[0], r.CI95[1]), r.Examples, r.Seeds, number.Deviation(r.Std, r.Seeds),
			number.Percent(r.Read), known(r.LogLik, number.LogLik), known(r.Error, number.OutputError))
	}
	if err := e.printDifferences(w); err != nil {
		return err
	}
	for _, h := range e.Hits {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\tlayer %d\thead %d\thit %s\terror %s\n", h.Model, h.Task, h.Method, h.Selector, orTrained(h.SelectWith), orTrained(h.ComputeWith), number.Budget(h.Budget), h.Layer, h.Head, number.Percent(h.Rate), known(h.Error, number.OutputError))
	}
	return w.Flush()
}

// printDifferences writes how the models differ as a table of its own, where there are several.
func (e evaluation) printDifferences(w *tabwriter.Writer) error {
	if len(e.Differences) == 0 {
		return nil
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w, "\nmodel\tless model\tmethod\tselector\tkeys\tstates\tbudget\tparameters\tdifference\t95% interval\ttasks\texamples")
	for _, d := range e.Differences {
		info, _ := sparse.Method(d.Method)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s to %s\t%d\t%d\n",
			d.Model, d.Less, d.Method, d.Selector, orTrained(d.SelectWith), orTrained(d.ComputeWith), number.Budget(d.Budget), cmp.Or(info.Describe(d.Params), "-"),
			number.Change(100*d.Difference, 1), number.Change(100*d.CI95[0], 1), number.Change(100*d.CI95[1], 1), d.Tasks, d.Examples)
	}
	return w.Flush()
}

// known writes a figure that may not be known.
func known(v *float64, write func(float64) string) string {
	if v == nil {
		return number.Unknown
	}
	return write(*v)
}

// setup says how the method of a row is set up beyond its budget.
func setup(r experiment.Row) string {
	info, _ := sparse.Method(r.Method)
	return cmp.Or(info.Describe(r.Params), "-")
}

// orTrained says what a side of a swap is, where it is not named.
func orTrained(with string) string {
	if with == "" {
		return "trained"
	}
	return with
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
