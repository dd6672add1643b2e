package ops

import "fmt"

// Matrix is a strided view of float32 data: element (r, c) is
// Data[r*RowStride + c*ColStride].
type Matrix struct {
	Data                 []float32
	Rows, Cols           int
	RowStride, ColStride int
}

// Dense views row-major data [rows, cols] as a Matrix.
func Dense(data []float32, rows, cols int) Matrix {
	if len(data) < rows*cols {
		panic(fmt.Sprintf("ops: %d values for a %dx%d matrix", len(data), rows, cols))
	}
	return Matrix{Data: data, Rows: rows, Cols: cols, RowStride: cols, ColStride: 1}
}

// T is the transposed view.
func (m Matrix) T() Matrix {
	return Matrix{Data: m.Data, Rows: m.Cols, Cols: m.Rows, RowStride: m.ColStride, ColStride: m.RowStride}
}

// Slice is the view of rows [r0, r1) and columns [c0, c1).
func (m Matrix) Slice(r0, r1, c0, c1 int) Matrix {
	if r0 < 0 || c0 < 0 || r1 < r0 || c1 < c0 || r1 > m.Rows || c1 > m.Cols {
		panic(fmt.Sprintf("ops: slice [%d:%d, %d:%d] of a %dx%d matrix", r0, r1, c0, c1, m.Rows, m.Cols))
	}
	s := Matrix{Rows: r1 - r0, Cols: c1 - c0, RowStride: m.RowStride, ColStride: m.ColStride}
	if s.Rows > 0 && s.Cols > 0 {
		s.Data = m.Data[r0*m.RowStride+c0*m.ColStride:]
	}
	return s
}

// Row is row r of a view whose column stride is 1.
func (m Matrix) Row(r int) []float32 {
	if m.ColStride != 1 {
		panic(fmt.Sprintf("ops: row of a matrix with column stride %d, want 1", m.ColStride))
	}
	return m.Data[r*m.RowStride : r*m.RowStride+m.Cols]
}

// Span is the half-open range of positions [Start, End).
type Span struct{ Start, End int }

// Len is the number of positions in s.
func (s Span) Len() int { return s.End - s.Start }

// rows is the view of rows [r0, r1).
func (m Matrix) rows(r0, r1 int) Matrix { return m.Slice(r0, r1, 0, m.Cols) }
