//go:build !noasm

package simd

import (
	"sync"
	"unsafe"

	"kvscope/engine/ops"
)

// Tiles of AMX hold 16 lines, which are rows of a or columns of b, of a step of values in
// bfloat16. A float32 is taken as the sum of two of those.
const (
	tileLines  = 16
	tileValues = 32
	tileParts  = 2
	tileStep   = tileParts * tileLines * tileValues // values of a step of one group of lines
	tileHeight = 2 * tileLines                      // rows and columns taken at once
)

// Block sizes: a block of b stays in L2, and the two groups of rows of a that pass by it
// in L1. Shorter rows than tileLeast are left to the other registers, whatever the number
// of rows and columns: bits must not depend on it.
const (
	tileDepth = 192
	tileCols  = 1024
	tileLeast = 32
)

// tiled multiplies matrices with AMX.
type tiled struct {
	short *product  // of short rows
	pool  sync.Pool // of *tiledPanels
}

// tiledPanels is the working memory of one product.
type tiledPanels struct {
	a, b []uint16  // packed groups of lines
	sums []float32 // [tileHeight, tileHeight]
	out  []float32 // [tileHeight, tileCols], for a destination without unit stride
	line []float32 // [tileLines, tileDepth], for an operand without unit stride
}

func newTiled(short *product) *tiled {
	t := &tiled{short: short}
	t.pool.New = func() any {
		const steps = tileDepth / tileValues
		return &tiledPanels{
			a: words(aligned(tileHeight / tileLines * steps * tileStep / 2)), b: words(aligned(tileCols / tileLines * steps * tileStep / 2)),
			sums: aligned(tileHeight * tileHeight), out: aligned(tileHeight * tileCols), line: aligned(tileLines * tileDepth),
		}
	}
	return t
}

func (t *tiled) matMul(dst, a, b ops.Matrix, accumulate bool) {
	if a.Cols < tileLeast {
		t.short.matMul(dst, a, b, accumulate)
		return
	}
	ops.CheckMatMul(dst, a, b)
	if dst.Rows == 0 || dst.Cols == 0 {
		return
	}
	dst, a, b = unitStrides(dst), unitStrides(a), unitStrides(b)
	if dst.ColStride != 1 && dst.RowStride == 1 {
		dst, a, b = dst.T(), b.T(), a.T()
	}
	w := t.pool.Get().(*tiledPanels)
	steps := tileSteps(a.Cols)
	depths := (a.Cols + tileDepth - 1) / tileDepth
	for j := 0; j < dst.Cols; j += tileCols {
		end := min(j+tileCols, dst.Cols)
		for d := range depths {
			k0, k1 := d*steps/depths*tileValues, min((d+1)*steps/depths*tileValues, a.Cols)
			w.block(dst.Slice(0, dst.Rows, j, end), a.Slice(0, a.Rows, k0, k1), b.Slice(k0, k1, j, end), accumulate || d > 0)
		}
	}
	t.pool.Put(w)
}

// block multiplies all rows of a with columns of b, at most tileDepth and tileCols of them.
func (w *tiledPanels) block(dst, a, b ops.Matrix, accumulate bool) {
	apart := tileSteps(a.Cols) * tileStep
	parts := w.packColumns(w.b, apart, b)
	if dst.ColStride == 1 {
		w.rows(dst, a, w.b, apart, parts, accumulate)
		return
	}
	for i := 0; i < a.Rows; i += tileHeight {
		end := min(i+tileHeight, a.Rows)
		out := ops.Dense(w.out, end-i, dst.Cols)
		w.rows(out, a.Slice(i, end, 0, a.Cols), w.b, apart, parts, false)
		scatter(dst.Slice(i, end, 0, dst.Cols), out, accumulate)
	}
}

// packColumns packs the columns of b in groups that lie apart values from each other, and
// returns how many parts of them are not all zero.
func (w *tiledPanels) packColumns(dst []uint16, apart int, b ops.Matrix) (parts int) {
	for j := 0; j < b.Cols; j += tileLines {
		columns := b.T().Slice(j, min(j+tileLines, b.Cols), 0, b.Rows)
		parts = max(parts, w.pack(dst[j/tileLines*apart:], columns, false))
	}
	return parts
}

// rows multiplies all rows of a, packed apart values from each other too, with packed columns.
func (w *tiledPanels) rows(dst, a ops.Matrix, b []uint16, apart, parts int, accumulate bool) {
	steps := tileSteps(a.Cols)
	if n := tileHeight / tileLines * apart; len(w.a) < n { // of a very wide head
		w.a = words(aligned(n / 2))
	}
	for i := 0; i < a.Rows; i += tileHeight {
		end := min(i+tileHeight, a.Rows)
		for r := i; r < end; r += tileLines {
			w.pack(w.a[(r-i)/tileLines*apart:], a.Slice(r, min(r+tileLines, end), 0, a.Cols), true)
		}
		tileProductAVX512(&dst.Data[i*dst.RowStride], stride(dst), &w.a[0], &b[0], &w.sums[0],
			steps, uintptr(2*apart), end-i, dst.Cols, parts, accumulate)
	}
}

// packAll packs b in an even number of groups of columns.
func (t *tiled) packAll(dst *packed, b ops.Matrix) {
	apart := tileSteps(b.Rows) * tileStep
	groups := (b.Cols + tileHeight - 1) / tileHeight * (tileHeight / tileLines)
	if len(dst.data) < groups*apart/2 {
		dst.data = aligned(groups * apart / 2)
	}
	w := t.pool.Get().(*tiledPanels)
	dst.rows, dst.width, dst.parts = b.Rows, groups*tileLines, w.packColumns(words(dst.data), apart, b)
	t.pool.Put(w)
}

func (t *tiled) rows(dst, a ops.Matrix, b packed, accumulate bool) {
	w := t.pool.Get().(*tiledPanels)
	w.rows(dst, a, words(b.data), tileSteps(b.rows)*tileStep, b.parts, accumulate)
	t.pool.Put(w)
}

// tileSteps is how many steps a line of n values takes.
func tileSteps(n int) int { return (n + tileValues - 1) / tileValues }

// words is the memory of x as values of 16 bits.
func words(x []float32) []uint16 {
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(x))), 2*len(x))
}

// pack packs at most 16 lines, rows of a matrix, as those of a or of b, and returns how many of
// their parts are not all zero.
func (w *tiledPanels) pack(dst []uint16, lines ops.Matrix, first bool) (parts int) {
	if lines.ColStride != 1 && lines.RowStride != 1 {
		line := ops.Dense(w.line, lines.Rows, lines.Cols)
		scatter(line, lines, false)
		lines = line
	}
	along := lines.ColStride == 1
	if along {
		parts = tilePackAlongAVX512(&dst[0], &lines.Data[0], uintptr(4*lines.RowStride), lines.Rows, lines.Cols)
	} else {
		parts = tilePackAcrossAVX512(&dst[0], &lines.Data[0], uintptr(4*lines.ColStride), lines.Rows, lines.Cols)
	}
	if along != first {
		given := parts
		if first {
			given = tileParts // of a all are read
		}
		tileTransposeAVX512(&dst[0], tileSteps(lines.Cols), given)
	}
	return parts
}

// withTiles is the table of a set with its products on tiles, and attention of many queries
// whose heads are not narrower than a tile.
func withTiles(s *set) *ops.Kernels {
	k, t := s.table(), newTiled(s.product)
	narrow, wide := s.causal(s.product), s.causal(t)
	wide.parts = true
	of := func(a ops.CausalAttention) *causal {
		if a.Query.Cols < tileLeast {
			return narrow
		}
		return wide
	}
	k.Name, k.Coarse, k.MatMul = "amx", ops.CoarseBF16, t.matMul
	k.AttendCausal = func(a ops.CausalAttention) { of(a).attend(a) }
	k.AttendCausalBackward = func(dquery, dkeys, dvalues, dout ops.Matrix, a ops.CausalAttention) {
		of(a).attendBackward(dquery, dkeys, dvalues, dout, a)
	}
	return k
}
