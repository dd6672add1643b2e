package figures

import (
	"cmp"
	"slices"
)

// Top returns the indices of the k largest values, largest first, ties to the
// lower index. NaN sorts last. k beyond len(values) means all of them.
func Top(values []float32, k int) []int {
	k = min(k, len(values))
	top := make([]int, 0, k+1)
	for i, v := range values {
		if len(top) == k && (k == 0 || cmp.Compare(v, values[top[k-1]]) <= 0) {
			continue // as nearly all are, where a few of many are asked for
		}
		at, _ := slices.BinarySearchFunc(top, v, func(j int, v float32) int {
			if cmp.Compare(values[j], v) >= 0 {
				return -1
			}
			return 1
		})
		if top = slices.Insert(top, at, i); len(top) > k {
			top = top[:k]
		}
	}
	return top
}

// Rank is the place of values[i] among values, from 0 for the largest, ties to the
// lower index: the number of values that Top puts before it.
func Rank(values []float32, i int) int {
	n := 0
	for j, v := range values {
		if c := cmp.Compare(v, values[i]); c > 0 || c == 0 && j < i {
			n++
		}
	}
	return n
}
