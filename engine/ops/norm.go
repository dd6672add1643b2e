package ops

import "math"

func rmsNorm(dst, x, weight []float32, eps float32) {
	CheckSame("RMSNorm dst and x", len(dst), len(x))
	n := CheckWhole("RMSNorm", len(x), len(weight))
	d := len(weight)
	for t := range n {
		row, out := x[t*d:][:d], dst[t*d:][:d]
		inv := InverseRMS(dot(row, row), d, eps)
		for c, v := range row {
			out[c] = float32(v*inv) * weight[c]
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
		inv := InverseRMS(dot(row, row), d, eps)
		pull := InverseRMSPull(dot3(up, weight, row), d, inv)
		for c, v := range row {
			down[c] += float32(float32(inv*weight[c])*up[c]) - float32(pull*v)
			dweight[c] += float32(float32(up[c]*v) * inv)
		}
	}
}

// InverseRMS returns (squares/d + eps)^-1/2 for a row of d values whose squares
// sum to squares. It is shared by all tables, so that they round alike.
func InverseRMS(squares float32, d int, eps float32) float32 {
	return 1 / float32(math.Sqrt(float64(squares/float32(d)+eps)))
}

// InverseRMSPull returns dot·inv³/d, by which RMSNormBackward pulls a row of d
// values towards zero, given dot = Σ dy∘weight∘x and inv of InverseRMS.
func InverseRMSPull(dot float32, d int, inv float32) float32 {
	return float32(float32(float32(dot*inv)*inv)*inv) / float32(d)
}
