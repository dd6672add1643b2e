package simd

import (
	"unsafe"

	"kvscope/engine/ops"
)

// blockKernels are the kernels of a format by its name.
func blockKernels(format string, dots func(dst, w, x unsafe.Pointer, n, d uint32), widen func(dst, w unsafe.Pointer, n uint32)) ops.BlockKernels {
	return ops.NewBlockKernels(format,
		func(dst []float32, w []byte, x []float32) {
			dots(at(dst), unsafe.Pointer(&w[0]), at(x), uint32(len(dst)), uint32(len(x)))
		},
		func(dst []float32, w []byte) { widen(at(dst), unsafe.Pointer(&w[0]), uint32(len(dst))) },
	)
}
