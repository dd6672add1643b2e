//go:build !noasm

package simd

import (
	"kvscope/engine/ops"
	"kvscope/engine/ops/quant"
)

// blockSet is the assembly for the blocks of one format.
type blockSet struct {
	matVec     func(dst *float32, w *byte, x *float32, rows, cols int)
	dequantize func(dst *float32, w *byte, n int)
}

// blockKernels are the kernels of formats by their names.
func blockKernels(sets map[string]blockSet) map[string]ops.BlockKernels {
	out := map[string]ops.BlockKernels{}
	for name, s := range sets {
		out[name] = s.of(quant.ByName(name))
	}
	return out
}

// of are the kernels of s, which is of format f.
func (s blockSet) of(f *quant.Format) ops.BlockKernels {
	return ops.BlockKernels{
		MatVec: func(dst []float32, w []byte, x []float32) {
			ops.CheckBlocks("MatVec of "+f.Name, len(dst), len(w), len(x), f.Len, f.Bytes)
			if len(w) == 0 {
				clear(dst)
				return
			}
			s.matVec(at(dst), &w[0], at(x), len(dst), len(x))
		},
		Dequantize: func(dst []float32, w []byte) {
			ops.CheckBlocks("Dequantize of "+f.Name, 1, len(w), len(dst), f.Len, f.Bytes)
			if len(w) > 0 {
				s.dequantize(at(dst), &w[0], len(dst))
			}
		},
	}
}
