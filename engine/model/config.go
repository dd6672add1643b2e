// Package model runs the two backbones of the paper, attention and RAT+, token by
// token over a KV cache. Where attention reads, an injected selection method says
// which positions; what it read is handed to an observer as it happens.
package model

import (
	"fmt"

	"kvscope/engine/input"
)

// Arch names a backbone.
type Arch string

// The backbones.
const (
	Attention Arch = "attention" // softmax attention over keys and values as projected
	RATPlus   Arch = "ratplus"   // keys and values pass an exponentially decaying memory first
)

// Config is the shape of a model.
type Config struct {
	Arch     Arch
	Vocab    int     // V, number of tokens
	Dim      int     // D, model width
	Heads    int     // H; the head size is Dim/Heads
	Layers   int     // L
	Hidden   int     // width of the feed-forward layer
	Context  int     // tokens of prompt and answer the model was made for
	RopeBase float64 // base of the rotary embedding
	Eps      float32 // of RMSNorm
	Tied     bool    // embedding and head share one matrix
	GateBias bool    // the memory gate has a bias (RAT+ only)
}

// HeadDim is Dh, the size of one head.
func (c Config) HeadDim() int { return c.Dim / c.Heads }

// Parts is the number of D-wide parts of the input projection: o, q, k, v and,
// with memory, the gate g.
func (c Config) Parts() int {
	if c.Arch == RATPlus {
		return 5
	}
	return 4
}

// Validate reports the first field that cannot be.
func (c Config) Validate() error {
	if c.Arch != Attention && c.Arch != RATPlus {
		return input.Errorf("arch", "%q, want attention or ratplus", c.Arch)
	}
	for _, f := range []struct {
		name       string
		value, max int
	}{
		{"vocab_size", c.Vocab, 1 << 20}, {"d_model", c.Dim, 1 << 14}, {"num_head", c.Heads, 1 << 8},
		{"num_layers", c.Layers, 1 << 8}, {"hidden", c.Hidden, 1 << 17}, {"context", c.Context, 1 << 20},
	} {
		if f.value < 1 || f.value > f.max {
			return input.Errorf(f.name, "%d, want 1 to %d", f.value, f.max)
		}
	}
	if c.Dim%(2*c.Heads) != 0 {
		return input.Errorf("num_head", "%d heads of a model of width %d: the head size must be an even whole number", c.Heads, c.Dim)
	}
	if !(c.RopeBase > 1) {
		return input.Errorf("rope_base", "%g, want more than 1", c.RopeBase)
	}
	if !(c.Eps >= 0 && c.Eps < 1) {
		return input.Errorf("eps", "%g, want 0 to 1", c.Eps)
	}
	if c.GateBias && c.Arch != RATPlus {
		return input.Errorf("gate_bias", "only a ratplus model has a memory gate")
	}
	return nil
}

// String is a one-line description for people.
func (c Config) String() string {
	return fmt.Sprintf("%s, %d layers of %d heads of %d, %d tokens of context", c.Arch, c.Layers, c.Heads, c.HeadDim(), c.Context)
}
