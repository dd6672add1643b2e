package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/viz/number"
)

// quantizedForms are the forms of matrices that decoding reads as they are.
var quantizedForms = map[string]checkpoint.DType{"bf16": checkpoint.BF16, "int8": checkpoint.I8}

// quantize writes a model with its matrices in fewer bits; norms and biases stay
// float32.
func quantize(_ context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("quantize", stderr,
		"kvscope quantize --model ratplus --form int8 --out ratplus-int8.safetensors",
		"kvscope ask --model ratplus-int8.safetensors --task MK-1 --method quest --budget 1/8")
	name := fs.String("model", "", modelUsage())
	form := fs.String("form", "int8", "what matrices become: bf16, or int8 with one scale a row")
	out := fs.String("out", "", "safetensors `file` to write")
	asJSON := fs.Bool("json", false, "print one JSON object")
	if err := parse(fs, args); err != nil {
		return err
	}
	dtype, known := quantizedForms[*form]
	switch {
	case *name == "":
		return errNoModel()
	case !known:
		return input.Errorf("form", "%q, want bf16 or int8", *form)
	case *out == "":
		return input.Errorf("out", "missing, want the file to write")
	}
	if err := notInput("out", *out, *name); err != nil {
		return err
	}
	note := fmt.Sprintf("%s with its matrices in %s", *name, *form)
	size, err := rewriteModel(*name, dtype, *out, note)
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(stdout).Encode(map[string]any{"form": *form, "bytes": size})
	}
	fmt.Fprintf(stdout, "%s: %s, %s\n", *out, note, number.Bytes(int(size)))
	return nil
}
