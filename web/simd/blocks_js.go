package simd

import (
	"unsafe"

	"kvscope/engine/ops"
)

// blockKernels are the kernels of a format by its name. Products are given the parts of
// activations as they lie.
func blockKernels(format string, dots func(dst, w, x unsafe.Pointer, n, d uint32), widen func(dst, w unsafe.Pointer, n uint32)) ops.BlockKernels {
	return ops.NewBlockKernels(format,
		func(dst []float32, w []byte, x ops.Rounded) {
			dots(at(dst), unsafe.Pointer(&w[0]), unsafe.Pointer(&x[0]), uint32(len(dst)), uint32(x.Len()))
		},
		func(dst []float32, w []byte) { widen(at(dst), unsafe.Pointer(&w[0]), uint32(len(dst))) },
	)
}
