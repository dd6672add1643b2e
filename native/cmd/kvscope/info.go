package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/viz/number"
)

// described is the JSON of info about one model.
type described struct {
	run.ModelInfo
	Parameters int    `json:"parameters"`
	Hidden     int    `json:"hidden"`
	Width      int    `json:"width"`
	Vocab      int    `json:"vocab"`
	Rope       string `json:"rope"`
	Tokenizer  string `json:"tokenizer"` // fingerprint; "" for none
	CacheBytes int    `json:"kv_bytes_per_token"`
	Checked    bool   `json:"checked"` // whether all weights were read, and are finite numbers
}

// info says what a model is, and what running it takes.
func info(_ context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("info", stderr, "kvscope info --model SmolLM2.gguf", "kvscope info --model ./Qwen3-0.6B --json")
	name := fs.String("model", "", modelUsage())
	check := fs.Bool("check", false, "read all weights, and name the first that is NaN or infinite")
	asJSON := fs.Bool("json", false, "print one JSON object")
	if err := parse(fs, args); err != nil {
		return err
	}
	if *name == "" {
		return errNoModel()
	}
	engine, err := engineWith(*name, "")
	if err != nil {
		return err
	}
	defer engine.Close()
	d, err := describeModel(engine, *name)
	if err != nil {
		return err
	}
	if *check {
		if err := checkWeights(engine, *name); err != nil {
			return input.Errorf("model", "%s: %v", *name, err)
		}
		d.Checked = true
	}
	if *asJSON {
		return json.NewEncoder(stdout).Encode(d)
	}
	tokens := "none: it takes token numbers, or --tokenizer"
	if d.Tokenizer != "" {
		tokens = "fingerprint " + d.Tokenizer
	}
	finite := "not read, but norms and biases; --check reads them all"
	if d.Checked {
		finite = "read, all of them finite numbers"
	}
	_, err = fmt.Fprintf(stdout, "%s: %s\n  source      %s\n  shape       %d layers, %d heads on %d of keys and values, %d channels each, width %d, hidden %d\n"+
		"  context     %s tokens, rotation %s\n  parameters  %s, %s as they are kept\n  weights     %s\n  tokenizer   %s\n  cache       %s a token, %s at the whole context\n",
		d.Name, d.Title, d.Note, d.Layers, d.Heads, d.KVHeads, d.HeadDim, d.Width, d.Hidden, number.Count(d.Context), d.Rope,
		number.Amount(float64(d.Parameters)), number.Bytes(d.Bytes), finite, tokens, number.Bytes(d.CacheBytes), number.Bytes(d.CacheBytes*d.Context))
	return err
}

// checkWeights reads all weights of the model of that name.
func checkWeights(e *run.Engine, name string) error {
	m, err := e.Model(name)
	if err != nil {
		return err
	}
	return m.Weights().CheckFinite(m.Config())
}

// describeModel gathers what is known of the model of that name.
func describeModel(e *run.Engine, name string) (*described, error) {
	m, err := e.Model(name)
	if err != nil {
		return nil, err
	}
	c := m.Config()
	d := &described{
		Parameters: m.Weights().Len(c), Hidden: c.Hidden, Width: c.Dim, Vocab: c.Vocab,
		Rope: c.Rope.String(), CacheBytes: 4 * 2 * c.Layers * c.KVDim(),
	}
	for _, i := range e.Models() {
		if i.Name == name {
			d.ModelInfo = i
		}
	}
	if tok, err := e.Tokenizer(name); err == nil {
		d.Tokenizer = tok.Fingerprint()
	}
	return d, nil
}
