package sparse

import (
	"math"

	"kvscope/engine/ops"
)

// TopK writes to dst, whose memory it reuses, the indices of the min(n, len(x))
// largest values of x, ascending. Of equal values the lower index comes first,
// -0 and +0 are equal, -Inf is an ordinary smallest value and NaN counts as -Inf:
// either is taken only when nothing greater is left.
func TopK(k *ops.Kernels, dst []int, x []float32, n int) []int {
	dst = dst[:0]
	if n <= 0 {
		return dst
	}
	if n >= len(x) {
		for i := range x {
			dst = append(dst, i)
		}
		return dst
	}
	least, above := k.KthLargest(x, n)
	want := n - above // of those equal to least
	lowest := least == float32(math.Inf(-1))
	for i, v := range x {
		switch {
		case v > least:
			dst = append(dst, i)
		case want > 0 && (v == least || lowest):
			dst = append(dst, i)
			want--
		}
	}
	return dst
}
