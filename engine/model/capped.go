package model

import (
	"slices"

	"kvscope/engine/ops"
)

// cappedMemory is the memory of one layer whose kernel ends after limit tokens. Tokens come
// in stretches of limit: the last limit tokens are then all of the present stretch, and the
// end of the one before. With s~ the memory that began with the present stretch,
//
//	k~_t = s~_t + Π g · r_i,   Π over the gates of the present stretch up to t
//
// where r_i is the memory that the stretch before left at its end, had it begun at its
// token i, the first that is not out of reach. So a token costs the same for any limit,
// and nothing is taken back from a sum, which would leave its rounding behind.
type cappedMemory struct {
	gate, key, value   []float32 // of the present stretch as projected, [n, C]
	sumKey, sumValue   []float32 // its memory s~, [C]
	shut               []float32 // the product of its gates, [C]
	pastKey, pastValue []float32 // r of the stretch before, [limit, C]; empty in the first
}

// clone is a copy that goes its own way.
func (c *cappedMemory) clone() cappedMemory {
	return cappedMemory{
		slices.Clone(c.gate), slices.Clone(c.key), slices.Clone(c.value),
		slices.Clone(c.sumKey), slices.Clone(c.sumValue), slices.Clone(c.shut),
		slices.Clone(c.pastKey), slices.Clone(c.pastValue),
	}
}

// floats is how many numbers c holds.
func (c *cappedMemory) floats() int {
	return rowFloats([][]float32{c.gate, c.key, c.value, c.sumKey, c.sumValue, c.shut, c.pastKey, c.pastValue})
}

// scan replaces key and value [T, C] by their memories of the last limit tokens.
func (c *cappedMemory) scan(k *ops.Kernels, limit int, gate, key, value ops.Matrix) {
	for from := 0; from < gate.Rows; {
		if c.shut == nil {
			c.begin(gate.Cols)
		}
		to := from + min(gate.Rows-from, limit-len(c.gate)/gate.Cols)
		part := func(m ops.Matrix) ops.Matrix { return m.Slice(from, to, 0, m.Cols) }
		c.extend(k, part(gate), part(key), part(value))
		if len(c.gate)/gate.Cols == limit {
			c.end(gate.Cols)
		}
		from = to
	}
}

// begin starts a stretch of n channels.
func (c *cappedMemory) begin(n int) {
	c.sumKey, c.sumValue, c.shut = make([]float32, n), make([]float32, n), make([]float32, n)
	for i := range c.shut {
		c.shut[i] = 1
	}
}

// extend is scan within a stretch.
func (c *cappedMemory) extend(k *ops.Kernels, gate, key, value ops.Matrix) {
	n := gate.Cols
	for t := range gate.Rows {
		c.gate = append(c.gate, gate.Row(t)...)
		c.key = append(c.key, key.Row(t)...)
		c.value = append(c.value, value.Row(t)...)
	}
	k.MemoryScan(key, c.sumKey, gate, key)
	k.MemoryScan(value, c.sumValue, gate, value)
	if len(c.pastKey) == 0 {
		return
	}
	first := len(c.gate)/n - gate.Rows
	for t := range gate.Rows {
		for i, g := range gate.Row(t) {
			c.shut[i] *= g
		}
		if at := (first + t + 1) * n; at < len(c.pastKey) {
			addScaled(key.Row(t), c.shut, c.pastKey[at:at+n])
			addScaled(value.Row(t), c.shut, c.pastValue[at:at+n])
		}
	}
}

// addScaled adds w·x to dst, by channel.
func addScaled(dst, w, x []float32) {
	for i := range dst {
		dst[i] += float32(w[i] * x[i])
	}
}

// end makes a full stretch of n channels the one before: from its last token back to its
// first, r_i = r_i+1 + Π g_j>i · (1 − g_i)·k_i.
func (c *cappedMemory) end(n int) {
	rest, sumKey, sumValue := make([]float32, n), make([]float32, n), make([]float32, n)
	for i := range rest {
		rest[i] = 1
	}
	for at := len(c.gate) - n; at >= 0; at -= n {
		gate, key, value := c.gate[at:at+n], c.key[at:at+n], c.value[at:at+n]
		for i, g := range gate {
			w := float32((1 - g) * rest[i])
			sumKey[i] += float32(w * key[i])
			sumValue[i] += float32(w * value[i])
			rest[i] *= g
		}
		copy(key, sumKey)
		copy(value, sumValue)
	}
	c.key, c.pastKey = c.pastKey[:0], c.key
	c.value, c.pastValue = c.pastValue[:0], c.value
	c.gate, c.shut = c.gate[:0], nil
}
