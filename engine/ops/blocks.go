package ops

import "kvscope/engine/ops/quant"

// BlockKernels are the kernels of a format of package quant, which compute with its blocks
// as they lie in a file.
type BlockKernels struct {
	// MatVec computes dst[r] = Σ_c w[r, c]·x[c] for w [len(dst), K], whose rows are whole
	// blocks, x standing for [K] values. Parts of 32 values, w = a·q + b and x = e·n with
	// whole numbers q and n, go to eight sums and one:
	//	s[l] += (a·e)·Σ_i q[i]·n[i], i one of 2l, 2l+1, 16+2l, 17+2l; less += b·(e·Σ n)
	// in float32, every product rounded; then dst = fold(s) + less, l folded with l+4,
	// l+2, l+1. Formats that are fine add to Σ q·n that of the rests, over 32768. The bits
	// are the same on every table.
	MatVec func(dst []float32, w []byte, x Rounded)

	// Dequantize writes the values of the blocks of w to dst, with the bits of
	// quant.Format.Dequantize.
	Dequantize func(dst []float32, w []byte)
}

// NewBlockKernels are kernels of the format of that name, which hand on what fits together
// and is not empty, and panic on what does not fit.
func NewBlockKernels(format string, matVec func(dst []float32, w []byte, x Rounded), dequantize func(dst []float32, w []byte)) BlockKernels {
	f := quant.ByName(format)
	return BlockKernels{
		MatVec: func(dst []float32, w []byte, x Rounded) {
			checkBlocks("MatVec", f, len(dst), x.Len(), len(w))
			if len(w) == 0 {
				clear(dst)
				return
			}
			matVec(dst, w, x)
		},
		Dequantize: func(dst []float32, w []byte) {
			checkBlocks("Dequantize", f, 1, len(dst), len(w))
			if len(w) > 0 {
				dequantize(dst, w)
			}
		},
	}
}
