package ops

import "fmt"

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

// CheckBlocks panics unless dst [rows], w in blocks of so many values and bytes, and
// x [cols] fit together, given by their lengths.
func CheckBlocks(kernel string, rows, w, cols, values, bytes int) {
	if cols%values != 0 || rows*(cols/values)*bytes != w {
		panic(fmt.Sprintf("ops: %s of %d values for %d bytes of weights and %d inputs, blocks of %d values in %d bytes", kernel, rows, w, cols, values, bytes))
	}
}
