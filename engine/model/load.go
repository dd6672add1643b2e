package model

import (
	"fmt"
	"strconv"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
)

// Metadata is c as the string map of a checkpoint's header.
func (c Config) Metadata() map[string]string {
	return map[string]string{
		"arch": string(c.Arch), "vocab_size": strconv.Itoa(c.Vocab), "d_model": strconv.Itoa(c.Dim),
		"num_head": strconv.Itoa(c.Heads), "num_layers": strconv.Itoa(c.Layers), "hidden": strconv.Itoa(c.Hidden),
		"context": strconv.Itoa(c.Context), "rope_base": strconv.FormatFloat(c.RopeBase, 'g', -1, 64),
		"eps": strconv.FormatFloat(float64(c.Eps), 'g', -1, 32),
	}
}

// ReadConfig works out the shape of the model in f whose parameters carry prefix:
// widths from its tensors, what tensors cannot tell (heads, context) from its
// metadata. The hidden width, rope_base (10000), eps (1e-6) and context (seq_len,
// else 4096) have defaults.
func ReadConfig(f *checkpoint.File, prefix string) (Config, error) {
	number := func(fallback float64, names ...string) (float64, error) {
		for _, name := range names {
			text, ok := f.Metadata[name]
			if !ok {
				continue
			}
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return 0, input.Errorf(name, "%q in the file's metadata is not a number", text)
			}
			return v, nil
		}
		return fallback, nil
	}
	c := Config{Arch: Arch(f.Metadata["arch"])}
	wte, err := f.Tensor(prefix + "embedding.wte.weight")
	if err != nil {
		return c, err
	}
	if len(wte.Shape) != 2 {
		return c, fmt.Errorf("embedding.wte.weight: shape %v, want two axes", wte.Shape)
	}
	c.Vocab, c.Dim = wte.Shape[0], wte.Shape[1]
	for c.Layers = 0; f.Has(prefix + fmt.Sprintf("backbone.layers.%d.seq_layer.in_proj.weight", c.Layers)); c.Layers++ {
	}
	heads, err := number(float64(c.Dim/128), "num_head")
	if err != nil {
		return c, err
	}
	context, err := number(4096, "context", "seq_len")
	if err != nil {
		return c, err
	}
	if c.RopeBase, err = number(10000, "rope_base"); err != nil {
		return c, err
	}
	eps, err := number(1e-6, "eps")
	if err != nil {
		return c, err
	}
	c.Heads, c.Context, c.Eps = int(heads), int(context), float32(eps)
	c.Tied = !f.Has(prefix + "head.lm_head.weight")
	c.GateBias = f.Has(prefix + "backbone.layers.0.seq_layer.gate_bias")
	if c.Layers > 0 {
		fc1, err := f.Tensor(prefix + "backbone.layers.0.hidden_layer.fc1.weight")
		if err != nil {
			return c, err
		}
		in, err := f.Tensor(prefix + "backbone.layers.0.seq_layer.in_proj.weight")
		if err != nil {
			return c, err
		}
		c.Hidden = fc1.Shape[0]
		if c.Arch == "" && in.Shape[0] == 5*c.Dim {
			c.Arch = RATPlus
		} else if c.Arch == "" {
			c.Arch = Attention
		}
	}
	return c, c.Validate()
}

// Load reads the shape and weights of a model.
func Load(f *checkpoint.File) (Config, *Weights, error) {
	c, err := ReadConfig(f, "")
	if err != nil {
		return c, nil, fmt.Errorf("model config: %w", err)
	}
	w, err := ReadWeights(f, c, "")
	return c, w, err
}

// ReadWeights reads the parameters of a model of shape c whose names carry prefix.
func ReadWeights(f *checkpoint.File, c Config, prefix string) (*Weights, error) {
	w := &Weights{Layers: make([]Layer, c.Layers)}
	var failed error
	w.each(c, func(name string, shape []int, data *[]float32) {
		x, err := f.Float32(prefix+name, shape...)
		if err != nil && failed == nil {
			failed = err
		}
		*data = x
	})
	if c.Tied {
		w.Head = w.Embedding
	}
	return w, failed
}

// Tensors are the parameters of w as checkpoint tensors, named with prefix, in the
// format encode gives them, or the one that Compact keeps them in.
func (w *Weights) Tensors(c Config, prefix string, encode func(name string, shape []int, x []float32) checkpoint.Tensor) []checkpoint.Tensor {
	var ts []checkpoint.Tensor
	for _, p := range w.Params(c) {
		if m, ok := w.Compact[p.Name]; ok {
			ts = append(ts, m.tensors(prefix+p.Name, p.Shape)...)
			continue
		}
		ts = append(ts, encode(prefix+p.Name, p.Shape, p.Data))
	}
	return ts
}

// IsMatrix reports whether a parameter is a matrix, not a norm or a bias.
func (p Param) IsMatrix() bool { return len(p.Shape) == 2 }
