package model

import (
	"math"
	"math/rand/v2"
	"testing"

	"kvscope/engine/ops"
)

func randomGates(rng *rand.Rand, rows, cols int) ops.Matrix {
	g := make([]float32, rows*cols)
	for i := range g {
		g[i] = rng.Float32()
	}
	return ops.Dense(g, rows, cols)
}

// TestMemoryKernel: the kernel and its rest add up to one, and weighting the
// tokens with it is what the recurrent scan computes, both against float64.
func TestMemoryKernel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const rows, cols = 60, 7
	gate := randomGates(rng, rows, cols)
	x := make([]float32, rows*cols)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	scanned := make([]float32, rows*cols)
	ops.Reference().MemoryScan(ops.Dense(scanned, rows, cols), make([]float32, cols), gate, ops.Dense(x, rows, cols))
	state := make([]float64, cols)
	for at := range rows {
		kernel := make([]float32, (at+1)*cols)
		rest := MemoryKernel(kernel, gate, at)
		for c := range cols {
			g := float64(gate.Row(at)[c])
			state[c] = g*state[c] + (1-g)*float64(x[at*cols+c])
			sum, weighted := float64(rest[c]), 0.0
			for j := range at + 1 {
				sum += float64(kernel[j*cols+c])
				weighted += float64(kernel[j*cols+c]) * float64(x[j*cols+c])
			}
			if math.Abs(sum-1) > 1e-6 {
				t.Fatalf("position %d channel %d: weights sum to %g", at, c, sum)
			}
			if math.Abs(weighted-state[c]) > 1e-5 || math.Abs(float64(scanned[at*cols+c])-state[c]) > 1e-5 {
				t.Fatalf("position %d channel %d: kernel %g, scan %g, float64 loop %g", at, c, weighted, scanned[at*cols+c], state[c])
			}
		}
	}
}

func TestMemoryLength(t *testing.T) {
	constant := func(g float32) ops.Matrix {
		m := ops.Dense(make([]float32, 200*4), 200, 4)
		for i := range m.Data {
			m.Data[i] = g
		}
		return m
	}
	// With one gate for all, the last n tokens hold 1 − gⁿ.
	for _, tc := range []struct {
		gate float32
		want int
	}{{0, 1}, {0.5, 4}, {0.9, 22}, {1, 200}} {
		if got := MemoryLength(constant(tc.gate), 199); got != tc.want {
			t.Errorf("gate %g: length %d, want %d", tc.gate, got, tc.want)
		}
	}
}
