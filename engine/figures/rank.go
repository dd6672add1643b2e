package figures

import (
	"cmp"
	"slices"
)

// Top returns the indices of the k largest values, largest first, ties to the
// lower index. NaN sorts last. k beyond len(values) means all of them.
func Top(values []float32, k int) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[b], values[a]) })
	return order[:min(k, len(order))]
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
