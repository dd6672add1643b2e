package ops

import "sync"

// The product runs on packed copies of its operands, so that any stride costs one
// pass and the inner loop reads memory in order: a in panels of 2 rows, b in
// panels of 4 columns, 2x4 being the largest tile whose sums stay in registers on
// amd64 and WASM alike. Block sizes keep a block of a in L1 and one of b in L2.
const (
	matMulBlockK = 256
	matMulBlockM = 64
	matMulBlockN = 512
)

type matMulPanels struct {
	a [matMulBlockM / 2 * matMulBlockK][2]float32
	b [matMulBlockN / 4 * matMulBlockK][4]float32
}

var matMulPool = sync.Pool{New: func() any { return new(matMulPanels) }}

func matMul(dst, a, b Matrix, accumulate bool) {
	CheckMatMul(dst, a, b)
	if dst.Rows == 0 || dst.Cols == 0 {
		return
	}
	if a.Cols == 0 {
		if !accumulate {
			dst.zero()
		}
		return
	}
	p := matMulPool.Get().(*matMulPanels)
	defer matMulPool.Put(p)
	for j := 0; j < dst.Cols; j += matMulBlockN {
		cols := min(matMulBlockN, dst.Cols-j)
		for k := 0; k < a.Cols; k += matMulBlockK {
			depth := min(matMulBlockK, a.Cols-k)
			packColumns(p.b[:], b.Slice(k, k+depth, j, j+cols))
			for i := 0; i < dst.Rows; i += matMulBlockM {
				rows := min(matMulBlockM, dst.Rows-i)
				packRows(p.a[:], a.Slice(i, i+rows, k, k+depth))
				matMulBlock(dst.Slice(i, i+rows, j, j+cols), p, depth, accumulate || k > 0)
			}
		}
	}
}

// packColumns copies b to panels of 4 columns, [cols/4][depth][4], the last one
// filled up with zeros.
func packColumns(panels [][4]float32, b Matrix) {
	for j := 0; j < b.Cols; j += 4 {
		panel := panels[j/4*b.Rows:][:b.Rows]
		width := min(4, b.Cols-j)
		for k := range panel {
			at := k*b.RowStride + j*b.ColStride
			if width == 4 {
				s := b.ColStride
				d := b.Data[at : at+3*s+1]
				panel[k] = [4]float32{d[0], d[s], d[2*s], d[3*s]}
				continue
			}
			panel[k] = [4]float32{}
			for c := range width {
				panel[k][c] = b.Data[at+c*b.ColStride]
			}
		}
	}
}

// packRows copies a to panels of 2 rows, [rows/2][depth][2], an odd last row
// beside zeros.
func packRows(panels [][2]float32, a Matrix) {
	for i := 0; i < a.Rows; i += 2 {
		panel := panels[i/2*a.Cols:][:a.Cols]
		at, s := i*a.RowStride, a.RowStride
		if i+1 == a.Rows {
			for k := range panel {
				panel[k] = [2]float32{a.Data[at+k*a.ColStride], 0}
			}
			continue
		}
		for k := range panel {
			d := a.Data[at+k*a.ColStride:]
			panel[k] = [2]float32{d[0], d[s]}
		}
	}
}

func matMulBlock(dst Matrix, p *matMulPanels, depth int, accumulate bool) {
	for j := 0; j < dst.Cols; j += 4 {
		b := p.b[j/4*depth:][:depth]
		for i := 0; i < dst.Rows; i += 2 {
			tile := matMulTile(p.a[i/2*depth:][:depth], b)
			rows, cols := min(2, dst.Rows-i), min(4, dst.Cols-j)
			for r := range rows {
				at := (i+r)*dst.RowStride + j*dst.ColStride
				for c := range cols {
					d := &dst.Data[at+c*dst.ColStride]
					if accumulate {
						*d += tile[r][c]
					} else {
						*d = tile[r][c]
					}
				}
			}
		}
	}
}

// matMulTile is the product of a 2-row panel and a 4-column panel.
func matMulTile(a [][2]float32, b [][4]float32) [2][4]float32 {
	b = b[:len(a)]
	var s00, s01, s02, s03, s10, s11, s12, s13 float32
	for k := range a {
		a0, a1 := a[k][0], a[k][1]
		b0, b1, b2, b3 := b[k][0], b[k][1], b[k][2], b[k][3]
		s00 += a0 * b0
		s01 += a0 * b1
		s02 += a0 * b2
		s03 += a0 * b3
		s10 += a1 * b0
		s11 += a1 * b1
		s12 += a1 * b2
		s13 += a1 * b3
	}
	return [2][4]float32{{s00, s01, s02, s03}, {s10, s11, s12, s13}}
}

func (m Matrix) zero() {
	for r := range m.Rows {
		for c := range m.Cols {
			m.Data[r*m.RowStride+c*m.ColStride] = 0
		}
	}
}
