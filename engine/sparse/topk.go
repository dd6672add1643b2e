package sparse

import "math"

// TopK writes to dst, whose memory it reuses, the indices of the min(k, len(x))
// largest values of x, ascending. Of equal values the lower index comes first,
// -0 and +0 are equal, -Inf is an ordinary smallest value and NaN counts as -Inf:
// either is taken only when nothing greater is left.
//
// It finds the k-th largest value by a radix selection on the bits, a byte at a
// time from the top: at most five passes over x whatever its contents, and no
// memory besides dst.
func TopK(dst []int, x []float32, k int) []int {
	dst = dst[:0]
	if k <= 0 {
		return dst
	}
	if k >= len(x) {
		for i := range x {
			dst = append(dst, i)
		}
		return dst
	}
	// want is how many of the values that share the bits of threshold under mask
	// are to be taken; all greater ones are taken, all smaller ones are not.
	threshold, mask, want := uint32(0), uint32(0), k
	for shift := 24; shift >= 0; shift -= 8 {
		var count [256]int
		for _, v := range x {
			if r := rank(v); r&mask == threshold {
				count[r>>shift&0xff]++
			}
		}
		b := 255
		for ; count[b] < want; b-- {
			want -= count[b]
		}
		threshold |= uint32(b) << shift
		mask |= 0xff << shift
		if count[b] == want {
			break
		}
	}
	for i, v := range x {
		switch r := rank(v) & mask; {
		case r > threshold:
			dst = append(dst, i)
		case r == threshold && want > 0:
			dst = append(dst, i)
			want--
		}
	}
	return dst
}

// rank maps a float32 to an integer of the same order. The sign is handled without
// a branch, for it is as good as random.
func rank(v float32) uint32 {
	switch {
	case v == 0: // -0 too
		return 1 << 31
	case v != v:
		v = float32(math.Inf(-1))
	}
	b := math.Float32bits(v)
	return b ^ (uint32(int32(b)>>31) | 1<<31)
}
