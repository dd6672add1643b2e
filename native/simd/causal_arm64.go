//go:build !noasm

package simd

import "unsafe"

// causal does with rows of scores, which are whole groups, what the reference does.
func (n neon) causal(p *product) *causal {
	c := newCausal(p)
	c.unit = 1
	c.step = softmaxStep
	c.slope = func(scores, dp *float32, stride uintptr, rows, cols int, by float32, logSum, delta *float32) {
		logSums, deltas := unsafe.Slice(logSum, rows), unsafe.Slice(delta, rows)
		for r := range rows {
			weights := &rowAt(scores, stride, r, cols)[0]
			softmaxExpNEON(weights, cols, by, logSums[r])
			softmaxBackRowNEON(&rowAt(dp, stride, r, cols)[0], weights, cols, by, deltas[r])
		}
	}
	c.scale = func(x *float32, stride uintptr, rows, cols int, by *float32) {
		for r, factor := range unsafe.Slice(by, rows) {
			if factor != 1 {
				scaleBy(rowAt(x, stride, r, cols), factor)
			}
		}
	}
	c.dot = func(x, y *float32, d int) (sum float32) {
		n.dotRows(unsafe.Slice(&sum, 1), unsafe.Slice(x, d), unsafe.Slice(y, d))
		return sum
	}
	return c
}

// softmaxStep is ops.SoftmaxStep for the rows of a tile. What each is to be shrunk by
// is taken for all at the end, in whole groups of a tile's queries.
func softmaxStep(scores *float32, stride uintptr, rows, cols int, by float32, top, total, shrink *float32) {
	tops, totals, shrinks := unsafe.Slice(top, rows), unsafe.Slice(total, rows), unsafe.Slice(shrink, rows)
	var sums [tileQueries]float32
	for r := range rows {
		row, old := rowAt(scores, stride, r, cols), tops[r]
		tops[r] = topOf(row, by, old)
		sums[r] = expOf(row, by, tops[r])
		shrinks[r] = old - tops[r]
	}
	softmaxExpNEON(shrink, wholeGroups(rows), 1, 0)
	for r, by := range shrinks {
		totals[r] = float32(totals[r]*by) + sums[r]
	}
}

// rowAt is row r of rows stride bytes apart.
func rowAt(x *float32, stride uintptr, r, cols int) []float32 {
	return unsafe.Slice((*float32)(unsafe.Add(unsafe.Pointer(x), uintptr(r)*stride)), cols)
}
