package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
)

// ggufSource is the model in a GGUF file.
func ggufSource(f *checkpoint.File) (*Source, error) {
	v := ggufValues{values: f.Values, asked: map[string]bool{}}
	v.prefix = v.text("general.architecture", "")
	if v.err != nil {
		return nil, v.err
	}
	a, err := ggufArchitecture(v.prefix)
	if err != nil {
		return nil, err
	}
	s := &Source{file: f, name: names.ggufName, whole: true}
	// Rows of q and k lie as llama.cpp turns them in files of this one architecture.
	s.pairedRows = a.id == Llama
	c := Config{Arch: a.id, Tied: !f.Has(a.head.gguf)}
	v.sizes(&c)
	if c.Vocab = v.integer("vocab_size", 0); c.Vocab == 0 {
		c.Vocab = firstAxis(f, a.embedding.gguf)
	}
	first := fmt.Sprintf(ggufLayer, 0)
	c.QKVBias, c.OutBias = f.Has(first+"attn_q.bias"), f.Has(first+"attn_output.bias")
	c.Memory, c.GateBias = f.Has(first+"attn_gate.weight"), f.Has(first+"attn_gate.bias")
	c.Rope = v.rope(c.Context)
	c.Rope.Divided = f.Has(ropeDivisors.gguf)
	if err := c.Validate(); v.err == nil && err != nil {
		return nil, asGGUF(v.prefix, err)
	}
	if n := v.integer("rope.dimension_count", c.HeadDim); n != c.HeadDim {
		v.fail("rope.dimension_count", "%d of %d channels, want all of them rotated", n, c.HeadDim)
	}
	if n := v.integer("attention.value_length", c.HeadDim); n != c.HeadDim {
		v.fail("attention.value_length", "%d, want %d as keys have", n, c.HeadDim)
	}
	if n := v.integer("expert_count", 0); n > 0 {
		v.fail("expert_count", "%d, want feed-forward layers without experts", n)
	}
	if v.err != nil {
		return nil, v.err
	}
	if window := v.integer("attention.sliding_window", 0); window > 0 && window < c.Context {
		s.Notes = append(s.Notes, c.capWindow(window))
	}
	if unknown := v.unknown(); len(unknown) > 0 {
		s.Notes = append(s.Notes, "what the file says of "+strings.Join(unknown, ", ")+" is not computed")
	}
	s.Config, s.Form = c, "GGUF with "+strings.Join(s.DTypes(), ", ")
	return s, v.err
}

// ggufArchitecture is the decoder that general.architecture names.
func ggufArchitecture(name string) (architecture, error) {
	a, err := hfArchitecture(name)
	if err != nil {
		return a, renamed(err, "general.architecture")
	}
	return a, nil
}

// firstAxis is the number of rows of the matrix of that name, 0 when there is none.
func firstAxis(f *checkpoint.File, name string) int {
	t, err := f.Tensor(name)
	if err != nil {
		return 0
	}
	return t.Shape[0]
}

// ggufValues reads the pairs of a GGUF file, keeping the first error.
type ggufValues struct {
	values map[string]any
	prefix string // of the architecture's keys
	asked  map[string]bool
	err    error
}

// ggufSilent are keys of an architecture's that say how a file was made, and what an
// architecture is by itself.
var ggufSilent = []string{
	"rope.scaling.finetuned", "tensor_data_layout", "attention.layer_norm_epsilon", "attention.causal", "use_parallel_residual", "expert_used_count",
}

// unknown lists the keys of the architecture's that were not asked for.
func (v *ggufValues) unknown() []string {
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(v.values)) {
		name, ok := strings.CutPrefix(key, v.prefix+".")
		if ok && !v.asked[key] && !slices.Contains(ggufSilent, name) {
			keys = append(keys, key)
		}
	}
	return keys
}

// value is what is at a key of the architecture's.
func (v *ggufValues) value(key string) any {
	v.asked[v.prefix+"."+key] = true
	return v.values[v.prefix+"."+key]
}

func (v *ggufValues) fail(key, format string, args ...any) {
	if v.err == nil {
		v.err = input.Errorf(v.prefix+"."+key, format, args...)
	}
}

// text is the string at the whole key.
func (v *ggufValues) text(key, fallback string) string {
	v.asked[key] = true
	switch x := v.values[key].(type) {
	case nil:
		return fallback
	case string:
		return x
	default:
		if v.err == nil {
			v.err = input.Errorf(key, "found %v, want a string", x)
		}
		return fallback
	}
}

// integer is the whole number at a key of the architecture's, or the one number in a
// list with an entry a layer.
func (v *ggufValues) integer(key string, fallback int) int {
	switch x := v.value(key).(type) {
	case nil:
		return fallback
	case int64:
		if x < 0 || x > 1<<40 {
			v.fail(key, "%d, want a number from 0 on", x)
			return fallback
		}
		return int(x)
	case []int64:
		if len(x) > 0 && x[0] >= 0 && x[0] < 1<<40 && !slices.ContainsFunc(x, func(y int64) bool { return y != x[0] }) {
			return int(x[0])
		}
		v.fail(key, "differs from layer to layer, want one number")
	default:
		v.fail(key, "found %.40v, want a whole number", x)
	}
	return fallback
}

// number is the floating-point number at a key of the architecture's.
func (v *ggufValues) number(key string, fallback float64) float64 {
	switch x := v.value(key).(type) {
	case nil:
		return fallback
	case float64:
		return x
	case int64:
		return float64(x)
	default:
		v.fail(key, "found %.40v, want a number", x)
		return fallback
	}
}

// sizes sets widths and numbers of c.
func (v *ggufValues) sizes(c *Config) {
	for key, to := range map[string]*int{
		"embedding_length": &c.Dim, "feed_forward_length": &c.Hidden, "block_count": &c.Layers,
		"attention.head_count": &c.Heads, "context_length": &c.Context,
	} {
		*to = v.integer(key, 0)
	}
	c.KVHeads = v.integer("attention.head_count_kv", c.Heads)
	c.HeadDim = v.integer("attention.key_length", c.Dim/max(c.Heads, 1))
	c.Eps = float32(v.number("attention.layer_norm_rms_epsilon", 1e-6))
}

// rope reads the rotary embedding.
func (v *ggufValues) rope(context int) Rope {
	r := Rope{Base: v.number("rope.freq_base", 10000), Scaling: v.text(v.prefix+".rope.scaling.type", "")}
	if r.Scaling == "none" {
		r.Scaling = ""
	}
	if r.Scaling == "" {
		return r
	}
	r.Factor = v.number("rope.scaling.factor", 0)
	if r.Scaling == "yarn" {
		r.Original = v.integer("rope.scaling.original_context_length", context)
		r.BetaFast = v.number("rope.scaling.yarn_beta_fast", 32)
		r.BetaSlow = v.number("rope.scaling.yarn_beta_slow", 1)
		factor := v.number("rope.scaling.attn_factor", 1)
		if !(factor > 0 && factor < 100) {
			v.fail("rope.scaling.attn_factor", "%g, want more than 0 and less than 100", factor)
		}
		r.Attention = yarnAttention(r.Factor) * factor
	}
	return r
}

// ggufFields are the keys that GGUF has for the fields of Config.Validate.
var ggufFields = map[string]string{
	"d_model": "embedding_length", "num_head": "attention.head_count", "num_layers": "block_count",
	"hidden": "feed_forward_length", "context": "context_length", "eps": "attention.layer_norm_rms_epsilon",
	"num_key_value_heads": "attention.head_count_kv", "head_dim": "attention.key_length",
	"rope_theta": "rope.freq_base", "rope_type": "rope.scaling.type", "factor": "rope.scaling.factor",
	"original_max_position_embeddings": "rope.scaling.original_context_length", "beta_fast": "rope.scaling.yarn_beta_fast", "attention_factor": "rope.scaling.attn_factor",
}

// asGGUF is an error of Config.Validate in the words of GGUF.
func asGGUF(prefix string, err error) error {
	if key := ggufFields[input.Field(err)]; key != "" {
		return renamed(err, prefix+"."+key)
	}
	return err
}
