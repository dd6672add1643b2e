package model

import "kvscope/engine/input"

// Attention is the paper's baseline (arXiv:2605.28640), with memory RAT+
// (arXiv:2602.18196): norms before, the parts o, q, k, v (, g) of the input
// projection in one matrix, an output gate, and a feed-forward layer with GELU. Names
// are those of the public RAT+ checkpoints.
const Attention Arch = "attention"

var attention = architecture{
	id: Attention, title: "Attention", outputGate: true,
	embedding:   names{own: "embedding.wte.weight"},
	finalNorm:   names{own: "backbone.ln.weight"},
	head:        names{own: "head.lm_head.weight"},
	layerPrefix: "backbone.layers.%d.",
	layer: func(c Config, l *Layer) []tensor {
		rows := c.Parts() * c.Dim
		if c.GateApart {
			rows -= c.Dim
		}
		ts := []tensor{
			vector("seq_layer.input_norm.weight", "", c.Dim, &l.InputNorm),
			matrix("seq_layer.in_proj.weight", "", rows, c.Dim, &l.In),
		}
		if c.GateApart {
			ts = append(ts, matrix("seq_layer.fgate_proj.weight", "", c.Dim, c.Dim, &l.Gate))
		}
		if c.GateBias {
			ts = append(ts, vector("seq_layer.gate_bias", "", c.Dim, &l.GateBias))
		}
		return append(ts,
			matrix("seq_layer.out_proj.weight", "", c.Dim, c.Dim, &l.Out),
			vector("hidden_layer.ln.weight", "", c.Dim, &l.HiddenNorm),
			matrix("hidden_layer.fc1.weight", "", c.Hidden, c.Dim, &l.Up),
			matrix("hidden_layer.fc2.weight", "", c.Dim, c.Hidden, &l.Down),
		)
	},
	check: func(c Config) error {
		if c.KVHeads != c.Heads || c.Heads*c.HeadDim != c.Dim {
			return input.Errorf("num_head", "%d heads of %d channels on %d of keys and values, want one of each, that fill the width of %d", c.Heads, c.HeadDim, c.KVHeads, c.Dim)
		}
		return nil
	},
}

// The parts of the Attention architecture's input projection, [Parts*D, D], in their order:
// the output gate o, queries, keys, values, and with memory its gate g.
const (
	PartOutput = iota
	PartQuery
	PartKey
	PartValue
	PartGate
)

// Parts is the number of D-wide parts of the Attention architecture's input
// projection.
func (c Config) Parts() int {
	if c.Memory {
		return PartGate + 1
	}
	return PartGate
}
