package simd

import (
	"unsafe"

	"kvscope/engine/ops"
)

// A kernel computes tileCols columns. The blocks are those of the reference: blockDepth decides
// the order of sums, and so their bits.
const (
	tileCols   = 8
	blockRows  = 64
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
			for i := 0; i < a.Rows; i += blockRows {
				rows := min(blockRows, a.Rows-i)
				t.block(dst.Slice(i, i+rows, j, j+cols), a.Slice(i, i+rows, k, k+depth), accumulate || k > 0)
			}
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

// block computes dst = a · the panels, one panel after the other.
func (t *table) block(dst, a ops.Matrix, accumulate bool) {
	add := uint32(0)
	if accumulate {
		add = 1
	}
	for j := 0; j < dst.Cols; j += tileCols {
		panel, cols := at(t.panels[j*a.Cols:]), min(tileCols, dst.Cols-j)
		if cols == tileCols && dst.ColStride == 1 {
			t.tiles(unsafe.Pointer(&dst.Data[j]), dst.RowStride, a, panel, add)
			continue
		}
		t.tiles(at(t.edge[:]), tileCols, a, panel, 0)
		scatter(dst.Slice(0, dst.Rows, j, j+cols), t.edge[:], accumulate)
	}
}

// tiles computes tileCols columns of a product, whose rows are so many values apart.
func (t *table) tiles(dst unsafe.Pointer, apart int, a ops.Matrix, panel unsafe.Pointer, add uint32) {
	kernel := tile
	if t.fused {
		kernel = tileFused
	}
	kernel(dst, 4*uint32(apart), at(a.Data), 4*uint32(a.RowStride), 4*uint32(a.ColStride), panel, uint32(a.Cols), uint32(a.Rows), add)
}

// scatter writes tileCols columns of a product to a destination of any strides and size.
func scatter(dst ops.Matrix, edge []float32, accumulate bool) {
	for r := range dst.Rows {
		for c := range dst.Cols {
			d := &dst.Data[r*dst.RowStride+c*dst.ColStride]
			if accumulate {
				*d += edge[r*tileCols+c]
			} else {
				*d = edge[r*tileCols+c]
			}
		}
	}
}
