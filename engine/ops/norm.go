package ops

import "math"

func rmsNorm(dst, x, weight []float32, eps float32) {
	CheckSame("RMSNorm dst and x", len(dst), len(x))
	n := CheckWhole("RMSNorm", len(x), len(weight))
	d := len(weight)
	for t := range n {
		row, out := x[t*d:][:d], dst[t*d:][:d]
		inv := inverseRMS(row, eps)
		for c, v := range row {
			out[c] = v * inv * weight[c]
		}
	}
}

// rmsNormBackward follows from y = w∘x·r with r = (mean(x²)+eps)^-1/2, whose
// gradient is ∂r/∂x_c = −r³·x_c/D:
//
//	dx_c += r·w_c·dy_c − x_c·r³/D·Σ_j dy_j·w_j·x_j,  dw_c += dy_c·x_c·r.
func rmsNormBackward(dx, dweight, dy, x, weight []float32, eps float32) {
	CheckSame("RMSNormBackward dx and x", len(dx), len(x))
	CheckSame("RMSNormBackward dy and x", len(dy), len(x))
	CheckSame("RMSNormBackward dweight and weight", len(dweight), len(weight))
	n := CheckWhole("RMSNormBackward", len(x), len(weight))
	d := len(weight)
	for t := range n {
		row, up, down := x[t*d:][:d], dy[t*d:][:d], dx[t*d:][:d]
		inv := inverseRMS(row, eps)
		var dot float32
		for c, v := range row {
			dot += up[c] * weight[c] * v
		}
		pull := dot * inv * inv * inv / float32(d)
		for c, v := range row {
			down[c] += inv*weight[c]*up[c] - pull*v
			dweight[c] += up[c] * v * inv
		}
	}
}

func inverseRMS(row []float32, eps float32) float32 {
	sum := dot(row, row)
	return 1 / float32(math.Sqrt(float64(sum/float32(len(row))+eps)))
}
