//go:build !noasm

package simd

import (
	"unsafe"

	"kvscope/engine/ops"
)

// nativeTables asks nothing of the processor: NEON is part of arm64. Every kernel is
// named, so that a new one is wired here or chosen to stay the reference.
func nativeTables() []*ops.Kernels {
	reference := ops.Reference()
	n := neon{reference: *reference}
	product := neonProduct()
	causal := n.causal(product)
	quantized := &quantizedSet{quantizedRows[uint16]{one: matVecBF16NEON}, quantizedRows[int8]{one: matVecInt8NEON}, reference}
	return []*ops.Kernels{{
		Name:       "neon",
		MatMul:     product.matMul,
		MatVec:     func(dst, w, x []float32) { n.dotRows(dst, x, w) },
		MatVecBF16: quantized.matVecBF16,
		MatVecInt8: quantized.matVecInt8,
		Blocks: map[string]ops.BlockKernels{
			"Q8_0": blockKernels("Q8_0", matVecQ8_0NEON, dequantizeQ8_0NEON),
			"Q4_0": blockKernels("Q4_0", matVecQ4_0NEON, dequantizeQ4_0NEON),
			"Q4_1": blockKernels("Q4_1", matVecQ4_1NEON, dequantizeQ4_1NEON),
			"Q4_K": blockKernels("Q4_K", matVecQ4_KNEON, dequantizeQ4_KNEON),
			"Q6_K": blockKernels("Q6_K", matVecQ6_KNEON, dequantizeQ6_KNEON),
		},
		Add:                  onGroups("Add", addNEON, reference.Add),
		RMSNorm:              n.rmsNorm,
		RMSNormBackward:      n.rmsNormBackward,
		Softmax:              n.softmax,
		SoftmaxBackward:      n.softmaxBackward,
		Sigmoid:              onGroups("Sigmoid", sigmoidNEON, reference.Sigmoid),
		SiLU:                 onGroups("SiLU", siluNEON, reference.SiLU),
		GELU:                 onGroups("GELU", geluNEON, reference.GELU),
		GELUBackward:         n.geluBackward,
		RoPE:                 n.rope,
		MemoryScan:           n.memoryScan,
		MemoryScanBackward:   n.memoryScanBackward,
		MinMax:               n.minMax,
		BoundScores:          n.boundScores,
		DotRows:              n.dotRows,
		KthLargest:           func(x []float32, k int) (float32, int) { return kthLargest(x, k, countFrom) },
		Attend:               n.attend,
		AttendCausal:         causal.attend,
		AttendCausalBackward: causal.attendBackward,
		AdamW:                n.adamW,
	}}
}

func neonProduct() *product {
	p := newProduct(8, [][2]tileFunc{
		{matMul1x8NEON, matMul1x16NEON},
		{matMul2x8NEON, matMul2x16NEON},
		{matMul3x8NEON, matMul3x16NEON},
		{matMul4x8NEON, matMul4x16NEON},
		{matMul5x8NEON, matMul5x16NEON},
		{matMul6x8NEON, matMul6x16NEON},
	}, nil, packCopy, packTranspose)
	p.wholeTiles = true
	return p
}

// packCopy copies dst[k, i] = src[k, i] for i < width and k < depth, with strides
// in bytes between rows.
func packCopy(dst *float32, dstStride uintptr, src *float32, srcStride uintptr, width, depth int) {
	to, from := unsafe.Pointer(dst), unsafe.Pointer(src)
	for k := range uintptr(depth) {
		row := unsafe.Slice((*float32)(unsafe.Add(to, k*dstStride)), width)
		copy(row, unsafe.Slice((*float32)(unsafe.Add(from, k*srcStride)), width))
	}
}

// packTranspose copies dst[k, i] = src[i, k] for i < width and k < depth, with
// strides in bytes between rows.
func packTranspose(dst *float32, dstStride uintptr, src *float32, srcStride uintptr, width, depth int) {
	step := dstStride / 4
	to := unsafe.Slice(dst, uintptr(depth-1)*step+uintptr(width))
	for i := range width {
		from := unsafe.Slice((*float32)(unsafe.Add(unsafe.Pointer(src), uintptr(i)*srcStride)), depth)
		for k, v := range from {
			to[uintptr(k)*step+uintptr(i)] = v
		}
	}
}

// neon is the kernels over rows. The assembly takes rows of whole groups of 16,
// as every model has; the reference, which rounds alike, takes the others.
type neon struct{ reference ops.Kernels }

func (n neon) dotRows(dst, q, rows []float32) {
	if len(q) == 0 || len(q)%16 != 0 || len(dst) == 0 {
		n.reference.DotRows(dst, q, rows)
		return
	}
	ops.CheckRows("DotRows", len(dst), len(q), len(rows))
	dotRowsNEON(&dst[0], &q[0], &rows[0], len(dst), len(q))
}

func (n neon) boundScores(dst, q, lo, hi []float32) {
	if len(q) == 0 || len(q)%16 != 0 || len(dst) == 0 {
		n.reference.BoundScores(dst, q, lo, hi)
		return
	}
	ops.CheckRows("BoundScores lo", len(dst), len(q), len(lo))
	ops.CheckRows("BoundScores hi", len(dst), len(q), len(hi))
	boundScoresNEON(&dst[0], &q[0], &lo[0], &hi[0], len(dst), len(q))
}

func (n neon) attend(dst, weights, q, keys, values []float32, spans []ops.Span, scale float32, queries int) {
	if d := len(q) / max(1, queries); d == 0 || d%16 != 0 {
		n.reference.Attend(dst, weights, q, keys, values, spans, scale, queries)
		return
	}
	ops.CheckAttend(dst, weights, q, keys, values, spans, queries)
	ops.EachQuery(dst, weights, q, queries, func(dst, weights, q []float32) { n.attendOne(dst, weights, q, keys, values, spans, scale) })
}

func (n neon) attendOne(dst, weights, q, keys, values []float32, spans []ops.Span, scale float32) {
	d, first := len(q), 0
	for _, span := range spans {
		n.dotRows(weights[first:first+span.Len()], q, keys[span.Start*d:span.End*d])
		first += span.Len()
	}
	n.softmax(weights, len(weights), scale)
	clear(dst)
	first = 0
	for _, span := range spans {
		weightedSumNEON(&dst[0], &weights[first], &values[span.Start*d], span.Len(), d)
		first += span.Len()
	}
}
