package model

import (
	"fmt"

	"kvscope/engine/input"
)

// Config is the shape of a model.
type Config struct {
	Arch     Arch
	Vocab    int     // V, number of tokens
	Dim      int     // D, model width
	Heads    int     // H, heads of queries
	KVHeads  int     // Hkv, heads of keys and values; H/Hkv heads of queries read one
	HeadDim  int     // Dh, size of one head
	Layers   int     // L
	Hidden   int     // width of the feed-forward layer
	Context  int     // tokens of prompt and answer the model was made for
	Rope     Rope    // rotary embedding
	Eps      float32 // of RMSNorm
	Tied     bool    // embedding and head share one matrix
	QKVBias  bool    // the projections of queries, keys and values have biases
	OutBias  bool    // the projection after attention has one
	Memory   bool    // keys and values pass an exponentially decaying memory before the rotation
	GateBias bool    // the memory's gate has a bias
	// GateApart: the gate's projection is a tensor of its own where the others are
	// stacked in one, as in older RAT+ checkpoints.
	GateApart bool
}

// Group is the number of query heads that read one head of keys and values.
func (c Config) Group() int { return c.Heads / c.KVHeads }

// QueryDim is the width of all queries together, H·Dh.
func (c Config) QueryDim() int { return c.Heads * c.HeadDim }

// KVDim is the width of all keys, or all values, together, Hkv·Dh.
func (c Config) KVDim() int { return c.KVHeads * c.HeadDim }

// mostContext is the longest context of a model, in tokens.
const mostContext = 1 << 20

// Validate reports the first field that cannot be.
func (c Config) Validate() error {
	a, err := c.Arch.find()
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name       string
		value, max int
	}{
		{"vocab_size", c.Vocab, 1 << 20}, {"d_model", c.Dim, 1 << 14}, {"num_head", c.Heads, 1 << 8},
		{"num_key_value_heads", c.KVHeads, 1 << 8}, {"head_dim", c.HeadDim, 1 << 10},
		{"num_layers", c.Layers, 1 << 8}, {"hidden", c.Hidden, 1 << 17}, {"context", c.Context, mostContext},
	} {
		if f.value < 1 || f.value > f.max {
			return input.Errorf(f.name, "%d, want 1 to %d", f.value, f.max)
		}
	}
	if a.check != nil {
		if err := a.check(c); err != nil {
			return err
		}
	}
	if c.HeadDim%2 != 0 {
		return input.Errorf("head_dim", "%d, want an even number: channels are rotated in pairs", c.HeadDim)
	}
	if c.Heads%c.KVHeads != 0 {
		return input.Errorf("num_key_value_heads", "%d for %d heads of queries, want a divisor of them", c.KVHeads, c.Heads)
	}
	if !(c.Eps >= 0 && c.Eps < 1) {
		return input.Errorf("eps", "%g, want 0 to 1", c.Eps)
	}
	if c.GateBias && !c.Memory {
		return input.Errorf("gate_bias", "only a model with memory has a gate")
	}
	return c.Rope.Validate()
}

// Kind names the architecture together with what it carries: "ratplus" for the
// paper's baseline with memory, "llama", "llama-memory".
func (c Config) Kind() string {
	switch {
	case c.Arch == Attention && c.Memory:
		return RATPlus
	case c.Memory:
		return string(c.Arch) + "-memory"
	}
	return string(c.Arch)
}

// Title is the name of the kind for people.
func (c Config) Title() string {
	a, err := c.Arch.find()
	switch {
	case err != nil:
		return string(c.Arch)
	case c.Arch == Attention && c.Memory:
		return "RAT+"
	case c.Memory:
		return a.title + " with memory"
	}
	return a.title
}

// String is a one-line description for people.
func (c Config) String() string {
	heads := fmt.Sprintf("%d heads", c.Heads)
	if c.KVHeads != c.Heads {
		heads = fmt.Sprintf("%d heads on %d of keys and values", c.Heads, c.KVHeads)
	}
	return fmt.Sprintf("%s, %d layers, %s of %d channels, %d tokens of context", c.Kind(), c.Layers, heads, c.HeadDim, c.Context)
}
