package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/viz/number"
)

// convertedForms are the forms that matrices are written in.
var convertedForms = map[string]checkpoint.DType{"f32": checkpoint.F32, "bf16": checkpoint.BF16, "int8": checkpoint.I8}

// convert writes a model from any source to one safetensors file.
func convert(_ context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("convert", stderr,
		"kvscope convert --model SmolLM2.gguf --out smollm2.safetensors",
		"kvscope convert --model ./Qwen3-0.6B --dtype int8 --out qwen3.safetensors")
	name := fs.String("model", "", modelUsage())
	form := fs.String("dtype", "bf16", "what matrices become: f32, bf16, or int8 with one scale a row")
	out := fs.String("out", "", "safetensors `file` to write")
	asJSON := fs.Bool("json", false, "print one JSON object")
	if err := parse(fs, args); err != nil {
		return err
	}
	dtype, known := convertedForms[*form]
	switch {
	case *name == "":
		return errNoModel()
	case !known:
		return input.Errorf("dtype", "%q, want f32, bf16 or int8", *form)
	case *out == "":
		return input.Errorf("out", "missing, want the file to write")
	}
	if err := notInput("out", *out, *name); err != nil {
		return err
	}
	size, err := rewriteModel(*name, dtype, *out, fmt.Sprintf("%s in %s", *name, *form))
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(stdout).Encode(map[string]any{"out": *out, "bytes": size})
	}
	fmt.Fprintf(stdout, "%s: %s in %s, %s\n", *out, *name, *form, number.Bytes(int(size)))
	return nil
}

// rewriteModel writes the model of that name to out with its matrices in a form, and
// returns the size of the file. Norms and biases stay float32.
func rewriteModel(name string, form checkpoint.DType, out, note string) (int64, error) {
	engine, err := engineWith(name, "")
	if err != nil {
		return 0, err
	}
	defer engine.Close()
	m, err := engine.Model(name)
	if err != nil {
		return 0, err
	}
	cfg := m.Config()
	weights, err := m.Weights().Compress(cfg, form)
	if err != nil {
		return 0, input.Errorf("model", "%s: %v", name, err)
	}
	meta := cfg.Metadata()
	if tok, err := engine.Tokenizer(name); err == nil {
		meta["tokenizer"] = tok.Fingerprint()
	}
	meta["note"] = note
	if err := save(out, meta, weights.Tensors(cfg, "", checkpoint.NewF32)); err != nil {
		return 0, err
	}
	info, err := os.Stat(out)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
