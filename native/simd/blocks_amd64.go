//go:build !noasm

package simd

import "kvscope/engine/ops"

// blockKernels are the kernels of a format by its name.
func blockKernels(format string, matVec func(dst *float32, w *byte, x *float32, rows, cols int), dequantize func(dst *float32, w *byte, n int)) ops.BlockKernels {
	return ops.NewBlockKernels(format,
		func(dst []float32, w []byte, x []float32) { matVec(at(dst), &w[0], at(x), len(dst), len(x)) },
		func(dst []float32, w []byte) { dequantize(at(dst), &w[0], len(dst)) },
	)
}
