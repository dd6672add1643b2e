package opstest

import (
	"math"

	"kvscope/engine/ops"
)

func testAttend(s *suite) {
	spanSets := [][]ops.Span{
		nil,
		{{Start: 0, End: 1}},
		{{Start: 3, End: 4}},
		{{Start: 0, End: 40}},
		{{Start: 0, End: 16}, {Start: 16, End: 32}, {Start: 35, End: 40}},
		{{Start: 1, End: 2}, {Start: 5, End: 9}, {Start: 11, End: 18}, {Start: 39, End: 40}},
	}
	const capacity = 40
	for _, n := range lengths()[1:] {
		for _, spans := range spanSets {
			var at []int
			for _, span := range spans {
				for j := span.Start; j < span.End; j++ {
					at = append(at, j)
				}
			}
			scale := float32(1 / math.Sqrt(float64(n)))
			for _, queries := range []int{1, 3} {
				v := s.same(func(k *ops.Kernels, v [][]float32) { k.Attend(v[0], v[1], v[2], v[3], v[4], spans, scale, queries) },
					s.normal(queries*n), s.normal(queries*len(at)), s.normal(queries*n), s.normal(capacity*n), s.normal(capacity*n))
				ops.EachQuery(v[0], v[1], v[2], queries, func(dst, weights, q []float32) {
					checkAttend(s, [][]float32{dst, weights, q, v[3], v[4]}, at, scale)
				})
			}
		}
	}
}

// checkAttend derives its bound from the scores' rounding, which softmax turns
// into relative errors of the weights, and that of the weighted sum.
func checkAttend(s *suite, v [][]float32, at []int, scale float32) {
	dst, weights, q, keys, values := v[0], v[1], v[2], v[3], v[4]
	n := len(q)
	exact, slack := make([]float64, len(at)), 0.0
	for i, j := range at {
		dot, size := dot64(q, keys[j*n:][:n])
		exact[i] = float64(scale) * dot
		slack = max(slack, float64(scale)*size*float64(n+6)*unit)
	}
	top, sum := math.Inf(-1), 0.0
	for _, e := range exact {
		top = max(top, e)
	}
	for i, e := range exact {
		exact[i] = math.Exp(e - top)
		sum += exact[i]
	}
	relative := 4*slack + 2*expError + float64(len(at)+3)*unit
	want, size := make([]float64, n), make([]float64, n)
	for i, j := range at {
		w := exact[i] / sum
		s.near("weight", i, weights[i], w, w*relative)
		for c := range n {
			p := w * float64(values[j*n+c])
			want[c] += p
			size[c] += math.Abs(p)
		}
	}
	for c := range n {
		s.near("dst", c, dst[c], want[c], size[c]*(relative+float64(len(at)+1)*unit))
	}
}
