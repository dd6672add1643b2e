//go:build !noasm && (amd64 || arm64)

package simd

import "kvscope/engine/ops"

// blockKernels are the kernels of a format by its name. Products are given the parts of
// activations as they lie.
func blockKernels(format string, matVec func(dst *float32, w *byte, x *float32, rows, cols int), dequantize func(dst *float32, w *byte, n int)) ops.BlockKernels {
	return ops.NewBlockKernels(format,
		func(dst []float32, w []byte, x ops.Rounded) {
			if len(dst) > 0 {
				matVec(&dst[0], &w[0], &x[0].Scale, len(dst), x.Len())
			}
		},
		func(dst []float32, w []byte) { dequantize(at(dst), &w[0], len(dst)) },
	)
}
