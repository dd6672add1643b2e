//go:build !noasm

package simd

import "kvscope/engine/ops"

func (n neon) memoryScan(dst ops.Matrix, state []float32, gate, x ops.Matrix) {
	ops.CheckSteps("MemoryScan", x.Rows, len(state), dst, gate, x)
	most := groups(len(state))
	for t := 0; t < x.Rows && most > 0; t += max(1, scanValues/most) {
		steps := min(max(1, scanValues/most), x.Rows-t)
		for c := 0; c < most; c += 16 {
			memoryScanNEON(place(dst, t, c), stride(dst), &state[c], place(gate, t, c), stride(gate), place(x, t, c), stride(x), steps)
		}
	}
	n.reference.MemoryScan(from(dst, most), state[most:], from(gate, most), from(x, most))
}

func (n neon) memoryScanBackward(dx, dgate, dy, y, gate, x ops.Matrix) {
	ops.CheckSteps("MemoryScanBackward", x.Rows, x.Cols, dx, dgate, dy, y, gate, x)
	if x.Rows == 0 {
		return
	}
	most, last := groups(x.Cols), x.Rows-1
	for c := 0; c < most; c += 16 {
		memoryScanBackwardNEON(place(dx, last, c), stride(dx), place(dgate, last, c), stride(dgate), place(dy, last, c), stride(dy),
			place(y, last, c), stride(y), place(gate, last, c), stride(gate), place(x, last, c), stride(x), x.Rows)
	}
	n.reference.MemoryScanBackward(from(dx, most), from(dgate, most), from(dy, most), from(y, most), from(gate, most), from(x, most))
}

// place is the address of element (r, c).
func place(m ops.Matrix, r, c int) *float32 { return &m.Data[r*m.RowStride+c] }

// from is the view of the columns from c.
func from(m ops.Matrix, c int) ops.Matrix { return m.Slice(0, m.Rows, c, m.Cols) }
