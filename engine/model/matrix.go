package model

import (
	"fmt"

	"kvscope/engine/ops"
)

// matrix is a weight matrix [outputs, inputs] in one of its forms.
type matrix struct {
	f32 []float32
	Compact
}

// check holds the matrix called name to its shape.
func (m matrix) check(name string, shape []int) error {
	n, scales := len(m.f32), 0
	switch {
	case m.BF16 != nil:
		n = len(m.BF16)
	case m.Int8 != nil:
		n, scales = len(m.Int8), shape[0]
	}
	if n != size(shape) || len(m.Scale) != scales {
		return fmt.Errorf("model: %s holds %d values and %d scales, its shape %v wants %d and %d",
			name, n, len(m.Scale), shape, size(shape), scales)
	}
	return nil
}

// bytes is the size of n elements.
func (m matrix) bytes(n int) int {
	switch {
	case m.BF16 != nil:
		return 2 * n
	case m.Int8 != nil:
		return n
	}
	return 4 * n
}

// slice is rows [lo, hi) of a matrix with the given number of inputs.
func (m matrix) slice(lo, hi, inputs int) matrix {
	switch {
	case m.BF16 != nil:
		return matrix{Compact: Compact{BF16: m.BF16[lo*inputs : hi*inputs]}}
	case m.Int8 != nil:
		return matrix{Compact: Compact{Int8: m.Int8[lo*inputs : hi*inputs], Scale: m.Scale[lo:hi]}}
	}
	return matrix{f32: m.f32[lo*inputs : hi*inputs]}
}

// copyRow writes row r to dst, as float32.
func (m matrix) copyRow(dst []float32, r int) {
	row := m.slice(r, r+1, len(dst))
	copy(dst, row.f32)
	row.Widen(dst, len(dst))
}

// few computes dst [T, out] = x [T, in] · wᵀ for one token, or for several when w is
// compact.
func (m *Model) few(dst []float32, w matrix, x []float32, tokens int) {
	switch {
	case w.BF16 != nil:
		m.kernels.MatVecBF16(dst, w.BF16, x, tokens)
	case w.Int8 != nil:
		m.kernels.MatVecInt8(dst, w.Int8, w.Scale, x, tokens)
	default:
		m.kernels.MatVec(dst, w.f32, x)
	}
}

// fewTokens is the largest number of tokens whose product with a compact matrix is
// made without widening it.
const fewTokens = 8

// project computes dst [T, out] = x [T, in] · wᵀ for w [out, in], the outputs shared
// among the cores.
func (m *Model) project(dst []float32, w matrix, x []float32, rows int) {
	in, out := len(x)/rows, len(dst)/rows
	bytes, compact := w.bytes(in*out), w.f32 == nil
	switch {
	case rows == 1 && parts(out, bytes) == 1:
		m.few(dst, w, x, 1) // of a small model, whose time a closure would show in
	case rows == 1:
		share(out, bytes, func(_, lo, hi int) { m.few(dst[lo:hi], w.slice(lo, hi, in), x, 1) })
	case compact && rows <= fewTokens:
		m.few(dst, w, x, rows)
	default:
		// Arithmetic takes longer than memory here.
		share(out, bytes*rows/4, func(_, lo, hi int) { m.wide(dst, w, x, rows, lo, hi) })
	}
}

// tile is the number of outputs of a compact matrix that are widened at a time.
const tile = 256

// wide computes outputs [lo, hi) of project by a matrix product.
func (m *Model) wide(dst []float32, w matrix, x []float32, rows, lo, hi int) {
	in, out := len(x)/rows, len(dst)/rows
	step := hi - lo
	var widened []float32
	if w.f32 == nil {
		step = min(step, tile)
		widened = make([]float32, step*in)
	}
	for ; lo < hi; lo += step {
		end := min(lo+step, hi)
		part := w.slice(lo, end, in)
		if w.f32 == nil {
			part.f32 = widened[:(end-lo)*in]
			part.Widen(part.f32, in)
		}
		m.kernels.MatMul(ops.Dense(dst, rows, out).Slice(0, rows, lo, end), ops.Dense(x, rows, in),
			ops.Dense(part.f32, end-lo, in).T(), false)
	}
}
