package model

import (
	"sync"

	"kvscope/engine/ops"
)

// This file is the one place where a matrix meets activations: a form gains a kernel
// of its own here, and the others are widened tile by tile for the float32 ones.

// fewTokens is the largest number of tokens whose product with a matrix in few bits is
// made without widening it, where a kernel can.
const fewTokens = 8

// tile is the number of outputs of a matrix in few bits that are widened at a time.
const tile = 512

// project computes dst [T, out] = x [T, in] · wᵀ for w [out, in] with its delta, the
// outputs shared among the cores. Rows of dst may lie apart.
func (m *Model) project(dst ops.Matrix, w *Matrix, x []float32) {
	if w.hollow() {
		for t := range dst.Rows {
			clear(dst.Row(t))
		}
	} else {
		m.product(dst, w, x)
	}
	if w.Delta != nil {
		m.addDelta(dst, w.Delta, x)
	}
}

// addDelta computes dst [T, out] += (x [T, in] · Aᵀ) · Bᵀ.
func (m *Model) addDelta(dst ops.Matrix, d *LowRank, x []float32) {
	rank := d.A.Rows
	buffer := m.scratch(dst.Rows*rank + dst.Cols)
	defer m.tiles.Put(buffer)
	down, up := (*buffer)[:dst.Rows*rank], (*buffer)[dst.Rows*rank:]
	m.product(ops.Dense(down, dst.Rows, rank), &d.A, x)
	if dst.Rows == 1 {
		m.kernels.MatVec(up, d.B.F32, down)
		m.kernels.Add(dst.Row(0), up)
		return
	}
	parallelFor(dst.Cols, dst.Rows*d.B.bytes()/4, func(_, lo, hi int) {
		b := ops.Dense(d.B.F32, dst.Cols, rank).Slice(lo, hi, 0, rank)
		m.kernels.MatMul(dst.Slice(0, dst.Rows, lo, hi), ops.Dense(down, dst.Rows, rank), b.T(), true)
	})
}

// product is project without the delta.
func (m *Model) product(dst ops.Matrix, w *Matrix, x []float32) {
	rows, bytes := dst.Rows, w.bytes()
	switch {
	case rows == 1 && w.Blocks != nil && m.blocks(w).MatVec != nil:
		m.blockToken(dst.Row(0), w, x)
	case rows == 1 && chunksOf(w.Rows, bytes) == 1:
		m.token(dst.Row(0), w, x) // of a small model, whose time a closure would show in
	case rows == 1:
		parallelFor(w.Rows, bytes, func(_, lo, hi int) {
			part := w.rows(lo, hi)
			m.token(dst.Row(0)[lo:hi], &part, x)
		})
	case (w.BF16 != nil || w.Int8 != nil) && rows <= fewTokens:
		parallelFor(w.Rows, bytes, func(_, lo, hi int) { m.few(dst, w, x, lo, hi) })
	default:
		// Arithmetic takes longer than memory here.
		parallelFor(w.Rows, bytes*rows/4, func(_, lo, hi int) { m.many(dst, w, x, lo, hi) })
	}
}

// separately is project with the bits that each token alone would have. What has to be
// widened is widened once for all of them.
func (m *Model) separately(dst ops.Matrix, w *Matrix, x []float32) {
	one := func(t int) []float32 { return x[t*w.Cols : (t+1)*w.Cols] }
	if w.Blocks == nil || m.blocks(w).MatVec != nil {
		for t := range dst.Rows {
			m.project(dst.Slice(t, t+1, 0, dst.Cols), w, one(t))
		}
		return
	}
	parallelFor(w.Rows, w.bytes()*dst.Rows, func(_, lo, hi int) {
		m.widened(w, lo, hi, func(lo int, part []float32) {
			for t := range dst.Rows {
				m.kernels.MatVec(dst.Row(t)[lo:lo+len(part)/w.Cols], part, one(t))
			}
		})
	})
}

// token computes dst [out] = w · x for one token.
func (m *Model) token(dst []float32, w *Matrix, x []float32) {
	switch {
	case w.BF16 != nil:
		m.kernels.MatVecBF16(dst, w.BF16, x, 1)
	case w.Int8 != nil:
		m.kernels.MatVecInt8(dst, w.Int8, w.Scale, x, 1)
	case w.Blocks != nil:
		m.widened(w, 0, w.Rows, func(lo int, part []float32) {
			m.kernels.MatVec(dst[lo:lo+len(part)/w.Cols], part, x)
		})
	default:
		m.kernels.MatVec(dst, w.F32, x)
	}
}

// blocks are the kernels of the format of w; those that there are none of are nil.
func (m *Model) blocks(w *Matrix) ops.BlockKernels { return m.kernels.Blocks[w.Format.Name] }

// blockToken is token for blocks that a kernel takes as they lie, the outputs shared among
// the cores.
func (m *Model) blockToken(dst []float32, w *Matrix, x []float32) {
	rounded, _ := m.rounded.Get().(*ops.Rounded)
	if rounded == nil {
		rounded = new(ops.Rounded)
	}
	defer m.rounded.Put(rounded)
	*rounded = rounded.Round(x)
	parallelFor(w.Rows, w.bytes(), func(_, lo, hi int) {
		m.blocks(w).MatVec(dst[lo:hi], w.rows(lo, hi).Blocks, *rounded)
	})
}

// few computes outputs [lo, hi) of project for a matrix of few bits and a few tokens,
// without widening.
func (m *Model) few(dst ops.Matrix, w *Matrix, x []float32, lo, hi int) {
	n, part, out := hi-lo, w.rows(lo, hi), dst.Data
	apart := n < dst.RowStride
	if apart {
		buffer := m.scratch(dst.Rows * n)
		defer m.tiles.Put(buffer)
		out = *buffer
	}
	if w.BF16 != nil {
		m.kernels.MatVecBF16(out[:dst.Rows*n], part.BF16, x, dst.Rows)
	} else {
		m.kernels.MatVecInt8(out[:dst.Rows*n], part.Int8, part.Scale, x, dst.Rows)
	}
	for t := 0; apart && t < dst.Rows; t++ {
		copy(dst.Row(t)[lo:hi], out[t*n:])
	}
}

// many computes outputs [lo, hi) of project by a matrix product.
func (m *Model) many(dst ops.Matrix, w *Matrix, x []float32, lo, hi int) {
	product := func(lo int, part []float32) {
		n := len(part) / w.Cols
		m.kernels.MatMul(dst.Slice(0, dst.Rows, lo, lo+n), ops.Dense(x, dst.Rows, w.Cols), ops.Dense(part, n, w.Cols).T(), false)
	}
	if w.isFloat32() {
		product(lo, w.F32[lo*w.Cols:hi*w.Cols])
		return
	}
	m.widened(w, lo, hi, product)
}

// tiles are the buffers that matrices are widened into.
type tiles struct{ sync.Pool }

// scratch is a buffer of n values out of the tiles, to be put back.
func (m *Model) scratch(n int) *[]float32 {
	buffer, _ := m.tiles.Get().(*[]float32)
	if buffer == nil {
		buffer = new([]float32)
	}
	if cap(*buffer) < n {
		*buffer = make([]float32, n)
	}
	*buffer = (*buffer)[:n]
	return buffer
}

// widened calls use with the rows [lo, hi) of w, as float32, a tile at a time.
func (m *Model) widened(w *Matrix, lo, hi int, use func(lo int, part []float32)) {
	buffer := m.scratch(min(hi-lo, tile) * w.Cols)
	defer m.tiles.Put(buffer)
	widen := (*Matrix).Dequantize
	if w.Blocks != nil {
		if k := m.blocks(w); k.Dequantize != nil {
			widen = func(part *Matrix, dst []float32) { k.Dequantize(dst, part.Blocks) }
		}
	}
	w.tiles(*buffer, lo, hi, widen, use)
}

// Tiles calls use with the rows of w without its delta, as float32, some of them at a
// time from row lo on: all at once where they are float32 anyway, and else a tile
// widened into buffer, which is returned, grown where it was too small.
func (w *Matrix) Tiles(buffer []float32, use func(lo int, part []float32)) []float32 {
	if w.isFloat32() {
		use(0, w.F32)
		return buffer
	}
	if n := min(w.Rows, tile) * w.Cols; cap(buffer) < n {
		buffer = make([]float32, n)
	}
	w.tiles(buffer[:cap(buffer)], 0, w.Rows, (*Matrix).Dequantize, use)
	return buffer
}

// tiles calls use with the rows [lo, hi) of w, widened into buffer as many as it holds.
func (w *Matrix) tiles(buffer []float32, lo, hi int, widen func(part *Matrix, dst []float32), use func(lo int, part []float32)) {
	for step := min(hi-lo, tile); lo < hi; lo += step {
		part := w.rows(lo, min(lo+step, hi))
		n := part.Rows * part.Cols
		widen(&part, buffer[:n])
		use(lo, buffer[:n])
	}
}
