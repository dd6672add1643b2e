package run

import (
	"slices"

	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/trace"
)

// gates are the memory gates of a run, [L][T, Hkv*Dh]; none of a model without memory.
type gates struct {
	config model.Config
	rows   [][]float32
}

func newGates(c model.Config) *gates { return &gates{config: c, rows: make([][]float32, c.Layers)} }

// tap is a model.Options.Tap.
func (g *gates) tap(layer int, name string, data ops.Matrix) {
	if name != "gate" {
		return
	}
	for t := range data.Rows {
		g.rows[layer] = append(g.rows[layer], data.Row(t)...)
	}
}

// before are the gates of the first n tokens.
func (g *gates) before(n int) *gates {
	out := newGates(g.config)
	for l, rows := range g.rows {
		out.rows[l] = slices.Clone(rows[:min(len(rows), n*g.config.KVDim())])
	}
	return out
}

// bytes is the memory that g holds.
func (g *gates) bytes() int {
	n := 0
	for _, rows := range g.rows {
		n += 4 * cap(rows)
	}
	return n
}

// head is the gates [T, Dh] that a head of queries reads through, nil without a memory.
func (g *gates) head(layer, head int) *ops.Matrix {
	d, dh := g.config.KVDim(), g.config.HeadDim
	head /= g.config.Group()
	if len(g.rows[layer]) == 0 {
		return nil
	}
	all := ops.Dense(g.rows[layer], len(g.rows[layer])/d, d)
	one := all.Slice(0, all.Rows, head*dh, (head+1)*dh)
	return &one
}

// lengths fills in the effective memory length of every head at a position.
func (g *gates) lengths(hits []trace.Hit, position int) {
	for i := range hits {
		if gate := g.head(hits[i].Layer, hits[i].Head); gate != nil {
			hits[i].MemoryLength = model.MemoryLength(*gate, position)
		}
	}
}
