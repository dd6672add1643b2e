package ops

import "math"

func softmax(x []float32, cols int, scale float32) {
	n := CheckWhole("Softmax", len(x), cols)
	for r := range n {
		softmaxRow(x[r*cols:][:cols], scale)
	}
}

// softmaxRow leaves a row of nothing but -Inf as zeros: there is nothing to
// attend to, and NaN would spread.
func softmaxRow(row []float32, scale float32) {
	top := float32(math.Inf(-1))
	for i, v := range row {
		row[i] = v * scale
		top = max(top, row[i])
	}
	if math.IsInf(float64(top), -1) {
		clear(row)
		return
	}
	var sum float32
	for i, v := range row {
		e := exp(v - top)
		row[i] = e
		sum += e
	}
	inv := 1 / sum
	for i := range row {
		row[i] *= inv
	}
}

func softmaxBackward(dp, p []float32, cols int, scale float32) {
	CheckSame("SoftmaxBackward", len(dp), len(p))
	n := CheckWhole("SoftmaxBackward", len(p), cols)
	for r := range n {
		d, p := dp[r*cols:][:cols], p[r*cols:][:cols]
		sum := dot(d, p)
		for i, v := range p {
			d[i] = scale * v * (d[i] - sum)
		}
	}
}
