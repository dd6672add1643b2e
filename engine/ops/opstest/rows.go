package opstest

import (
	"math"

	"kvscope/engine/ops"
)

func testMatVec(s *suite) {
	rowProducts(s, func(k *ops.Kernels, dst, q, rows []float32) { k.MatVec(dst, rows, q) })
}

func testDotRows(s *suite) {
	rowProducts(s, func(k *ops.Kernels, dst, q, rows []float32) { k.DotRows(dst, q, rows) })
}

// rowProducts tests the products of rows with one vector.
func rowProducts(s *suite, call func(k *ops.Kernels, dst, q, rows []float32)) {
	for _, n := range lengths() {
		for _, rows := range []int{0, 1, 2, 3, 4, 5, 7, 8, 11} {
			v := s.same(func(k *ops.Kernels, v [][]float32) { call(k, v[0], v[1], v[2]) },
				s.normal(rows), s.normal(n), s.normal(rows*n))
			for r := range rows {
				want, size := dot64(v[1], v[2][r*n:][:n])
				s.near("row", r, v[0][r], want, size*float64(n+1)*unit)
			}
		}
	}
}

func testBoundScores(s *suite) {
	for _, n := range lengths() {
		for _, blocks := range []int{0, 1, 2, 3, 4, 5, 7, 8, 11} {
			v := s.same(func(k *ops.Kernels, v [][]float32) { k.BoundScores(v[0], v[1], v[2], v[3]) },
				s.normal(blocks), s.normal(n), s.uniform(blocks*n, -2, 0.5), s.uniform(blocks*n, 0.5, 2))
			for b := range blocks {
				var want, size float64
				for c, q := range v[1] {
					term := max(float64(q)*float64(v[2][b*n+c]), float64(q)*float64(v[3][b*n+c]))
					want += term
					size += math.Abs(term)
				}
				s.near("block", b, v[0][b], want, size*float64(n+1)*unit)
			}
		}
	}
}

func testMinMax(s *suite) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, n := range lengths() {
		for _, rows := range []int{0, 1, 2, 5} {
			x := s.normal(rows * n)
			for i := range x {
				switch s.rand.IntN(20) {
				case 0:
					x[i] = nan
				case 1:
					x[i] = inf
				case 2:
					x[i] = -inf
				}
			}
			lo, hi := s.normal(n), s.normal(n)
			v := s.same(func(k *ops.Kernels, v [][]float32) { k.MinMax(v[0], v[1], v[2]) }, lo, hi, x)
			for c := range n {
				for r := range rows {
					if value := x[r*n+c]; value == value {
						lo[c], hi[c] = min(lo[c], value), max(hi[c], value)
					}
				}
				if v[0][c] != lo[c] || v[1][c] != hi[c] {
					s.Fatalf("%d rows of %d: channel %d has bounds [%v, %v], want [%v, %v]", rows, n, c, v[0][c], v[1][c], lo[c], hi[c])
				}
			}
		}
	}
}

func testAdd(s *suite) {
	for _, n := range lengths() {
		a := s.normal(n)
		v := s.same(func(k *ops.Kernels, v [][]float32) { k.Add(v[0], v[1]) }, a, s.normal(n))
		for i := range a {
			if want := a[i] + v[1][i]; v[0][i] != want {
				s.Fatalf("%d values: %v + %v is %v", n, a[i], v[1][i], v[0][i])
			}
		}
	}
}
