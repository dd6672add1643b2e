package model

import (
	"fmt"
	"math"
	"strconv"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
)

// configKey names the metadata that holds a config.json.
const configKey = "config"

// Metadata is c as the string map of a checkpoint's header.
func (c Config) Metadata() map[string]string {
	m := map[string]string{
		"arch": c.Kind(), "vocab_size": strconv.Itoa(c.Vocab), "d_model": strconv.Itoa(c.Dim),
		"num_head": strconv.Itoa(c.Heads), "num_layers": strconv.Itoa(c.Layers), "hidden": strconv.Itoa(c.Hidden),
		"context": strconv.Itoa(c.Context), "rope_base": strconv.FormatFloat(c.Rope.Base, 'g', -1, 64),
		"eps": strconv.FormatFloat(float64(c.Eps), 'g', -1, 32),
	}
	if a, err := c.Arch.find(); err == nil && a.layerPrefix == hfLayer {
		m[configKey] = string(c.hfJSON())
	}
	return m
}

// ReadConfig is the shape of the model in f, which says it itself, whose parameters carry
// prefix; see NewSource. A GGUF file and a release of RAT+ hold one model, without any.
func ReadConfig(f *checkpoint.File, prefix string) (Config, error) {
	if prefix == "" {
		s, err := NewSource(f)
		if err != nil {
			return Config{}, err
		}
		return s.Config, nil
	}
	if config := f.Metadata[configKey]; config != "" {
		s, err := hfSource(f, []byte(config))
		if err != nil {
			return Config{}, err
		}
		return s.Config, nil
	}
	return readConfig(f, prefix, f.Metadata)
}

// readConfig works out the shape of a model of the paper's backbones: widths from its
// tensors, what tensors cannot tell (heads, context) from its metadata. The hidden width,
// rope_base (10000), eps (1e-6) and context (seq_len, else 4096) have defaults.
func readConfig(f *checkpoint.File, prefix string, metadata map[string]string) (Config, error) {
	c := Config{Arch: Attention}
	if kind := metadata["arch"]; kind != "" {
		c.SetKind(kind)
	}
	wte, err := shape(f, prefix+"embedding.wte.weight")
	if err != nil {
		return c, err
	}
	c.Vocab, c.Dim = wte[0], wte[1]
	for c.Layers = 0; f.Has(prefix + fmt.Sprintf("backbone.layers.%d.seq_layer.in_proj.weight", c.Layers)); c.Layers++ {
	}
	if err := c.readNumbers(metadata); err != nil {
		return c, err
	}
	c.KVHeads, c.HeadDim = c.Heads, c.Dim/max(c.Heads, 1)
	c.Tied = !f.Has(prefix + "head.lm_head.weight")
	if c.Layers == 0 {
		return c, c.Validate()
	}
	first := prefix + "backbone.layers.0."
	c.GateBias = f.Has(first + "seq_layer.gate_bias")
	c.GateApart = f.Has(first + "seq_layer.fgate_proj.weight")
	up, err := shape(f, first+"hidden_layer.fc1.weight")
	if err != nil {
		return c, err
	}
	in, err := shape(f, first+"seq_layer.in_proj.weight")
	if err != nil {
		return c, err
	}
	c.Hidden = up[0]
	if metadata["arch"] == "" {
		c.Memory = c.GateApart || in[0] == 5*c.Dim
	} else if err := c.agrees(metadata); err != nil {
		return c, err
	}
	return c, c.Validate()
}

// agrees holds what metadata says of the widths to what the tensors have, which counts. A
// vocabulary may be smaller than the rows that there are for it.
func (c *Config) agrees(metadata map[string]string) error {
	for _, f := range []struct {
		name string
		have int
	}{
		{"num_layers", c.Layers}, {"d_model", c.Dim}, {"hidden", c.Hidden}, {"vocab_size", c.Vocab},
	} {
		text, said := metadata[f.name]
		n, err := strconv.Atoi(text)
		if said && (err != nil || n != f.have && (f.name != "vocab_size" || n < 1 || n > f.have)) {
			return input.Errorf(f.name, "%q in the file's metadata, its tensors have %d", text, f.have)
		}
	}
	return nil
}

// readNumbers takes what metadata says of a model that its tensors do not.
func (c *Config) readNumbers(metadata map[string]string) error {
	var failed error
	number := func(want string, allowed func(float64) bool, fallback float64, names ...string) float64 {
		for _, name := range names {
			text, ok := metadata[name]
			if !ok {
				continue
			}
			v, err := strconv.ParseFloat(text, 64)
			if (err != nil || !allowed(v)) && failed == nil {
				failed = input.Errorf(name, "%q in the file's metadata, want %s", text, want)
			}
			return v
		}
		return fallback
	}
	count := func(v float64) bool { return v == math.Trunc(v) && v >= 1 && v <= mostContext }
	c.Heads = int(number("a whole number of heads from 1", count, float64(c.Dim/128), "num_head"))
	c.Context = int(number(fmt.Sprintf("a whole number of tokens from 1 to %d", mostContext), count, 4096, "context", "seq_len"))
	c.Rope.Base = number("more than 1, at most 1e12", func(v float64) bool { return v > 1 && v <= 1e12 }, 10000, "rope_base")
	c.Eps = float32(number("a number from 0 to 1", func(v float64) bool { return v >= 0 && v <= 1 }, 1e-6, "eps"))
	return failed
}

// shape is the shape of a matrix in f.
func shape(f *checkpoint.File, name string) ([]int, error) {
	t, err := f.Tensor(name)
	if err != nil {
		return nil, err
	}
	if len(t.Shape) != 2 {
		return nil, fmt.Errorf("%s: shape %v, want two axes", name, t.Shape)
	}
	return t.Shape, nil
}
