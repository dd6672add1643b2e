//go:build !noasm && (amd64 || arm64)

package simd

import (
	"sync"
	"unsafe"

	"kvscope/engine/ops"
)

// tileFunc computes one tile of a product from a packed panel of b and either a panel
// of a, with aStride bytes between its steps, or rows of a, aStride bytes apart.
type tileFunc func(dst *float32, stride uintptr, a *float32, aStride uintptr, b *float32, depth, cols int, accumulate bool)

// packFunc fills a panel one register wide.
type packFunc func(dst *float32, dstStride uintptr, src *float32, srcStride uintptr, width, depth int)

// Block sizes. The panels of a, blockPanels of them in L2, pass by one panel of b
// after another. Deep blocks read and write a large destination less often. blockK
// is the same for every table, and so is therefore the order of summation: an
// element is one chain of fused multiply-adds per block, whatever the size of the
// product and its place therein.
//
// With at most directCols columns, or an operand of at most directSize values, which
// stays in the L1 cache, packing a takes longer than it saves: tiles then read it
// where it is, unless the distance of its rows, a multiple of pageSize, would put them
// all in one set of that cache.
const (
	blockK      = 512
	blockPanels = 16
	blockCols   = 1024
	directCols  = 64
	directSize  = 8192
	pageSize    = 4096
)

// product multiplies matrices with the tiles of one instruction set.
type product struct {
	lanes           int           // of a register; the width of a panel of a
	tiles           [][2]tileFunc // by rows-1, then registers-1
	rowTiles        [][2]tileFunc // the same, reading rows of a; nil: none, and panels must be packed
	wholeTiles      bool          // tiles write all their columns, whatever cols says
	copy, transpose packFunc
	pool            sync.Pool // of *panels
}

// panels is the working memory of one product.
type panels struct {
	a    []float32 // [blockPanels][depth][lanes]
	b    []float32 // [blockCols/(2*lanes)][depth][2*lanes]
	tile []float32 // [rows][2*lanes], for a destination without unit stride
}

func newProduct(lanes int, tiles, rowTiles [][2]tileFunc, copy, transpose packFunc) *product {
	p := &product{lanes: lanes, tiles: tiles, rowTiles: rowTiles, copy: copy, transpose: transpose}
	p.pool.New = func() any {
		return &panels{
			a:    aligned(blockPanels * blockK * lanes),
			b:    aligned(blockCols * blockK),
			tile: aligned(len(tiles) * 2 * lanes),
		}
	}
	return p
}

// aligned allocates n values from the beginning of a cache line.
func aligned(n int) []float32 {
	const line = 64
	s := make([]float32, n+line/4)
	past := int(uintptr(unsafe.Pointer(unsafe.SliceData(s))) % line / 4)
	return s[(line/4-past)%(line/4):][:n]
}

func (p *product) matMul(dst, a, b ops.Matrix, accumulate bool) {
	ops.CheckMatMul(dst, a, b)
	if dst.Rows == 0 || dst.Cols == 0 {
		return
	}
	dst, a, b = unitStrides(dst), unitStrides(a), unitStrides(b)
	if dst.ColStride != 1 && dst.RowStride == 1 {
		dst, a, b = dst.T(), b.T(), a.T()
	}
	if a.Cols == 0 {
		if !accumulate {
			zero(dst)
		}
		return
	}
	w := p.pool.Get().(*panels)
	depths := (a.Cols + blockK - 1) / blockK
	for j := 0; j < dst.Cols; j += blockCols {
		cols := min(blockCols, dst.Cols-j)
		for d := range depths {
			k0, k1 := d*a.Cols/depths, (d+1)*a.Cols/depths
			p.packB(w.b, b.Slice(k0, k1, j, j+cols))
			p.block(dst.Slice(0, dst.Rows, j, j+cols), a.Slice(0, a.Rows, k0, k1), w.b, k1-k0, w, accumulate || d > 0)
		}
	}
	p.pool.Put(w)
}

// unitStrides gives stride 1 to a dimension of length 1, where it means nothing,
// so that the fast ways are taken.
func unitStrides(m ops.Matrix) ops.Matrix {
	if m.Cols == 1 {
		m.ColStride = 1
	}
	if m.Rows == 1 {
		m.RowStride = 1
	}
	return m
}

func zero(m ops.Matrix) {
	for r := range m.Rows {
		for c := range m.Cols {
			m.Data[r*m.RowStride+c*m.ColStride] = 0
		}
	}
}

// packB packs b into panels of two registers.
func (p *product) packB(panels []float32, b ops.Matrix) {
	wide := 2 * p.lanes
	for j := 0; j < b.Cols; j += p.lanes {
		panel := panels[j/wide*wide*b.Rows+j%wide:]
		p.pack(panel, wide, b.Data[j*b.ColStride:], b.ColStride, b.RowStride, min(p.lanes, b.Cols-j), b.Rows)
	}
}

// pack fills panel[k*width+i], i < n, k < depth, from src[i*across + k*along].
func (p *product) pack(panel []float32, width int, src []float32, across, along, n, depth int) {
	switch {
	case across == 1:
		p.copy(&panel[0], uintptr(4*width), &src[0], uintptr(4*along), n, depth)
	case along == 1:
		p.transpose(&panel[0], uintptr(4*width), &src[0], uintptr(4*across), n, depth)
	default:
		for k := range depth {
			for i := range n {
				panel[k*width+i] = src[i*across+k*along]
			}
		}
	}
}

// packed is a second operand packed whole, [Rows, Cols]: its blocks of blockK rows
// one after the other.
type packed struct {
	data        []float32
	rows, width int // width in whole panels
	parts       int // of which not all are zero, where values are split
}

func (p *product) packAll(dst *packed, b ops.Matrix) {
	wide := 2 * p.lanes
	width := (b.Cols + wide - 1) / wide * wide
	if len(dst.data) < b.Rows*width {
		dst.data = aligned(b.Rows * width)
	}
	dst.rows, dst.width = b.Rows, width
	for k := 0; k < b.Rows; k += blockK {
		p.packB(dst.data[k*width:], b.Slice(k, min(k+blockK, b.Rows), 0, b.Cols))
	}
}

func (p *product) rows(dst, a ops.Matrix, b packed, accumulate bool) {
	w := p.pool.Get().(*panels)
	for k := 0; k < a.Cols; k += blockK {
		end := min(k+blockK, a.Cols)
		p.block(dst, a.Slice(0, a.Rows, k, end), b.data[k*b.width:], min(blockK, b.rows-k), w, accumulate || k > 0)
	}
	p.pool.Put(w)
}

// block multiplies all of a, at most one block deep, with panels of b that are depth
// deep. The rows are dealt out evenly to as few panels as can hold them.
func (p *product) block(dst, a ops.Matrix, b []float32, depth int, w *panels, accumulate bool) {
	count := (a.Rows + len(p.tiles) - 1) / len(p.tiles)
	wide := 2 * p.lanes
	size := p.lanes * a.Cols
	tiles, aStride, direct := p.place(dst, a)
	for first := 0; first < count; first += blockPanels {
		last := min(first+blockPanels, count)
		for i := first; i < last && !direct; i++ {
			r0, r1 := i*a.Rows/count, (i+1)*a.Rows/count
			p.pack(w.a[(i-first)*size:], p.lanes, a.Data[r0*a.RowStride:], a.RowStride, a.ColStride, r1-r0, a.Cols)
		}
		for j := 0; j < dst.Cols; j += wide {
			cols := min(wide, dst.Cols-j)
			bPanel := &b[j*depth]
			for i := first; i < last; i++ {
				r0, r1 := i*a.Rows/count, (i+1)*a.Rows/count
				tile := tiles[r1-r0-1][(cols-1)/p.lanes]
				aPanel := &w.a[(i-first)*size]
				if direct {
					aPanel = &a.Data[r0*a.RowStride]
				}
				if dst.ColStride == 1 && !(p.wholeTiles && cols%p.lanes != 0) {
					to := &dst.Data[r0*dst.RowStride+j]
					tile(to, uintptr(4*dst.RowStride), aPanel, aStride, bPanel, a.Cols, cols, accumulate)
					continue
				}
				tile(&w.tile[0], uintptr(4*wide), aPanel, aStride, bPanel, a.Cols, cols, false)
				scatter(dst.Slice(r0, r1, j, j+cols), ops.Matrix{Data: w.tile, RowStride: wide, ColStride: 1}, accumulate)
			}
		}
	}
}

// place says how tiles are to read a: packed, or directly, as it lies.
func (p *product) place(dst, a ops.Matrix) (tiles [][2]tileFunc, aStride uintptr, direct bool) {
	few := dst.Cols <= directCols || a.Rows*a.Cols <= directSize
	switch {
	case !few || p.rowTiles == nil:
	case a.ColStride == 1 && 4*a.RowStride%pageSize != 0:
		return p.rowTiles, uintptr(4 * a.RowStride), true
	case a.RowStride == 1 && 4*a.ColStride%pageSize != 0:
		return p.tiles, uintptr(4 * a.ColStride), true
	}
	return p.tiles, uintptr(4 * p.lanes), false
}

// scatter writes a matrix to another of the same size and any strides, or adds it.
func scatter(dst, src ops.Matrix, accumulate bool) {
	for r := range dst.Rows {
		for c := range dst.Cols {
			d, v := &dst.Data[r*dst.RowStride+c*dst.ColStride], src.Data[r*src.RowStride+c*src.ColStride]
			if accumulate {
				*d += v
			} else {
				*d = v
			}
		}
	}
}

// at is the address of the first value, whatever it is for none.
func at(x []float32) *float32 { return unsafe.SliceData(x) }

// stride is the distance of rows in bytes.
func stride(m ops.Matrix) uintptr { return uintptr(4 * m.RowStride) }
