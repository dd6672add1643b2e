package ops

import "fmt"

// The Check functions hold the shape contract of the kernels, shared by every
// table: each panics with the shapes it was given when they do not fit together.
// A table that leaves Go's bounds checks behind must call them first.

// CheckMatMul panics unless dst [M, N], a [M, K] and b [K, N] fit together and
// each view lies within its data.
func CheckMatMul(dst, a, b Matrix) {
	if dst.Rows != a.Rows || dst.Cols != b.Cols || a.Cols != b.Rows {
		panic(fmt.Sprintf("ops: MatMul dst %dx%d, a %dx%d, b %dx%d",
			dst.Rows, dst.Cols, a.Rows, a.Cols, b.Rows, b.Cols))
	}
	dst.checkWithin("MatMul dst")
	a.checkWithin("MatMul a")
	b.checkWithin("MatMul b")
}

// CheckRows panics unless rows holds n rows as long as a vector of length cols.
func CheckRows(kernel string, n, cols, rows int) {
	if n*cols != rows {
		panic(fmt.Sprintf("ops: %s of %d values, want %d rows of %d", kernel, rows, n, cols))
	}
}

// CheckWhole panics unless n values are whole rows of length cols; it returns
// the number of rows.
func CheckWhole(kernel string, n, cols int) int {
	if n == 0 {
		return 0
	}
	if cols <= 0 || n%cols != 0 {
		panic(fmt.Sprintf("ops: %s of %d values in rows of %d", kernel, n, cols))
	}
	return n / cols
}

// CheckSame panics unless a and b, two lengths, are equal.
func CheckSame(kernel string, a, b int) {
	if a != b {
		panic(fmt.Sprintf("ops: %s of %d and %d values", kernel, a, b))
	}
}

// CheckSteps panics unless every view is [rows, cols] with column stride 1 and
// lies within its data.
func CheckSteps(kernel string, rows, cols int, views ...Matrix) {
	for _, v := range views {
		if v.Rows != rows || v.Cols != cols || v.ColStride != 1 {
			panic(fmt.Sprintf("ops: %s view %dx%d with column stride %d, want %dx%d with 1",
				kernel, v.Rows, v.Cols, v.ColStride, rows, cols))
		}
		v.checkWithin(kernel)
	}
}

// CheckAttend panics unless the operands of Attend fit together: spans ascend,
// are disjoint, not empty and within keys and values, and weights has one entry
// per query and position.
func CheckAttend(dst, weights, q, keys, values []float32, spans []Span, queries int) {
	CheckSame("Attend dst and q", len(dst), len(q))
	if queries < 1 || len(q)%queries != 0 {
		panic(fmt.Sprintf("ops: Attend of %d queries in %d values", queries, len(q)))
	}
	total, end := 0, 0
	for _, s := range spans {
		if s.Start < end || s.End <= s.Start {
			panic(fmt.Sprintf("ops: Attend span [%d, %d) after position %d", s.Start, s.End, end))
		}
		end = s.End
		total += s.Len()
	}
	CheckSame("Attend weights and spans", len(weights), total*queries)
	if d := len(q) / queries; end*d > len(keys) || end*d > len(values) {
		panic(fmt.Sprintf("ops: Attend to position %d of %d with %d keys and %d values", end, d, len(keys), len(values)))
	}
}

func (m Matrix) checkWithin(what string) {
	if m.Rows <= 0 || m.Cols <= 0 {
		if m.Rows < 0 || m.Cols < 0 {
			panic(fmt.Sprintf("ops: %s is %dx%d", what, m.Rows, m.Cols))
		}
		return
	}
	if m.RowStride < 0 || m.ColStride < 0 || (m.Rows-1)*m.RowStride+(m.Cols-1)*m.ColStride >= len(m.Data) {
		panic(fmt.Sprintf("ops: %s %dx%d with strides %d, %d in %d values",
			what, m.Rows, m.Cols, m.RowStride, m.ColStride, len(m.Data)))
	}
}
