//go:build !noasm && (amd64 || arm64)

package simd

import (
	"math"

	"kvscope/engine/ops"
)

// kthLargest finds the rank of the value bit by bit; from counts what is not below
// a value.
func kthLargest(x []float32, k int, from func(x []float32, least float32) int) (value float32, above int) {
	ops.CheckKth(x, k)
	lowest := ops.Rank(float32(math.Inf(-1)))
	rank := uint32(0)
	for bit := uint32(1 << 31); bit > 0; bit >>= 1 {
		// Nothing ranks below -Inf, NaN included, which compares with nothing.
		if r := rank | bit; r <= lowest || from(x, ops.Unrank(r)) >= k {
			rank = r
		}
	}
	return ops.Unrank(rank), from(x, ops.Unrank(rank+1))
}
