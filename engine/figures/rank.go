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

// kth is the k-th largest of values, k from 1 on, and how many that equal it are among the k
// largest: what Top tells of a set, in a time that does not grow with k (Hoare 1961, FIND).
func kth(values []float32, k int) (least float32, equal int) {
	x := slices.Clone(values)
	for lo, hi := 0, len(x)-1; lo < hi; {
		pivot, i, j := x[(lo+hi)/2], lo, hi
		for i <= j {
			for cmp.Compare(x[i], pivot) > 0 {
				i++
			}
			for cmp.Compare(x[j], pivot) < 0 {
				j--
			}
			if i <= j {
				x[i], x[j] = x[j], x[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case k-1 <= j:
			hi = j
		case k-1 >= i:
			lo = i
		default:
			lo = hi // between them all equal the pivot
		}
	}
	least, equal = x[k-1], k
	for _, v := range values {
		if cmp.Compare(v, least) > 0 {
			equal--
		}
	}
	return least, equal
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
