package ops

import "math"

func softmax(x []float32, cols int, scale float32) {
	n := CheckWhole("Softmax", len(x), cols)
	for r := range n {
		softmaxRow(x[r*cols:][:cols], scale)
	}
}

// softmaxRow leaves a row of nothing but -Inf as zeros: there is nothing to attend
// to, and NaN would spread. Neither the maximum starting from the lowest finite
// value nor the sum taken as at least 1, what the maximum itself contributes,
// changes any other row.
func softmaxRow(row []float32, scale float32) {
	top := float32(-math.MaxFloat32)
	for _, v := range row {
		top = larger(v*scale, top)
	}
	for i, v := range row {
		row[i] = expNegative(float32(v*scale) - top)
	}
	inv := 1 / larger(1, sum(row))
	for i := range row {
		row[i] *= inv
	}
}

func softmaxBackward(dp, p []float32, cols int, scale float32) {
	CheckSame("SoftmaxBackward", len(dp), len(p))
	n := CheckWhole("SoftmaxBackward", len(p), cols)
	for r := range n {
		d, p := dp[r*cols:][:cols], p[r*cols:][:cols]
		mean := dot(d, p)
		for i, v := range p {
			d[i] = float32(scale*v) * (d[i] - mean)
		}
	}
}
