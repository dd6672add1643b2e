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
	"kvscope/viz/number"
)

// readingFlags adds to fs how a file of queries and keys is read, where it does not say so
// itself; about says which file.
func readingFlags(fs *flagSet, about string) *apply.Options {
	o := &apply.Options{}
	fs.StringVar(&o.Layout, "layout", "", about+"`order` of axes, such as \"[batch, seq, head, head_dim]\" or bshd; from the file, else [head, seq, head_dim]")
	fs.StringVar(&o.Scale, "scale", "", about+"`number` that q·k is multiplied with before the softmax; from the file, else 1/√head_dim")
	fs.StringVar(&o.Mask, "mask", "", about+"padding: how `many` of the first positions, or an array that is 0 for them, of the input or in another file; attention_mask or mask of the input")
	return o
}

// ofCapture begins the help of readingFlags where the file is a model.
const ofCapture = "of queries and keys as --model: "

// onlyCaptures refuses how queries and keys are read where name holds none.
func onlyCaptures(o *apply.Options, name string) error {
	for _, f := range []struct{ name, value string }{{"layout", o.Layout}, {"scale", o.Scale}, {"mask", o.Mask}} {
		if f.value != "" {
			return input.Errorf(f.name, "%s holds no queries and keys, which it is for", name)
		}
	}
	return nil
}

// selectFile runs one selection method on tensors dumped from any model.
func selectFile(_ context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("select", stderr,
		"kvscope select --method quest --in qkv.safetensors --out picked.safetensors --block 16 --budget 1/8",
		"kvscope select --method moba --in qkv.safetensors --out picked.safetensors --block 16 --k 4 --public-code",
		"kvscope select --method snapkv --in qkv.npz --out kept.safetensors --k 512 --layout bshd --mask 12")
	var cfg sparse.Config
	fs.StringVar(&cfg.Method, "method", "", methodIDs()+"; from the file")
	in := fs.String("in", "", "safetensors or npz `file` with q, k and, for out, v; what it says of the method holds where no flag does")
	o := readingFlags(fs, "")
	out := fs.String("out", "", "safetensors `file` to write: selected, score, out")
	fs.Uint64Var(&cfg.SelectorSeed, "seed", 0, "of the random selector")
	methodFlags(fs, &cfg)
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
	if err := notInput("out", *out, *in, o.Mask); err != nil {
		return err
	}
	f, err := checkpoint.Open(*in)
	if err != nil {
		return blamed("in", err)
	}
	defer f.Close()
	r, err := apply.Run(cfg, *o, f, simd.Best())
	if err != nil {
		return err
	}
	if err := save(*out, r.Metadata, r.Tensors); err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(stdout).Encode(map[string]any{"selected": r.Selected, "kv_read_fraction": r.ReadFraction, "read": r.Read, "ignored": append([]string{}, r.Ignored...)})
	}
	unused := r.Ignored[:0:0]
	for _, name := range r.Ignored {
		if by := r.Over[name]; by != "" {
			fmt.Fprintf(stderr, "ignored: %s, which %s says too\n", name, by)
		} else {
			unused = append(unused, name)
		}
	}
	sayIgnored(stderr, []string{r.Plan.Method}, unused)
	fmt.Fprintf(stdout, "%s: %s\n", *in, r.Read)
	fmt.Fprintf(stdout, "%s: %s reads %s of the entries, %d %ss a query at most\n", *out, r.Plan.Method, number.Percent(r.ReadFraction), r.Plan.K, r.Plan.Unit)
	return nil
}
