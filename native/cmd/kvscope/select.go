package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/sparse"
	"kvscope/engine/sparse/apply"
	"kvscope/native/simd"
)

// selectFile runs one selection method on tensors dumped from any model.
func selectFile(_ context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("select", stderr,
		"kvscope select --method quest --in qkv.safetensors --out picked.safetensors --block 16 --budget 1/8",
		"kvscope select --method moba --in qkv.safetensors --out picked.safetensors --block 16 --k 4 --public-code")
	var cfg sparse.Config
	fs.StringVar(&cfg.Method, "method", "", methodIDs()+"; from the file")
	in := fs.String("in", "", "safetensors or npz `file` with q, k and v, [head, seq, head_dim] unless its metadata `layout` says otherwise")
	out := fs.String("out", "", "safetensors `file` to write: selected, score, out")
	fs.StringVar(&cfg.Selector, "selector", "", "own or random")
	fs.Uint64Var(&cfg.Seed, "seed", 0, "of the random selector")
	budget := fs.String("budget", "", "share of the entries a query may read: 1, 1/16 or 0.25")
	fs.IntVar(&cfg.Block, "block", 0, "`tokens` in a block; from the file, else 16")
	fs.IntVar(&cfg.K, "k", 0, "blocks (or tokens) read; from the file or the budget")
	fs.BoolVar(&cfg.PublicCode, "public-code", false, "as the authors' code instead of the paper: nothing forced but what it forces")
	fs.IntVar(&cfg.DenseLayers, "dense-layers", 0, "Quest: first layers that read everything")
	fs.IntVar(&cfg.Window, "window", 0, "SnapKV: observation window; dilated: local window")
	fs.IntVar(&cfg.Kernel, "kernel", 0, "SnapKV: pooling kernel, odd")
	fs.StringVar(&cfg.Pooling, "pooling", "", "SnapKV: avg or max")
	fs.IntVar(&cfg.Dilation, "dilation", 0, "dilated: every how many tokens one is read")
	fs.IntVar(&cfg.Initial, "initial", 0, "dilated, streaming: first tokens always read")
	asJSON := fs.Bool("json", false, "print one JSON object")
	if err := parse(fs, args); err != nil {
		return err
	}
	if *in == "" {
		return input.Errorf("in", "missing, want a safetensors or npz file with q, k and v")
	}
	if *out == "" {
		return input.Errorf("out", "missing, want the file to write")
	}
	if *budget != "" {
		b, err := sparse.ParseBudget(*budget)
		if err != nil {
			return err
		}
		cfg.Budget = b
	}
	f, err := checkpoint.Open(*in)
	if err != nil {
		return fmt.Errorf("in: %w", err)
	}
	defer f.Close()
	r, err := apply.Run(cfg, f, simd.Best())
	if err != nil {
		return err
	}
	if err := checkpoint.Save(*out, r.Metadata, r.Tensors); err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(stdout).Encode(map[string]any{"selected": r.Selected, "kv_read_fraction": r.ReadFraction})
	}
	fmt.Fprintf(stdout, "%s: %s reads %.1f%% of the entries, %d %ss a query at most\n", *out, r.Plan.Method, 100*r.ReadFraction, r.Plan.K, r.Plan.Unit)
	return nil
}
