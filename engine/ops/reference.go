package ops

// Reference returns the portable table: plain Go, correct everywhere, and quick
// enough to be the only table of the browser. Every other table is held to it.
func Reference() *Kernels {
	return &Kernels{
		Name:                 "go",
		MatMul:               matMul,
		MatVec:               func(dst, w, x []float32) { dotRows(dst, x, w) },
		MatVecBF16:           matVecBF16,
		MatVecInt8:           matVecInt8,
		Blocks:               referenceBlocks(),
		Add:                  add,
		RMSNorm:              rmsNorm,
		RMSNormBackward:      rmsNormBackward,
		Softmax:              softmax,
		SoftmaxBackward:      softmaxBackward,
		Sigmoid:              sigmoid,
		SiLU:                 silu,
		GELU:                 gelu,
		GELUBackward:         geluBackward,
		RoPE:                 rope,
		MemoryScan:           memoryScan,
		MemoryScanBackward:   memoryScanBackward,
		MinMax:               minMax,
		BoundScores:          boundScores,
		DotRows:              dotRows,
		KthLargest:           KthLargest,
		Attend:               attend,
		AttendCausal:         attendCausal,
		AttendCausalBackward: attendCausalBackward,
		AdamW:                adamW,
	}
}
