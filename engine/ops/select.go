package ops

import (
	"fmt"
	"math"
)

// KthLargest is Kernels.KthLargest in plain Go, for who has no kernels: a radix selection on
// the bits, a byte at a time from the top, at most four passes over x whatever its contents,
// and no memory.
func KthLargest(x []float32, k int) (value float32, above int) {
	CheckKth(x, k)
	// want is how many of the values that share the bits of threshold under mask
	// are among the k largest.
	threshold, mask, want := uint32(0), uint32(0), k
	for shift := 24; shift >= 0; shift -= 8 {
		var count [256]int
		for _, v := range x {
			if r := Rank(v); r&mask == threshold {
				count[r>>shift&0xff]++
			}
		}
		b := 255
		for ; count[b] < want; b-- {
			want -= count[b]
		}
		threshold |= uint32(b) << shift
		mask |= 0xff << shift
	}
	return Unrank(threshold), k - want
}

// CheckKth panics unless 1 <= k <= len(x).
func CheckKth(x []float32, k int) {
	if k < 1 || k > len(x) {
		panic(fmt.Sprintf("ops: KthLargest %d of %d values", k, len(x)))
	}
}

// Rank maps a float32 to an integer of the same order, both zeros to one and NaN
// to that of -Inf. The sign is handled without a branch, for it is as good as
// random.
func Rank(v float32) uint32 {
	switch {
	case v == 0: // -0 too
		return 1 << 31
	case v != v:
		v = float32(math.Inf(-1))
	}
	b := math.Float32bits(v)
	return b ^ (uint32(int32(b)>>31) | 1<<31)
}

// Unrank is the value of that rank.
func Unrank(r uint32) float32 {
	return math.Float32frombits(r ^ (uint32(int32(^r)>>31) | 1<<31))
}
