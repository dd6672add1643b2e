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
	steps := (a.Cols + tileValues - 1) / tileValues
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
	steps := (a.Cols + tileValues - 1) / tileValues
	parts := 1
	for j := 0; j < b.Cols; j += tileLines {
		parts = max(parts, w.pack(w.b[j/tileLines*steps*tileStep:], b.T().Slice(j, min(j+tileLines, b.Cols), 0, b.Rows), false))
	}
	for i := 0; i < a.Rows; i += tileHeight {
		end := min(i+tileHeight, a.Rows)
		for r := i; r < end; r += tileLines {
			w.pack(w.a[(r-i)/tileLines*steps*tileStep:], a.Slice(r, min(r+tileLines, end), 0, a.Cols), true)
		}
		to := dst.Slice(i, end, 0, dst.Cols)
		if dst.ColStride != 1 {
			to = ops.Dense(w.out, end-i, dst.Cols)
		}
		tileProductAVX512(at(to.Data), stride(to), &w.a[0], &w.b[0], &w.sums[0], steps, uintptr(2*steps*tileStep), to.Rows, to.Cols, parts, accumulate && dst.ColStride == 1)
		if dst.ColStride != 1 {
			scatter(dst.Slice(i, end, 0, dst.Cols), to, accumulate)
		}
	}
}

// packAll packs b as groups of columns, an even number of them.
func (t *tiled) packAll(dst *packed, b ops.Matrix) {
	apart := (b.Rows + tileValues - 1) / tileValues * tileStep
	groups := (b.Cols + tileHeight - 1) / tileHeight * (tileHeight / tileLines)
	if len(dst.data) < groups*apart/2 {
		dst.data = aligned(groups * apart / 2)
	}
	dst.rows, dst.width, dst.parts = b.Rows, groups*tileLines, 1
	w := t.pool.Get().(*tiledPanels)
	to := words(dst.data)
	for j := 0; j < b.Cols; j += tileLines {
		lines := b.T().Slice(j, min(j+tileLines, b.Cols), 0, b.Rows)
		dst.parts = max(dst.parts, w.pack(to[j/tileLines*apart:], lines, false))
	}
	t.pool.Put(w)
}

func (t *tiled) rows(dst, a ops.Matrix, b packed, accumulate bool) {
	w := t.pool.Get().(*tiledPanels)
	steps, apart := (a.Cols+tileValues-1)/tileValues, (b.rows+tileValues-1)/tileValues*tileStep
	if len(w.a) < tileHeight/tileLines*apart {
		w.a = words(aligned(tileHeight / tileLines * apart / 2))
	}
	for i := 0; i < a.Rows; i += tileHeight {
		end := min(i+tileHeight, a.Rows)
		for r := i; r < end; r += tileLines {
			w.pack(w.a[(r-i)/tileLines*apart:], a.Slice(r, min(r+tileLines, end), 0, a.Cols), true)
		}
		tileProductAVX512(&dst.Data[i*dst.RowStride], stride(dst), &w.a[0], &words(b.data)[0], &w.sums[0], steps, uintptr(2*apart), end-i, dst.Cols, b.parts, accumulate)
	}
	t.pool.Put(w)
}

// words are the memory of x.
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
		tileTransposeAVX512(&dst[0], (lines.Cols+tileValues-1)/tileValues, given)
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
