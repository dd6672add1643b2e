package opstest

import (
	"math"
	"slices"

	"kvscope/engine/ops"
)

// testKthLargest holds the value to a sort, exactly, for values with many ties and
// for the specials.
func testKthLargest(s *suite) {
	for _, n := range lengths()[1:] {
		for _, x := range [][]float32{s.normal(n), s.ties(n)} {
			sorted := slices.Clone(x)
			for i, v := range sorted {
				switch {
				case v != v:
					sorted[i] = float32(math.Inf(-1))
				case v == 0:
					sorted[i] = 0
				}
			}
			slices.SortFunc(sorted, func(a, b float32) int {
				switch {
				case a > b:
					return -1
				case a < b:
					return 1
				}
				return 0
			})
			for _, k := range []int{1, 2, 3, n / 4, n / 2, n - 1, n} {
				if k < 1 || k > n {
					continue
				}
				got := make([]float32, 2)
				s.same(func(table *ops.Kernels, v [][]float32) {
					value, above := table.KthLargest(v[0], k)
					got[0], got[1] = value, float32(above)
					copy(v[1], got)
				}, x, make([]float32, 2))
				value, above := s.table.KthLargest(x, k)
				want := sorted[k-1]
				if math.Float32bits(value) != math.Float32bits(want) || above != slices.Index(sorted, want) {
					s.Fatalf("%d-th largest of %d is %v with %d above, want %v with %d", k, n, value, above, want, slices.Index(sorted, want))
				}
			}
		}
	}
}

// ties returns n values of which many are equal, the specials among them.
func (s *suite) ties(n int) []float32 {
	some, x := append(specials(), 1, 1, 2, 2, 3), make([]float32, n)
	for i := range x {
		x[i] = some[s.rand.IntN(len(some))]
	}
	return x
}
