package main

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/engine/tokenizer"
	"kvscope/engine/train"
	"kvscope/native/simd"
	"kvscope/viz/number"
)

// trainModel trains a demo model, an adapter or an index, from a config file.
func trainModel(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("train", stderr,
		"kvscope train --config assets/training/ratplus.conf --out data/ratplus",
		"kvscope train --config assets/training/ratplus.conf --out data/ratplus --resume",
		"kvscope train --config assets/training/memory.conf --out data/memory")
	config := fs.String("config", "", "`file` that describes the run")
	out := fs.String("out", "data/train", "`folder` for checkpoints and the model")
	resume := fs.Bool("resume", false, "continue from the checkpoint in --out, if there is one")
	asJSON := fs.Bool("json", false, "print reports as JSON, one object a line")
	if err := parse(fs, args); err != nil {
		return err
	}
	if *config == "" {
		return input.Errorf("config", "missing, want the file that describes the run")
	}
	file, err := os.Open(*config)
	if err != nil {
		return input.Errorf("config", "%v", err)
	}
	defer file.Close()
	cfg, err := train.ParseConfig(file)
	if err != nil {
		return fmt.Errorf("--config %s: %w", *config, err)
	}
	for _, name := range []string{"model.safetensors", "state.safetensors"} {
		if err := notInput("out", filepath.Join(*out, name), trainingFiles(cfg)...); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return input.Errorf("out", "%v", err)
	}
	opts := train.RunOptions{
		Dir: *out, Resume: *resume, SaveEvery: 2 * time.Minute,
		Report: func(p train.Point) { report(stdout, p, *asJSON) },
	}
	switch {
	case cfg.Adapter != nil:
		return trainAdapter(ctx, *cfg, opts)
	case cfg.Index != nil:
		return trainIndex(ctx, *cfg, opts)
	}
	opts.LogEvery, opts.EvalEvery, opts.Examples, opts.Snapshots = 50, 400, 64, 14
	r, err := train.NewRun(*cfg, tokenizer.NewDemo(), simd.Best(), opts)
	if err != nil {
		return err
	}
	if err := r.Train(ctx); err != nil {
		return err
	}
	return packHistory(filepath.Join(*out, "history"), filepath.Join(*out, "model"+run.HistorySuffix))
}

// trainingFiles are the files that cfg names.
func trainingFiles(cfg *train.Config) []string {
	switch {
	case cfg.Adapter != nil:
		return append([]string{cfg.Adapter.Base, cfg.Adapter.Start}, cfg.Adapter.Prose...)
	case cfg.Index != nil:
		return []string{cfg.Index.Model}
	}
	return nil
}

// trainAdapter trains an adapter over the model that cfg names.
func trainAdapter(ctx context.Context, cfg train.Config, opts train.RunOptions) error {
	engine := run.NewEngine(simd.Best())
	defer engine.Close()
	base, err := openBase(engine, "base", cfg.Adapter.Base)
	if err != nil {
		return err
	}
	var texts []string
	for _, name := range cfg.Adapter.Prose {
		content, err := readProse(name)
		if err != nil {
			return input.Errorf("prose", "%v", err)
		}
		texts = append(texts, content)
	}
	opts.LogEvery, opts.EvalEvery, opts.Examples = 10, 200, 4
	r, err := train.NewAdapterRun(cfg, base, texts, simd.Best(), opts)
	if err != nil {
		return err
	}
	return r.Train(ctx)
}

// trainIndex trains an index for the model that cfg names.
func trainIndex(ctx context.Context, cfg train.Config, opts train.RunOptions) error {
	engine := run.NewEngine(simd.Best())
	defer engine.Close()
	base, err := openBase(engine, "index", cfg.Index.Model)
	if err != nil {
		return err
	}
	opts.LogEvery, opts.EvalEvery, opts.Examples = 20, 200, 8
	r, err := train.NewIndexRun(cfg, base, simd.Best(), opts)
	if err != nil {
		return err
	}
	return r.Train(ctx)
}

// openBase opens the model at a path, which stays as it is in a training; field is where
// the path was given.
func openBase(engine *run.Engine, field, path string) (base train.Base, err error) {
	found, err := openModel(engine, path, path, "")
	if err == nil && !found {
		err = input.Errorf(field, "no file or folder %q", path)
	}
	if err != nil {
		return base, err
	}
	base.Name = shortName(engine, path)
	if base.Hash, err = engine.Models()[0].ContentHash(); err != nil {
		return base, err
	}
	if base.Model, err = engine.Model(path); err != nil {
		return base, err
	}
	base.Tokenizer, err = engine.Tokenizer(path)
	return base, err
}

// mostProse is how many bytes a file of prose may have.
const mostProse = 64 << 20

// readProse reads a text, packed where its name ends in .gz.
func readProse(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var from io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if from, err = gzip.NewReader(f); err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
	}
	content, err := io.ReadAll(io.LimitReader(from, mostProse+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w", path, err)
	case len(content) > mostProse:
		return "", fmt.Errorf("%s is longer than the %d bytes allowed", path, mostProse)
	case !utf8.Valid(content):
		return "", fmt.Errorf("%s is not text in UTF-8", path)
	}
	return string(content), nil
}

// report prints one line of a run's history.
func report(w io.Writer, p train.Point, asJSON bool) {
	if asJSON {
		line, err := json.Marshal(p)
		if err != nil {
			panic("BUG: a report does not marshal: " + err.Error())
		}
		fmt.Fprintf(w, "%s\n", line)
		return
	}
	fmt.Fprintf(w, "stage %d  step %6d  %13s tokens  %6s/s  lr %s  loss %s  accuracy: repeats %4s  first %4s  value %4s",
		p.Stage, p.Step, number.Amount(float64(p.Tokens)), number.Rate(p.PerSec), number.Digits(p.LR, 2), number.Decimals(p.Loss, 4),
		number.WholePercent(p.Repeats), number.WholePercent(p.First), number.WholePercent(p.Value))
	if p.Running > 0 {
		fmt.Fprintf(w, "  prose %4s", number.WholePercent(p.Running))
	}
	fmt.Fprintln(w)
	var ids []string
	for id := range p.Exact {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	var parts []string
	for _, id := range ids {
		parts = append(parts, fmt.Sprintf("%s %s (first %s)", id, number.WholePercent(p.Exact[id]), number.WholePercent(p.FirstOf[id])))
	}
	if len(parts) > 0 {
		fmt.Fprintf(w, "  held out, exact: %s\n", strings.Join(parts, "  "))
	}
}
