package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"kvscope/engine/input"
	"kvscope/engine/tokenizer"
	"kvscope/engine/train"
	"kvscope/native/simd"
)

// trainModel trains a demo model from a config file.
func trainModel(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("train", stderr,
		"kvscope train --config assets/training/ratplus.conf --out data/ratplus",
		"kvscope train --config assets/training/ratplus.conf --out data/ratplus --resume")
	config := fs.String("config", "", "`file` that describes the run")
	out := fs.String("out", "data/train", "`folder` for checkpoints and the model")
	resume := fs.Bool("resume", false, "continue from the checkpoint in --out")
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
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return err
	}
	run, err := train.NewRun(*cfg, tokenizer.NewDemo(), simd.Best(), train.RunOptions{
		Dir: *out, Resume: *resume, SaveEvery: 2 * time.Minute, LogEvery: 50, EvalEvery: 400, Examples: 64, Snapshots: 14,
		Report: func(p train.Point) { report(stdout, p, *asJSON) },
	})
	if err != nil {
		return err
	}
	if err := run.Train(ctx); err != nil {
		return err
	}
	return packHistory(filepath.Join(*out, "history"), filepath.Join(*out, "model"+historySuffix))
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
	fmt.Fprintf(w, "stage %d  step %6d  %6.2fM tokens  %6.0f/s  lr %.2g  loss %.4f  accuracy: repeats %3.0f%%  first %3.0f%%  value %3.0f%%\n",
		p.Stage, p.Step, float64(p.Tokens)/1e6, p.PerSec, p.LR, p.Loss, 100*p.Repeats, 100*p.First, 100*p.Value)
	var ids []string
	for id := range p.Exact {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	var parts []string
	for _, id := range ids {
		parts = append(parts, fmt.Sprintf("%s %.0f%% (first %.0f%%)", id, 100*p.Exact[id], 100*p.FirstOf[id]))
	}
	if len(parts) > 0 {
		fmt.Fprintf(w, "  held out, exact: %s\n", strings.Join(parts, "  "))
	}
}
