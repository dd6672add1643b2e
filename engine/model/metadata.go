package model

import (
	"fmt"
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
	}
	return c, c.Validate()
}

// readNumbers takes what metadata says of a model that its tensors do not.
func (c *Config) readNumbers(metadata map[string]string) error {
	var failed error
	number := func(fallback float64, names ...string) float64 {
		for _, name := range names {
			text, ok := metadata[name]
			if !ok {
				continue
			}
			v, err := strconv.ParseFloat(text, 64)
			if err != nil && failed == nil {
				failed = input.Errorf(name, "%q in the file's metadata is not a number", text)
			}
			return v
		}
		return fallback
	}
	c.Heads = int(number(float64(c.Dim/128), "num_head"))
	c.Context = int(number(4096, "context", "seq_len"))
	c.Rope.Base = number(10000, "rope_base")
	c.Eps = float32(number(1e-6, "eps"))
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
