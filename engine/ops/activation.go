package ops

import "math"

// sigmoid takes e^−|x|, which cannot overflow, for either sign.
func sigmoid(dst, x []float32) {
	CheckSame("Sigmoid", len(dst), len(x))
	for i, v := range x {
		e := expNegative(-abs(v))
		dst[i] = bySign(v, e, 1) / (1 + e)
	}
}

func silu(dst, x []float32) {
	CheckSame("SiLU", len(dst), len(x))
	for i, v := range x {
		e := expNegative(-abs(v))
		dst[i] = v * (bySign(v, e, 1) / (1 + e))
	}
}

func gelu(dst, x []float32) {
	CheckSame("GELU", len(dst), len(x))
	for i, v := range x {
		cdf, _ := normalCDF(v)
		dst[i] = v * cdf
	}
}

func geluBackward(dx, dy, x []float32) {
	CheckSame("GELUBackward dx and x", len(dx), len(x))
	CheckSame("GELUBackward dy and x", len(dy), len(x))
	const inverseRoot2Pi = 0.3989422804
	for i, v := range x {
		cdf, bell := normalCDF(v)
		dx[i] = dy[i] * (cdf + float32(v*float32(inverseRoot2Pi*bell)))
	}
}

func abs(x float32) float32 {
	return math.Float32frombits(math.Float32bits(x) &^ (1 << 31))
}

// bySign returns negative where the sign bit of x is set and positive elsewhere,
// without a branch: signs come in no order that a processor could foresee.
func bySign(x, negative, positive float32) float32 {
	set := uint32(int32(math.Float32bits(x)) >> 31)
	return math.Float32frombits(math.Float32bits(negative)&set | math.Float32bits(positive)&^set)
}
