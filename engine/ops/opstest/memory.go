package opstest

import (
	"math"

	"kvscope/engine/ops"
)

// steps are lengths of scans, wide those of rows in memory: a view may be part of
// a wider matrix.
var steps = []int{0, 1, 2, 3, 17}

// view makes x [t, n] with gap values between rows.
func view(x []float32, t, n, gap int) ops.Matrix {
	return ops.Matrix{Data: x, Rows: t, Cols: n, RowStride: n + gap, ColStride: 1}
}

func viewSize(t, n, gap int) int { return max(0, t*(n+gap)-gap) }

func testMemoryScan(s *suite) {
	for _, n := range lengths() {
		for i, t := range steps {
			gap := i % 3 * 5
			size := viewSize(t, n, gap)
			state, gate, x := s.normal(n), s.uniform(size, 0, 1), s.normal(size)
			v := s.same(func(k *ops.Kernels, v [][]float32) {
				k.MemoryScan(view(v[0], t, n, gap), v[1], view(v[2], t, n, gap), view(v[3], t, n, gap))
			}, s.normal(size), state, gate, x)
			inPlace := s.same(func(k *ops.Kernels, v [][]float32) {
				k.MemoryScan(view(v[0], t, n, gap), v[1], view(v[2], t, n, gap), view(v[0], t, n, gap))
			}, x, state, gate)
			for c := range n {
				y, bound := float64(state[c]), 0.0
				for r := range t {
					at := r*(n+gap) + c
					g := float64(gate[at])
					kept, added := g*y, (1-g)*float64(x[at])
					y = kept + added
					bound = g*bound + unit*(3*math.Abs(kept)+4*math.Abs(added))
					s.near("memory", at, v[0][at], y, bound)
					if v[0][at] != inPlace[0][at] {
						s.Fatalf("memory at %d is %v, in place %v", at, v[0][at], inPlace[0][at])
					}
				}
				s.near("state", c, v[1][c], y, bound)
			}
		}
	}
}

func testMemoryScanBackward(s *suite) {
	for _, n := range lengths() {
		for i, t := range steps {
			gap := i % 3 * 5
			size := viewSize(t, n, gap)
			dgate, dy, y, gate, x := s.normal(size), s.normal(size), s.normal(size), s.uniform(size, 0, 1), s.normal(size)
			call := func(k *ops.Kernels, dx, dgate, dy, y, gate, x []float32) {
				k.MemoryScanBackward(view(dx, t, n, gap), view(dgate, t, n, gap), view(dy, t, n, gap),
					view(y, t, n, gap), view(gate, t, n, gap), view(x, t, n, gap))
			}
			v := s.same(func(k *ops.Kernels, v [][]float32) { call(k, v[0], v[1], v[2], v[3], v[4], v[5]) },
				s.normal(size), dgate, dy, y, gate, x)
			inPlace := s.same(func(k *ops.Kernels, v [][]float32) { call(k, v[1], v[0], v[1], v[2], v[3], v[4]) },
				dgate, dy, y, gate, x)
			for c := range n {
				carried, bound := 0.0, 0.0
				for r := t - 1; r >= 0; r-- {
					at := r*(n+gap) + c
					g, before := float64(gate[at]), 0.0
					if r > 0 {
						before = float64(y[at-n-gap])
					}
					a := float64(dy[at]) + carried
					bound += unit * math.Abs(a)
					s.near("dx", at, v[0][at], (1-g)*a, (1-g)*bound+3*unit*math.Abs((1-g)*a))
					if v[0][at] != inPlace[1][at] {
						s.Fatalf("dx at %d is %v, in place %v", at, v[0][at], inPlace[1][at])
					}
					change := before - float64(x[at])
					want := float64(dgate[at]) + change*a
					s.near("dgate", at, v[1][at], want, math.Abs(change)*bound+3*unit*math.Abs(change*a)+unit*math.Abs(want))
					carried = g * a
					bound = g*bound + 2*unit*math.Abs(carried)
				}
			}
		}
	}
}
