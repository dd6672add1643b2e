//go:build !noasm

package simd

import (
	"math"

	"kvscope/engine/ops"
)

func (n neon) softmax(x []float32, cols int, scale float32) {
	if cols < 16 {
		n.reference.Softmax(x, cols, scale)
		return
	}
	for r := range ops.CheckWhole("Softmax", len(x), cols) {
		softmaxRow(x[r*cols:][:cols], scale)
	}
}

// softmaxRow takes a row of at least 16 values.
func softmaxRow(row []float32, scale float32) {
	top := topOf(row, scale, -math.MaxFloat32)
	inv := 1 / larger(1, expOf(row, scale, top))
	scaleBy(row, inv)
}

// topOf is the largest scaled value, or top where that is larger.
func topOf(row []float32, scale, top float32) float32 {
	most := groups(len(row))
	top = larger(softmaxTopNEON(&row[0], most, scale), top)
	for _, v := range row[most:] {
		top = larger(v*scale, top)
	}
	return top
}

// expOf replaces values by exp(scale·v − top) and returns their sum. What is left
// of a row is done in a group of its own.
func expOf(row []float32, scale, top float32) (sum float32) {
	most := groups(len(row))
	softmaxExpNEON(&row[0], most, scale, top)
	var rest [16]float32
	if left := row[most:]; len(left) > 0 {
		copy(rest[:], left)
		softmaxExpNEON(&rest[0], 16, scale, top)
		clear(rest[copy(left, rest[:]):])
	}
	return softmaxSumNEON(&row[0], most, &rest[0])
}

func scaleBy(row []float32, by float32) {
	most := groups(len(row))
	if most > 0 {
		scaleRowNEON(&row[0], most, by)
	}
	for i := range row[most:] {
		row[most+i] *= by
	}
}

// larger returns the larger one, b when they do not compare.
func larger(a, b float32) float32 {
	if a > b {
		return a
	}
	return b
}

func (n neon) softmaxBackward(dp, p []float32, cols int, scale float32) {
	if cols <= 0 || cols%16 != 0 {
		n.reference.SoftmaxBackward(dp, p, cols, scale)
		return
	}
	ops.CheckSame("SoftmaxBackward", len(dp), len(p))
	for r := range ops.CheckWhole("SoftmaxBackward", len(p), cols) {
		d, weights, mean := &dp[r*cols], &p[r*cols], float32(0)
		dotRowsNEON(&mean, d, weights, 1, cols)
		softmaxBackRowNEON(d, weights, cols, scale, mean)
	}
}

func (n neon) geluBackward(dx, dy, x []float32) {
	ops.CheckSame("GELUBackward dx and x", len(dx), len(x))
	ops.CheckSame("GELUBackward dy and x", len(dy), len(x))
	most := groups(len(x))
	if most > 0 {
		geluBackwardNEON(&dx[0], &dy[0], &x[0], most)
	}
	n.reference.GELUBackward(dx[most:], dy[most:], x[most:])
}
