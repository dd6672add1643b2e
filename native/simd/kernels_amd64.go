//go:build !noasm

package simd

import (
	"math"
	"unsafe"

	"kvscope/engine/ops"
)

// set is the assembly of one instruction set. Its methods are the kernels: they
// check shapes, for nothing below does, and round as ops.Reference does.
type set struct {
	name      string
	product   *product
	quantized *quantizedSet
	blocks    map[string]ops.BlockKernels // by format

	add, sigmoid, silu, gelu func(dst, x *float32, n int)
	geluBackward             func(dx, dy, x *float32, n int)
	rope                     func(x, cos, sin *float32, rows, half int)
	dot                      func(x, y *float32, n int) float32
	dot3                     func(x, y, z *float32, n int) float32
	dotRowsOf                func(dst, q, rows *float32, n, cols int, ahead uintptr)
	boundScoresOf            func(dst, q, lo, hi *float32, n, cols int, ahead uintptr)
	countFrom                func(x *float32, n int, least float32) int
	minMaxOf                 func(lo, hi, rows *float32, n, cols int)
	weightedSum              func(dst, weights, rows *float32, n, cols int, ahead uintptr)
	softmaxRows              func(x *float32, rows, cols int, scale float32)
	softmaxBackRows          func(dp, prob *float32, rows, cols int, scale float32)
	softmaxStep              func(scores *float32, stride uintptr, rows, cols int, by float32, top, total, shrink *float32)
	softmaxSlope             func(scores, dp *float32, stride uintptr, rows, cols int, by float32, logSum, delta *float32)
	scaleRows                func(x *float32, stride uintptr, rows, cols int, by *float32)
	normRow                  func(dst, x, weight *float32, n int, inv float32)
	normBackwardRow          func(dx, dweight, dy, x, weight *float32, n int, inv, pull float32)
	adamWOf                  func(param, m, v, grad *float32, n int, gradScale, beta1, rest1, beta2, rest2, correction1, correction2, eps, decay, lr float32)
	scan                     func(dst *float32, dstStride uintptr, state, gate *float32, gateStride uintptr, x *float32, xStride uintptr, steps, cols int)
	scanBackward             func(dx *float32, dxStride uintptr, dgate *float32, dgateStride uintptr, dy *float32, dyStride uintptr, y *float32, yStride uintptr, gate *float32, gateStride uintptr, x *float32, xStride uintptr, steps, cols int)
}

func (s *set) table() *ops.Kernels {
	c := s.causal(s.product)
	return &ops.Kernels{
		Name:                 s.name,
		MatMul:               s.product.matMul,
		MatVec:               func(dst, w, x []float32) { s.dotRows(dst, x, w) },
		MatVecBF16:           s.quantized.matVecBF16,
		MatVecInt8:           s.quantized.matVecInt8,
		Blocks:               s.blocks,
		Add:                  s.addTo,
		RMSNorm:              s.rmsNorm,
		RMSNormBackward:      s.rmsNormBackward,
		Softmax:              s.softmax,
		SoftmaxBackward:      s.softmaxBackward,
		Sigmoid:              func(dst, x []float32) { each(s.sigmoid, "Sigmoid", dst, x) },
		SiLU:                 func(dst, x []float32) { each(s.silu, "SiLU", dst, x) },
		GELU:                 func(dst, x []float32) { each(s.gelu, "GELU", dst, x) },
		GELUBackward:         s.geluGradient,
		RoPE:                 s.rotate,
		MemoryScan:           s.memoryScan,
		MemoryScanBackward:   s.memoryScanBackward,
		MinMax:               s.minMax,
		BoundScores:          s.boundScores,
		DotRows:              s.dotRows,
		KthLargest:           s.kthLargest,
		Attend:               s.attend,
		AttendCausal:         c.attend,
		AttendCausalBackward: c.attendBackward,
		AdamW:                s.adamW,
	}
}

// causal is attention of many queries by products of p.
func (s *set) causal(p multiplier) *causal {
	c := newCausal(p)
	c.step, c.slope, c.scale, c.dot, c.unit = s.softmaxStep, s.softmaxSlope, s.scaleRows, s.dot, math.Log2E
	return c
}

func each(kernel func(dst, x *float32, n int), name string, dst, x []float32) {
	ops.CheckSame(name, len(dst), len(x))
	kernel(at(dst), at(x), len(x))
}

func (s *set) addTo(dst, x []float32) { each(s.add, "Add", dst, x) }

func (s *set) geluGradient(dx, dy, x []float32) {
	ops.CheckSame("GELUBackward dx and x", len(dx), len(x))
	ops.CheckSame("GELUBackward dy and x", len(dy), len(x))
	s.geluBackward(at(dx), at(dy), at(x), len(x))
}

func (s *set) rotate(x, cos, sin []float32) {
	ops.CheckSame("RoPE cos and sin", len(cos), len(sin))
	if n := ops.CheckWhole("RoPE", len(x), 2*len(cos)); n > 0 {
		s.rope(at(x), at(cos), at(sin), n, len(cos))
	}
}

func (s *set) rmsNorm(dst, x, weight []float32, eps float32) {
	ops.CheckSame("RMSNorm dst and x", len(dst), len(x))
	n, d := ops.CheckWhole("RMSNorm", len(x), len(weight)), len(weight)
	for t := range n {
		row := &x[t*d]
		inv := ops.InverseRMS(s.dot(row, row, d), d, eps)
		s.normRow(&dst[t*d], row, at(weight), d, inv)
	}
}

func (s *set) rmsNormBackward(dx, dweight, dy, x, weight []float32, eps float32) {
	ops.CheckSame("RMSNormBackward dx and x", len(dx), len(x))
	ops.CheckSame("RMSNormBackward dy and x", len(dy), len(x))
	ops.CheckSame("RMSNormBackward dweight and weight", len(dweight), len(weight))
	n, d := ops.CheckWhole("RMSNormBackward", len(x), len(weight)), len(weight)
	for t := range n {
		row, up := &x[t*d], &dy[t*d]
		inv := ops.InverseRMS(s.dot(row, row, d), d, eps)
		pull := ops.InverseRMSPull(s.dot3(up, at(weight), row, d), d, inv)
		s.normBackwardRow(&dx[t*d], at(dweight), up, row, at(weight), d, inv, pull)
	}
}

func (s *set) softmax(x []float32, cols int, scale float32) {
	if n := ops.CheckWhole("Softmax", len(x), cols); n > 0 {
		s.softmaxRows(at(x), n, cols, scale)
	}
}

func (s *set) softmaxBackward(dp, p []float32, cols int, scale float32) {
	ops.CheckSame("SoftmaxBackward", len(dp), len(p))
	if n := ops.CheckWhole("SoftmaxBackward", len(p), cols); n > 0 {
		s.softmaxBackRows(at(dp), at(p), n, cols, scale)
	}
}

func (s *set) memoryScan(dst ops.Matrix, state []float32, gate, x ops.Matrix) {
	ops.CheckSteps("MemoryScan", x.Rows, len(state), dst, gate, x)
	if x.Rows == 0 || len(state) == 0 {
		return
	}
	most := max(1, scanValues/len(state))
	for t := 0; t < x.Rows; t += most {
		s.scan(&dst.Data[t*dst.RowStride], stride(dst), at(state), &gate.Data[t*gate.RowStride], stride(gate),
			&x.Data[t*x.RowStride], stride(x), min(most, x.Rows-t), len(state))
	}
}

func (s *set) memoryScanBackward(dx, dgate, dy, y, gate, x ops.Matrix) {
	ops.CheckSteps("MemoryScanBackward", x.Rows, x.Cols, dx, dgate, dy, y, gate, x)
	if x.Rows == 0 || x.Cols == 0 {
		return
	}
	s.scanBackward(at(dx.Data), stride(dx), at(dgate.Data), stride(dgate), at(dy.Data), stride(dy),
		at(y.Data), stride(y), at(gate.Data), stride(gate), at(x.Data), stride(x), x.Rows, x.Cols)
}

func (s *set) minMax(lo, hi, rows []float32) {
	ops.CheckSame("MinMax lo and hi", len(lo), len(hi))
	if n := ops.CheckWhole("MinMax rows", len(rows), len(lo)); n > 0 {
		s.minMaxOf(at(lo), at(hi), at(rows), n, len(lo))
	}
}

func (s *set) boundScores(dst, q, lo, hi []float32) {
	ops.CheckRows("BoundScores lo", len(dst), len(q), len(lo))
	ops.CheckRows("BoundScores hi", len(dst), len(q), len(hi))
	s.boundScoresOf(at(dst), at(q), at(lo), at(hi), len(dst), len(q), prefetchDistance)
}

func (s *set) dotRows(dst, q, rows []float32) {
	ops.CheckRows("DotRows", len(dst), len(q), len(rows))
	s.dotRowsOf(at(dst), at(q), at(rows), len(dst), len(q), prefetchDistance)
}

func (s *set) kthLargest(x []float32, k int) (value float32, above int) {
	return kthLargest(x, k, func(x []float32, least float32) int { return s.countFrom(at(x), len(x), least) })
}

// prefetchDistance is how far in front of what is being read memory is asked for, in bytes.
const prefetchDistance = 8192

// attend reads the keys of one span after the other and then the values, each piece of them
// for every query in turn while the first cache holds it.
func (s *set) attend(dst, weights, q, keys, values []float32, spans []ops.Span, scale float32, queries int) {
	ops.CheckAttend(dst, weights, q, keys, values, spans, queries)
	clear(dst)
	if len(spans) == 0 || len(q) == 0 {
		return
	}
	d, n := len(q)/queries, len(weights)/queries
	pieces(keys, spans, d, queries, &values[spans[0].Start*d], func(first, count int, rows *float32, ahead uintptr) {
		for i := range queries {
			s.dotRowsOf(&weights[i*n+first], &q[i*d], rows, count, d, ahead)
		}
	})
	s.softmaxRows(at(weights), queries, n, scale)
	pieces(values, spans, d, queries, nil, func(first, count int, rows *float32, ahead uintptr) {
		for i := range queries {
			s.weightedSum(&dst[i*d], &weights[i*n+first], rows, count, d, ahead)
		}
	})
}

// pieces calls read for pieces of the spans of rows, in their order: with how many positions
// came before, the positions of the piece, its first row and how far ahead to prefetch. The end
// of each span prefetches the beginning of the next, and that of the last what comes after: a
// processor that prefetches on its own cannot know it.
func pieces(rows []float32, spans []ops.Span, d, queries int, after *float32, read func(first, count int, rows *float32, ahead uintptr)) {
	first, last := 0, max(1, prefetchDistance/(4*d)) // last are the positions that prefetch for the next span
	for i, span := range spans {
		for start, count := span.Start, 0; start < span.End; start += count {
			from, ahead := &rows[start*d], uintptr(prefetchDistance)
			if count = span.End - start; count > last {
				count -= last
				if queries > 1 {
					count = min(count, last)
				}
			} else if i+1 < len(spans) {
				ahead = distance(from, &rows[spans[i+1].Start*d])
			} else if ahead = 0; after != nil {
				ahead = distance(from, after)
			}
			read(first, count, from, ahead)
			first += count
		}
	}
}

// distance counts the bytes from one address to another.
func distance(from, to *float32) uintptr {
	return uintptr(unsafe.Pointer(to)) - uintptr(unsafe.Pointer(from))
}

func (s *set) adamW(p, m, v, grad []float32, h ops.AdamWStep) {
	ops.CheckSame("AdamW p and m", len(p), len(m))
	ops.CheckSame("AdamW p and v", len(p), len(v))
	ops.CheckSame("AdamW p and grad", len(p), len(grad))
	s.adamWOf(at(p), at(m), at(v), at(grad), len(p), h.GradScale, h.Beta1, 1-h.Beta1, h.Beta2, 1-h.Beta2,
		h.Correction1, h.Correction2, h.Eps, h.Decay, h.LR)
}
