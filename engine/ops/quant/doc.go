// Package quant widens the formats that weights are stored in, block by block, to
// float32: the half floats of checkpoints and the quantised blocks of GGUF files
// (ggml's ggml-common.h and ggml-quants.c define them).
//
//	f := quant.ByName("Q4_K")
//	f.Dequantize(row, blocks) // len(row) values from len(row)/f.Len blocks
//
// A row of a matrix is a whole number of blocks, and every block stands for itself.
package quant
