package ops

import "math"

func sigmoid(dst, x []float32) {
	CheckSame("Sigmoid", len(dst), len(x))
	for i, v := range x {
		dst[i] = 1 / (1 + exp(-v))
	}
}

func gelu(dst, x []float32) {
	CheckSame("GELU", len(dst), len(x))
	for i, v := range x {
		dst[i] = v * normalCDF(v)
	}
}

func geluBackward(dx, dy, x []float32) {
	CheckSame("GELUBackward dx and x", len(dx), len(x))
	CheckSame("GELUBackward dy and x", len(dy), len(x))
	for i, v := range x {
		density := float32(1/math.Sqrt(2*math.Pi)) * exp(-0.5*v*v)
		dx[i] = dy[i] * (normalCDF(v) + v*density)
	}
}

func exp(x float32) float32 { return float32(math.Exp(float64(x))) }

// normalCDF is Φ(x), the distribution function of the standard normal.
func normalCDF(x float32) float32 {
	return float32(0.5 * math.Erfc(-float64(x)/math.Sqrt2))
}
