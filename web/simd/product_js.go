package simd

import (
	"unsafe"

	"kvscope/engine/ops"
)

// A tile of a product is as large as its sums stay in registers. The blocks are those of
// the reference: blockDepth decides the order of sums, and so their bits.
const (
	tileRows   = 6
	tileCols   = 8
	blockDepth = 256
	blockCols  = 512
)

func (t *table) matMul(dst, a, b ops.Matrix, accumulate bool) {
	if dst.Rows == 0 || dst.Cols == 0 || a.Cols == 0 {
		t.plain.MatMul(dst, a, b, accumulate)
		return
	}
	ops.CheckMatMul(dst, a, b)
	for j := 0; j < dst.Cols; j += blockCols {
		cols := min(blockCols, dst.Cols-j)
		for k := 0; k < a.Cols; k += blockDepth {
			depth := min(blockDepth, a.Cols-k)
			t.pack(b.Slice(k, k+depth, j, j+cols))
			t.block(dst.Slice(0, dst.Rows, j, j+cols), a.Slice(0, a.Rows, k, k+depth), accumulate || k > 0)
		}
	}
}

// pack copies b to panels of tileCols columns, [cols/8][depth][8], the last one filled up
// with zeros.
func (t *table) pack(b ops.Matrix) {
	depth, count := b.Rows, (b.Cols+tileCols-1)/tileCols
	panels := room(&t.panels, max(count*depth*tileCols, blockDepth*blockCols))
	for p := range count {
		panel, part := panels[p*depth*tileCols:][:depth*tileCols], b.Slice(0, depth, p*tileCols, min((p+1)*tileCols, b.Cols))
		switch {
		case part.Cols == tileCols && part.ColStride == 1:
			columns(at(panel), at(part.Data), 4*uint32(part.RowStride), uint32(depth))
		case part.Cols == tileCols && part.RowStride == 1:
			whole := depth &^ 3
			transpose(at(panel), at(part.Data), 4*uint32(part.ColStride), uint32(whole))
			packRest(panel, part, whole)
		default:
			packRest(panel, part, 0)
		}
	}
}

// packRest packs a panel from a row of b on.
func packRest(panel []float32, b ops.Matrix, from int) {
	for k := from; k < b.Rows; k++ {
		row := panel[k*tileCols:][:tileCols]
		clear(row[b.Cols:])
		for c := range b.Cols {
			row[c] = b.Data[k*b.RowStride+c*b.ColStride]
		}
	}
}

// block computes dst = a · the panels, tile by tile.
func (t *table) block(dst, a ops.Matrix, accumulate bool) {
	add := uint32(0)
	if accumulate {
		add = 1
	}
	depth := a.Cols
	for j := 0; j < dst.Cols; j += tileCols {
		panel, cols := at(t.panels[j*depth:]), min(tileCols, dst.Cols-j)
		for i := 0; i < dst.Rows; i += tileRows {
			rows := min(tileRows, dst.Rows-i)
			from := unsafe.Pointer(&a.Data[i*a.RowStride])
			if cols == tileCols && dst.ColStride == 1 {
				tile(unsafe.Pointer(&dst.Data[i*dst.RowStride+j]), 4*uint32(dst.RowStride), from, 4*uint32(a.RowStride), 4*uint32(a.ColStride), panel, uint32(depth), uint32(rows), add)
				continue
			}
			tile(at(t.edge[:]), 4*tileCols, from, 4*uint32(a.RowStride), 4*uint32(a.ColStride), panel, uint32(depth), uint32(rows), 0)
			t.scatter(dst.Slice(i, i+rows, j, j+cols), accumulate)
		}
	}
}

// scatter writes a tile to a destination of any strides and size.
func (t *table) scatter(dst ops.Matrix, accumulate bool) {
	for r := range dst.Rows {
		for c := range dst.Cols {
			d := &dst.Data[r*dst.RowStride+c*dst.ColStride]
			if accumulate {
				*d += t.edge[r*tileCols+c]
			} else {
				*d = t.edge[r*tileCols+c]
			}
		}
	}
}
