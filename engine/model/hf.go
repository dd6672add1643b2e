package model

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"kvscope/engine/input"
)

// hfConfig lists the fields that are read of the config.json of a Hugging Face folder. A
// field that may be left out is a pointer.
type hfConfig struct {
	ModelType   string   `json:"model_type"`
	Vocab       *int     `json:"vocab_size"`
	Dim         *int     `json:"hidden_size"`
	Hidden      *int     `json:"intermediate_size"`
	Layers      *int     `json:"num_hidden_layers"`
	Heads       *int     `json:"num_attention_heads"`
	KVHeads     *int     `json:"num_key_value_heads,omitempty"`
	HeadDim     *int     `json:"head_dim,omitempty"`
	Context     *int     `json:"max_position_embeddings"`
	Eps         *float64 `json:"rms_norm_eps,omitempty"`
	Tied        bool     `json:"tie_word_embeddings"`
	Activation  *string  `json:"hidden_act,omitempty"`
	AttnBias    bool     `json:"attention_bias,omitempty"`
	MLPBias     bool     `json:"mlp_bias,omitempty"`
	RopeBase    *float64 `json:"rope_theta,omitempty"`
	Rope        *hfRope  `json:"rope_parameters,omitempty"`
	RopeScaling *hfRope  `json:"rope_scaling,omitempty"` // rope_parameters before transformers 5
	Partial     *float64 `json:"partial_rotary_factor,omitempty"`

	SlidingWindow    *int     `json:"sliding_window,omitempty"`
	UseSlidingWindow *bool    `json:"use_sliding_window,omitempty"`
	LayerTypes       []string `json:"layer_types,omitempty"`

	Quantization json.RawMessage `json:"quantization_config,omitempty"`

	// Of models that only this program writes.
	Memory   bool `json:"kvscope_memory,omitempty"`
	GateBias bool `json:"kvscope_gate_bias,omitempty"`
	// QKVBias stands where attention_bias, which is that of all four projections, and
	// model_type say otherwise, as some GGUF files have it.
	QKVBias *bool `json:"kvscope_qkv_bias,omitempty"`
}

// hfRope is rope_parameters or rope_scaling.
type hfRope struct {
	Type      string   `json:"rope_type,omitempty"`
	OldType   string   `json:"type,omitempty"`
	Base      *float64 `json:"rope_theta,omitempty"`
	Factor    *float64 `json:"factor,omitempty"`
	Original  *int     `json:"original_max_position_embeddings,omitempty"`
	LowFreq   *float64 `json:"low_freq_factor,omitempty"`
	HighFreq  *float64 `json:"high_freq_factor,omitempty"`
	BetaFast  *float64 `json:"beta_fast,omitempty"`
	BetaSlow  *float64 `json:"beta_slow,omitempty"`
	Attention *float64 `json:"attention_factor,omitempty"`
	MScale    *float64 `json:"mscale,omitempty"`
	MScaleAll *float64 `json:"mscale_all_dim,omitempty"`
	Truncate  *bool    `json:"truncate,omitempty"`
	Partial   *float64 `json:"partial_rotary_factor,omitempty"`
	Divided   bool     `json:"kvscope_divided,omitempty"` // by a tensor, as GGUF has it
	PerLayer  any      `json:"full_attention,omitempty"`  // of models whose layers rotate differently
	Finetuned any      `json:"finetuned,omitempty"`       // how the model was made

	unknown string // a field that is none of these
}

// UnmarshalJSON reads p and remembers a field that it does not know: the rotation might
// depend on it.
func (p *hfRope) UnmarshalJSON(text []byte) error {
	type plain hfRope
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode((*plain)(p))
	unknown := input.UnknownField(err)
	if unknown == "" {
		return err
	}
	*p = hfRope{}
	err = json.Unmarshal(text, (*plain)(p))
	p.unknown = unknown
	return err
}

// parseHFConfig is the shape that a config.json describes. notes say what of it is
// computed only in part.
func parseHFConfig(text []byte) (c Config, notes []string, err error) {
	var h hfConfig
	if err := json.Unmarshal(text, &h); err != nil {
		if err = input.FromJSON(err); input.Field(err) != "" {
			return c, nil, err
		}
		return c, nil, fmt.Errorf("not the JSON of a config: %w", err)
	}
	a, err := hfArchitecture(h.ModelType)
	if err != nil {
		return c, nil, err
	}
	if err := h.refuse(); err != nil {
		return c, nil, err
	}
	c = Config{
		Arch: a.id, Tied: h.Tied, QKVBias: or(h.QKVBias, a.qkvBias || h.AttnBias), OutBias: h.AttnBias,
		Memory: h.Memory, GateBias: h.GateBias, Eps: float32(or(h.Eps, 1e-6)),
	}
	if err := h.sizes(&c); err != nil {
		return c, nil, err
	}
	if c.Rope, err = h.rope(c.Context); err != nil {
		return c, nil, err
	}
	if err := c.Validate(); err != nil {
		return c, nil, asHF(err)
	}
	if name := h.rotation().unknown; name != "" {
		return c, nil, input.Errorf(name, "unknown for rope_type %q, and the rotation might depend on it", c.Rope.Scaling)
	}
	if note := h.window(&c); note != "" {
		notes = append(notes, note)
	}
	return c, notes, nil
}

// hfArchitecture is the decoder of a model_type.
func hfArchitecture(modelType string) (architecture, error) {
	var names []string
	for _, a := range architectures {
		if a.layerPrefix != hfLayer {
			continue
		}
		if string(a.id) == modelType {
			return a, nil
		}
		names = append(names, string(a.id))
	}
	return architecture{}, input.Errorf("model_type", "%q, want one of %s", modelType, strings.Join(names, ", "))
}

// refuse names what h asks for and no decoder here does.
func (h *hfConfig) refuse() error {
	switch activation := or(h.Activation, "silu"); {
	case activation != "silu" && activation != "swish":
		return input.Errorf("hidden_act", "%q, want silu", activation)
	case or(h.SlidingWindow, 0) < 0:
		return input.Errorf("sliding_window", "%d tokens, want at least 1, or null for none", *h.SlidingWindow)
	case h.MLPBias:
		return input.Errorf("mlp_bias", "true, want feed-forward layers without biases")
	case given(h.Quantization):
		return input.Errorf("quantization_config", "found %.60s, want weights in F32, F16 or BF16, or a GGUF file", h.Quantization)
	case or(h.Partial, 1) != 1:
		return input.Errorf("partial_rotary_factor", "%g, want 1: every channel rotated", *h.Partial)
	}
	for _, kind := range h.LayerTypes {
		if kind != "full_attention" && kind != "sliding_attention" {
			return input.Errorf("layer_types", "%q, want full_attention", kind)
		}
	}
	return nil
}

// sizes sets the widths and numbers of c.
func (h *hfConfig) sizes(c *Config) error {
	for _, f := range []struct {
		name  string
		value *int
		to    *int
	}{
		{"vocab_size", h.Vocab, &c.Vocab}, {"hidden_size", h.Dim, &c.Dim}, {"intermediate_size", h.Hidden, &c.Hidden},
		{"num_hidden_layers", h.Layers, &c.Layers}, {"num_attention_heads", h.Heads, &c.Heads},
		{"max_position_embeddings", h.Context, &c.Context},
	} {
		if f.value == nil {
			return input.Errorf(f.name, "missing, want a whole number")
		}
		*f.to = *f.value
	}
	c.KVHeads = or(h.KVHeads, c.Heads)
	c.HeadDim = or(h.HeadDim, c.Dim/max(c.Heads, 1))
	switch {
	case h.HeadDim == nil && c.Dim > 0 && c.Dim < c.Heads:
		return input.Errorf("hidden_size", "%d for num_attention_heads %d, want at least as much, or a head_dim", c.Dim, c.Heads)
	case c.KVHeads > 0 && c.Heads > 0 && c.Heads%c.KVHeads != 0:
		return input.Errorf("num_key_value_heads", "%d for num_attention_heads %d, want a divisor of it", c.KVHeads, c.Heads)
	}
	return nil
}

// rotation is what h says of the rotary embedding, in either of its forms.
func (h *hfConfig) rotation() *hfRope {
	return cmp.Or(h.Rope, h.RopeScaling, &hfRope{})
}

// rope reads the rotary embedding.
func (h *hfConfig) rope(context int) (Rope, error) {
	p := h.rotation()
	r := Rope{Base: or(p.Base, or(h.RopeBase, 10000)), Scaling: p.Type, Divided: p.Divided}
	if r.Scaling == "" {
		r.Scaling = p.OldType
	}
	switch {
	case or(p.Partial, 1) != 1:
		return r, input.Errorf("partial_rotary_factor", "%g, want 1: every channel rotated", *p.Partial)
	case p.PerLayer != nil:
		return r, input.Errorf("rope_parameters", "differ from layer to layer, want the same in all")
	case r.Scaling == "" || r.Scaling == "default":
		r.Scaling = ""
		return r, nil
	case p.Factor == nil:
		return r, input.Errorf("factor", "missing from rope_type %s, want a number", r.Scaling)
	}
	r.Factor = *p.Factor
	switch r.Scaling {
	case "llama3":
		r.Original, r.LowFreq, r.HighFreq = or(p.Original, context), or(p.LowFreq, 1), or(p.HighFreq, 4)
	case "yarn":
		if !or(p.Truncate, true) {
			return r, input.Errorf("truncate", "false, want true, the borders being whole pairs")
		}
		r.Original, r.BetaFast, r.BetaSlow = or(p.Original, context), or(p.BetaFast, 32), or(p.BetaSlow, 1)
		r.Attention = or(p.Attention, p.strength(r.Factor))
	}
	return r, nil
}

// strength is the attention_factor of yarn that mscale gives where it is not said.
func (p *hfRope) strength(factor float64) float64 {
	if or(p.MScale, 0) == 0 || or(p.MScaleAll, 0) == 0 {
		return yarnAttention(factor)
	}
	scaled := func(m float64) float64 { return 1 + m*(yarnAttention(factor)-1) }
	return scaled(*p.MScale) / scaled(*p.MScaleAll)
}

// hfJSON is c as a config.json.
func (c Config) hfJSON() []byte {
	eps, r := widest(c.Eps), c.Rope
	h := hfConfig{
		ModelType: string(c.Arch), Vocab: &c.Vocab, Dim: &c.Dim, Hidden: &c.Hidden, Layers: &c.Layers, Heads: &c.Heads,
		KVHeads: &c.KVHeads, HeadDim: &c.HeadDim, Context: &c.Context, Eps: &eps, Tied: c.Tied, Activation: new("silu"),
		AttnBias: c.OutBias, Memory: c.Memory, GateBias: c.GateBias,
		Rope: &hfRope{Type: "default", Base: &r.Base, Divided: r.Divided},
	}
	if a, err := c.Arch.find(); err == nil && c.QKVBias != (a.qkvBias || c.OutBias) {
		h.QKVBias = &c.QKVBias
	}
	switch r.Scaling {
	case "llama3":
		h.Rope.Original, h.Rope.LowFreq, h.Rope.HighFreq = &r.Original, &r.LowFreq, &r.HighFreq
	case "yarn":
		h.Rope.Original, h.Rope.BetaFast, h.Rope.BetaSlow, h.Rope.Attention = &r.Original, &r.BetaFast, &r.BetaSlow, &r.Attention
	}
	if r.Scaling != "" {
		h.Rope.Type, h.Rope.Factor = r.Scaling, &r.Factor
	}
	text, err := json.Marshal(h)
	if err != nil {
		panic("BUG: config is not JSON: " + err.Error())
	}
	return text
}

// widest is the shortest decimal number that is v when rounded to float32.
func widest(v float32) float64 {
	wide, err := strconv.ParseFloat(strconv.FormatFloat(float64(v), 'g', -1, 32), 64)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return wide
}

// window shortens the context of c to that within which a sliding window changes
// nothing, and says so.
func (h *hfConfig) window(c *Config) string {
	slides := h.SlidingWindow != nil && or(h.UseSlidingWindow, true)
	if !slides || *h.SlidingWindow < 1 || *h.SlidingWindow >= c.Context {
		return ""
	}
	return c.capWindow(*h.SlidingWindow)
}

// capWindow is the note of a sliding window shorter than the context.
func (c *Config) capWindow(window int) string {
	note := fmt.Sprintf("a sliding window of %d tokens is not computed: contexts end at it, not at %d, and within it nothing is different", window, c.Context)
	c.Context = window
	return note
}

// or is the value at p, or fallback where there is none.
func or[T any](p *T, fallback T) T {
	if p == nil {
		return fallback
	}
	return *p
}

// given reports whether a field stands there and is not null.
func given(field json.RawMessage) bool { return len(field) > 0 && string(field) != "null" }

// hfFields are the names that config.json has for the fields of Config.Validate.
var hfFields = map[string]string{
	"d_model": "hidden_size", "num_head": "num_attention_heads", "num_layers": "num_hidden_layers",
	"hidden": "intermediate_size", "context": "max_position_embeddings", "eps": "rms_norm_eps", "arch": "model_type",
}

// asHF is an error of Config.Validate in the words of config.json.
func asHF(err error) error {
	if name := hfFields[input.Field(err)]; name != "" {
		return renamed(err, name)
	}
	return err
}

// renamed is an error about a field that is called otherwise where it was read.
func renamed(err error, field string) error {
	var e *input.Error
	if !errors.As(err, &e) {
		return err
	}
	return input.Errorf(field, "%s", e.Problem)
}
