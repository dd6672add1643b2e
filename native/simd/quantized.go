//go:build !noasm && (amd64 || arm64)

package simd

import "kvscope/engine/ops"

// quantizedRows is the assembly for matrices of one quantized form: for one token, and
// for four at once where there is such a thing.
type quantizedRows[T uint16 | int8] struct {
	one, four func(dst *float32, w *T, x *float32, rows, cols int)
}

// product computes dst[t, r] = Σ_c w[r, c]·x[t, c] for cols, a positive multiple of
// 16, and rows > 0.
func (c quantizedRows[T]) product(dst []float32, w []T, x []float32, tokens, rows, cols int) {
	t := 0
	for ; c.four != nil && t+4 <= tokens; t += 4 {
		c.four(&dst[t*rows], &w[0], &x[t*cols], rows, cols)
	}
	for ; t < tokens; t++ {
		c.one(&dst[t*rows], &w[0], &x[t*cols], rows, cols)
	}
}

// quantizedSet is the kernels for matrices kept in fewer bits.
type quantizedSet struct {
	bf16      quantizedRows[uint16]
	int8      quantizedRows[int8]
	reference *ops.Kernels
}

// whole reports whether the assembly takes a matrix of that shape. The reference,
// which rounds alike, takes the others; models have none.
func whole(rows, cols int) bool { return rows > 0 && cols > 0 && cols%16 == 0 }

func (s *quantizedSet) matVecBF16(dst []float32, w []uint16, x []float32, tokens int) {
	rows, cols := ops.CheckQuantized("MatVecBF16", len(dst), len(w), len(x), tokens)
	if !whole(rows, cols) {
		s.reference.MatVecBF16(dst, w, x, tokens)
		return
	}
	s.bf16.product(dst, w, x, tokens, rows, cols)
}

func (s *quantizedSet) matVecInt8(dst []float32, w []int8, scale, x []float32, tokens int) {
	rows, cols := ops.CheckQuantized("MatVecInt8", len(dst), len(w), len(x), tokens)
	if !whole(rows, cols) {
		s.reference.MatVecInt8(dst, w, scale, x, tokens)
		return
	}
	ops.CheckSame("MatVecInt8 scale and rows", len(scale), rows)
	s.int8.product(dst, w, x, tokens, rows, cols)
	for ; len(dst) > 0; dst = dst[rows:] {
		for r, factor := range scale {
			dst[r] *= factor
		}
	}
}
