package model

import "kvscope/engine/ops"

// MemoryKernel writes to dst [t+1, C] how much of each token's key (or value) sits
// in the cache entry of position t, given the gates [T, C], T > t:
//
//	w(t, j, c) = (1 − g[j, c]) · Π_{m=j+1..t} g[m, c]
//
// and returns the rest, Π_{m≤t} g[m, c], the share of the zero state before the
// first token. For every channel the weights and the rest add up to one.
func MemoryKernel(dst []float32, gate ops.Matrix, t int) (rest []float32) {
	rest = make([]float32, gate.Cols)
	for c := range rest {
		rest[c] = 1
	}
	for j := t; j >= 0; j-- {
		row, out := gate.Row(j), dst[j*gate.Cols:(j+1)*gate.Cols]
		for c, g := range row {
			out[c] = (1 - g) * rest[c]
			rest[c] *= g
		}
	}
	return rest
}

// memoryShare is the share of the memory kernel that the effective length holds.
const memoryShare = 0.9

// MemoryLength is the effective memory length of one head at position t: the
// smallest n such that 90% of its kernel, averaged over the channels of gates
// [T, Dh], lies on the last n tokens. It is t+1 where the tokens hold less.
func MemoryLength(gate ops.Matrix, t int) int {
	kernel := make([]float32, (t+1)*gate.Cols)
	MemoryKernel(kernel, gate, t)
	var sum float64
	for n := 1; n <= t; n++ {
		for _, w := range kernel[(t+1-n)*gate.Cols : (t+2-n)*gate.Cols] {
			sum += float64(w)
		}
		if sum >= memoryShare*float64(gate.Cols) {
			return n
		}
	}
	return t + 1
}
