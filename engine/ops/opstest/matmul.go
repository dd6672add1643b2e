package opstest

import (
	"math"
	"sync"

	"kvscope/engine/ops"
)

// layouts are the ways a rows x cols view may lie in memory.
var layouts = []struct {
	name string
	view func(rows, cols int) ops.Matrix // without data
}{
	{"dense", func(r, c int) ops.Matrix { return ops.Matrix{Rows: r, Cols: c, RowStride: c, ColStride: 1} }},
	{"transposed", func(r, c int) ops.Matrix { return ops.Matrix{Rows: r, Cols: c, RowStride: 1, ColStride: r} }},
	{"part of rows", func(r, c int) ops.Matrix { return ops.Matrix{Rows: r, Cols: c, RowStride: 2*c + 3, ColStride: 1} }},
	{"part of columns", func(r, c int) ops.Matrix { return ops.Matrix{Rows: r, Cols: c, RowStride: 1, ColStride: 2*r + 3} }},
	{"scattered", func(r, c int) ops.Matrix { return ops.Matrix{Rows: r, Cols: c, RowStride: 3*c + 1, ColStride: 3} }},
}

// size is the number of values a view needs.
func size(m ops.Matrix) int {
	if m.Rows == 0 || m.Cols == 0 {
		return 0
	}
	return (m.Rows-1)*m.RowStride + (m.Cols-1)*m.ColStride + 1
}

func element(m ops.Matrix, r, c int) float32 { return m.Data[r*m.RowStride+c*m.ColStride] }

// testMatMul tries all tails with all layouts, though not all pairs of the two.
func testMatMul(s *suite) {
	edge := []int{0, 1, 2, 3, 5, 8, 13, 14, 15, 16, 17, 27, 29, 31, 32, 33, 48, 65}
	count := 0
	for _, m := range edge {
		for _, n := range edge {
			for _, k := range []int{0, 1, 2, 4, 7, 15, 16, 17, 33} {
				count++
				product(s, m, n, k, count, count/5, count/25, count%2 == 0)
			}
		}
	}
	for i, d := range [][3]int{{230, 70, 300}, {3, 1100, 600}, {300, 3, 513}, {64, 1030, 257}, {30, 40, 1024}} {
		for a := range layouts {
			product(s, d[0], d[1], d[2], i+a, a, i, a%2 == 0)
		}
	}
}

// product checks one product of the given layouts against float64, and that
// what lies between the elements of the destination stays.
func product(s *suite, m, n, k, la, lb, ld int, accumulate bool) {
	s.Helper()
	a, b, d := layouts[la%5].view(m, k), layouts[lb%5].view(k, n), layouts[ld%5].view(m, n)
	before := s.normal(size(d))
	copies, intact := s.guarded([][]float32{before, s.normal(size(a)), s.normal(size(b))})
	d.Data, a.Data, b.Data = copies[0], copies[1], copies[2]
	s.table.MatMul(d, a, b, accumulate)
	if !intact() {
		s.Fatalf("%dx%dx%d: wrote outside of its operands", m, n, k)
	}
	for r := range m {
		for c := range n {
			at := r*d.RowStride + c*d.ColStride
			var want, bound float64
			if accumulate {
				want = float64(before[at])
				bound = math.Abs(want) * unit
			}
			for i := range k {
				p := float64(element(a, r, i)) * float64(element(b, i, c))
				want += p
				bound += math.Abs(p) * (float64(k+2)*unit + s.table.Coarse)
			}
			if got := float64(d.Data[at]); !(math.Abs(got-want) <= bound) {
				s.Fatalf("%dx%dx%d, a %s, b %s, dst %s, accumulate %v: [%d, %d] is %v, want %v within %.3g", m, n, k,
					layouts[la%5].name, layouts[lb%5].name, layouts[ld%5].name, accumulate, r, c, got, want, bound)
			}
			before[at] = d.Data[at]
		}
	}
	for i, v := range before {
		if math.Float32bits(v) != math.Float32bits(d.Data[i]) {
			s.Fatalf("%dx%dx%d, dst %s: wrote between its elements, at %d", m, n, k, layouts[ld%5].name, i)
		}
	}
}

// testMatMulPlace holds that the bits of an element depend on nothing but its row
// of a, its column of b and their length: one token computes alike alone and
// among others.
func testMatMulPlace(s *suite) {
	const m, n, k = 61, 75, 300
	a, b := ops.Dense(s.normal(m*k), m, k), ops.Dense(s.normal(k*n), k, n)
	whole := ops.Dense(make([]float32, m*n), m, n)
	s.table.MatMul(whole, a, b, false)
	for _, cut := range [][4]int{{0, 1, 0, n}, {7, 8, 5, 6}, {20, 45, 0, 33}, {3, 61, 40, 75}, {0, m, 74, 75}} {
		rows, cols := cut[1]-cut[0], cut[3]-cut[2]
		part := ops.Dense(make([]float32, rows*cols), rows, cols)
		s.table.MatMul(part, a.Slice(cut[0], cut[1], 0, k), b.Slice(0, k, cut[2], cut[3]), false)
		for r := range rows {
			for c := range cols {
				if got, want := element(part, r, c), element(whole, cut[0]+r, cut[2]+c); got != want {
					s.Fatalf("part %v: [%d, %d] is %v alone and %v in the whole product", cut, r, c, got, want)
				}
			}
		}
	}
}

// testMatMulNaN holds that NaN and Inf reach their row or column and no other.
func testMatMulNaN(s *suite) {
	const m, n, k = 17, 35, 20
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1))} {
		a, b := ops.Dense(s.normal(m*k), m, k), ops.Dense(s.normal(k*n), k, n)
		a.Data[5*k+3], b.Data[4*n+33] = bad, bad
		d := ops.Dense(make([]float32, m*n), m, n)
		s.table.MatMul(d, a, b, false)
		for r := range m {
			for c := range n {
				v := float64(element(d, r, c))
				if finite := !math.IsNaN(v) && !math.IsInf(v, 0); finite != (r != 5 && c != 33) {
					s.Fatalf("%v in row 5 and column 33 makes [%d, %d] %v", bad, r, c, v)
				}
			}
		}
	}
}

// testMatMulConcurrent shares the table's working memory.
func testMatMulConcurrent(s *suite) {
	const n = 50
	a, b := ops.Dense(s.normal(n*n), n, n), ops.Dense(s.normal(n*n), n, n)
	want := ops.Dense(make([]float32, n*n), n, n)
	s.table.MatMul(want, a, b, false)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			got := ops.Dense(make([]float32, n*n), n, n)
			for range 50 {
				s.table.MatMul(got, a, b, false)
				for i, v := range got.Data {
					if v != want.Data[i] {
						s.Errorf("element %d is %v, and %v when computed alone", i, v, want.Data[i])
						return
					}
				}
			}
		})
	}
	group.Wait()
}
