package ops

import (
	"fmt"

	"kvscope/engine/ops/quant"
)

// BlockKernels are the kernels of a format of package quant, which compute with its blocks
// as they lie in a file.
type BlockKernels struct {
	// MatVec computes dst[r] = Σ_c w[r, c]·x[c] for w [len(dst), len(x)], whose rows are
	// whole blocks. The bits are those of Kernels.MatVec on the widened w.
	MatVec func(dst []float32, w []byte, x []float32)

	// Dequantize writes the values of the blocks of w to dst, with the bits of
	// quant.Format.Dequantize.
	Dequantize func(dst []float32, w []byte)
}

// NewBlockKernels are kernels of the format of that name, which hand on what fits together
// and is not empty, and panic on what does not fit.
func NewBlockKernels(format string, matVec func(dst []float32, w []byte, x []float32), dequantize func(dst []float32, w []byte)) BlockKernels {
	f := quant.ByName(format)
	check := func(kernel string, rows, cols, w int) {
		if cols%f.Len != 0 || rows*(cols/f.Len)*f.Bytes != w {
			panic(fmt.Sprintf("ops: %s of %d rows of %d values for %d bytes of %s, whose blocks hold %d in %d", kernel, rows, cols, w, f.Name, f.Len, f.Bytes))
		}
	}
	return BlockKernels{
		MatVec: func(dst []float32, w []byte, x []float32) {
			check("MatVec", len(dst), len(x), len(w))
			if len(w) == 0 {
				clear(dst)
				return
			}
			matVec(dst, w, x)
		},
		Dequantize: func(dst []float32, w []byte) {
			check("Dequantize", 1, len(dst), len(w))
			if len(w) > 0 {
				dequantize(dst, w)
			}
		},
	}
}
