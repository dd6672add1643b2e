package sparse

import (
	"math"
	"slices"
	"testing"
)

// turns are the rotations of heads of a size, of base 10000, as a model gives them; all
// lengths are multiplied by stretch.
func turns(dim int, stretch float64) func(n int) (cos, sin []float32) {
	return func(n int) (cos, sin []float32) {
		for t := range n {
			for i := range dim / 2 {
				s, c := math.Sincos(float64(t) * math.Pow(10000, -2*float64(i)/float64(dim)))
				cos, sin = append(cos, float32(stretch*c)), append(sin, float32(stretch*s))
			}
		}
		return cos, sin
	}
}

// turn is the matrix [Dh, Dh] that rotates position t.
func turn(dim, t int) [][]float64 {
	r := make([][]float64, dim)
	for i := range r {
		r[i] = make([]float64, dim)
	}
	for i := range dim / 2 {
		s, c := math.Sincos(float64(t) * math.Pow(10000, -2*float64(i)/float64(dim)))
		r[i][i], r[i][i+dim/2], r[i+dim/2][i], r[i+dim/2][i+dim/2] = c, -s, s, c
	}
	return r
}

func times(a, b [][]float64) [][]float64 {
	out := make([][]float64, len(a))
	for i := range a {
		out[i] = make([]float64, len(b[0]))
		for j := range out[i] {
			for c := range b {
				out[i][j] += a[i][c] * b[c][j]
			}
		}
	}
	return out
}

func turned(a [][]float64) [][]float64 {
	out := make([][]float64, len(a[0]))
	for i := range out {
		for j := range a {
			out[i] = append(out[i], a[j][i])
		}
	}
	return out
}

// naiveExpected is ExpectedAttention by its definition, in float64, with q the queries of
// all positions of h.
func naiveExpected(m ExpectedAttention, q []float32, h *KVCache) []float64 {
	d, n := h.Dim, h.Len-m.Initial
	column := func(x []float32, t int) [][]float64 {
		out := make([][]float64, d)
		for c := range out {
			out[c] = []float64{float64(x[t*d+c])}
		}
		return out
	}
	mean, square, ahead := make([][]float64, d), make([][]float64, d), make([][]float64, d)
	for c := range d {
		mean[c], square[c], ahead[c] = make([]float64, 1), make([]float64, d), make([]float64, d)
	}
	add := func(dst, x [][]float64, share float64) {
		for i := range dst {
			for j := range dst[i] {
				dst[i][j] += share * x[i][j]
			}
		}
	}
	for t := m.Initial; t < h.Len; t++ {
		u := times(turned(turn(d, t)), column(q, t))
		add(mean, u, 1/float64(n))
		add(square, times(u, turned(u)), 1/float64(n))
	}
	for t := range m.Future {
		add(ahead, turn(d, h.Len+t), 1/float64(m.Future))
	}
	add(square, times(mean, turned(mean)), -1) // E[uu'] - E[u]E[u]'
	mu, cov := times(ahead, mean), times(times(ahead, square), turned(ahead))
	out, total := make([]float64, h.Len), 0.0
	for j := m.Initial; j < h.Len; j++ {
		k := column(h.Keys, j)
		z := times(turned(k), mu)[0][0]/math.Sqrt(float64(d)) + times(times(turned(k), cov), k)[0][0]/float64(2*d)
		out[j] = math.Exp(z)
		total += out[j]
	}
	for j := range out {
		v := column(h.Values, j)
		out[j] = (out[j]/total + m.Epsilon) * math.Sqrt(times(turned(v), v)[0][0])
		if j < m.Initial {
			out[j] = math.Inf(1)
		}
	}
	return out
}

// TestExpectedAttentionIsTheDefinition holds scores and what stays to matrices in float64,
// also where the rotation stretches, which must make no difference beyond that of longer
// queries.
func TestExpectedAttentionIsTheDefinition(t *testing.T) {
	for _, m := range []ExpectedAttention{standardExpected(), {Initial: 0, Future: 1}, {Initial: 9, Future: 40, Epsilon: 1}} {
		h, q := cache(81, 16, 16, 90)
		want := naiveExpected(m, q, h)
		rounded := make([]float32, len(want))
		for j, w := range want {
			rounded[j] = float32(w)
		}
		for _, stretch := range []float64{1, 1.5} {
			h.Rotations = turns(h.Dim, stretch)
			stretched := make([]float32, len(q))
			for i, v := range q {
				stretched[i] = float32(stretch) * v
			}
			if stretch != 1 {
				want = naiveExpected(m, stretched, h)
			}
			for capacity := range h.Len + 1 {
				if capacity <= m.Initial || stretch != 1 && capacity > m.Initial+1 {
					continue
				}
				e := Grouped{Scorer: m, Capacity: capacity, Group: groupMean}
				var sel, again Selection
				e.Keep(&sel, stretched, 0, 0, h)
				for j, w := range want {
					if got := float64(sel.Scores[j]); got != w && math.Abs(got-w) > 1e-4*w {
						t.Fatalf("%+v, stretched %g: position %d scores %g, want %g", m, stretch, j, got, w)
					}
				}
				if got := positions(&sel); stretch == 1 && !slices.Equal(got, sortTopK(rounded, capacity)) {
					t.Errorf("%+v of %d keeps %v, want %v", m, capacity, got, sortTopK(rounded, capacity))
				}
				if !e.Reevict(&again, 0, 0, Shape(h.kernels, 16, h.Len), sel.Scores) || !slices.Equal(positions(&again), positions(&sel)) {
					t.Errorf("%+v of %d keeps %v by its scores, %v before", m, capacity, positions(&again), positions(&sel))
				}
			}
		}
	}
}

// TestExpectedAttentionOfShortPrompts: of what is no longer than the first positions nothing
// is dropped, and nothing divides by their number.
func TestExpectedAttentionOfShortPrompts(t *testing.T) {
	for _, n := range []int{1, 4, 5, 6} {
		h, q := cache(82, 8, 4, n)
		var sel Selection
		Grouped{Scorer: standardExpected(), Capacity: 5, Group: groupEach}.Keep(&sel, q, 0, 0, h)
		if sel.Count() != min(n, 5) {
			t.Errorf("of %d positions %v stay", n, positions(&sel))
		}
		for j, s := range sel.Scores {
			if s != s || math.IsInf(float64(s), 1) != (j < 4) {
				t.Errorf("of %d positions %d scores %g", n, j, s)
			}
		}
	}
}
