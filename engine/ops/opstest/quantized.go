package opstest

import (
	"math"

	"kvscope/engine/ops"
)

// quantizedTokens are the batches that products with few rows meet.
var quantizedTokens = []int{1, 2, 3, 4, 5, 8, 9}

func testMatVecBF16(s *suite) {
	quantizedProducts(s, func(rows, n int) (wide, scale []float32, call func(k *ops.Kernels, dst, x []float32, tokens int)) {
		w, wide := fenced(rows*n, uint16(0x7fc0)), make([]float32, rows*n)
		for i, v := range s.normal(rows * n) {
			w[i] = uint16(math.Float32bits(v) >> 16)
			wide[i] = ops.Bfloat(w[i])
		}
		return wide, nil, func(k *ops.Kernels, dst, x []float32, tokens int) { k.MatVecBF16(dst, w, x, tokens) }
	})
}

func testMatVecInt8(s *suite) {
	quantizedProducts(s, func(rows, n int) (wide, scale []float32, call func(k *ops.Kernels, dst, x []float32, tokens int)) {
		w, wide := fenced(rows*n, int8(100)), make([]float32, rows*n)
		for i := range w {
			w[i] = int8(s.rand.IntN(256) - 128)
			wide[i] = float32(w[i])
		}
		scale = s.uniform(rows, 0.001, 0.1)
		return wide, scale, func(k *ops.Kernels, dst, x []float32, tokens int) { k.MatVecInt8(dst, w, scale, x, tokens) }
	})
}

// fenced returns n values in front of some that would show in a sum.
func fenced[T any](n int, fence T) []T {
	all := make([]T, n+64)
	for i := range all {
		all[i] = fence
	}
	return all[:n:n]
}

// quantizedProducts holds the products of a quantized matrix to the float64 formula,
// and each token's to the bits of MatVec on the widened matrix.
func quantizedProducts(s *suite, matrix func(rows, n int) (wide, scale []float32, call func(k *ops.Kernels, dst, x []float32, tokens int))) {
	for _, n := range append(lengths(), 16*7, 256) {
		for i, rows := range []int{0, 1, 2, 3, 4, 5, 7, 8, 11} {
			tokens := quantizedTokens[(n+i)%len(quantizedTokens)]
			wide, scale, call := matrix(rows, n)
			v := s.same(func(k *ops.Kernels, v [][]float32) { call(k, v[0], v[1], tokens) },
				s.normal(tokens*rows), s.normal(tokens*n))
			for t := range tokens {
				x, got, plain := v[1][t*n:][:n], v[0][t*rows:][:rows], make([]float32, rows)
				s.reference.MatVec(plain, wide, x)
				for r := range rows {
					want, size := dot64(x, wide[r*n:][:n])
					if scale != nil {
						plain[r] *= scale[r]
						want, size = want*float64(scale[r]), size*float64(scale[r])
					}
					s.near("row", r, got[r], want, size*float64(n+2)*unit)
					if !equalBits(got[r], plain[r]) {
						s.Fatalf("%d x %d, token %d of %d: row %d is %v, of the widened matrix %v", rows, n, t, tokens, r, got[r], plain[r])
					}
				}
			}
		}
	}
}
