// Package numbers holds the constants that ops' exponential and normal distribution
// are made of, which the assembly of every processor follows operation by operation.
package numbers

import "math"

// The constants of ops' exponential and normal distribution.
const (
	ExpLowest = -87.336544
	ExpShift  = 3 << 22
	Ln2High   = 0.693359375
	Ln2Low    = -2.12194440e-4
	MillsRate = 0.2316

	InverseRoot2Pi = 0.3989422804
)

// Coefficients of polynomials, the highest power first.
var (
	ExpPoly   = []float32{0.0013814570847898722, 0.008368730545043945, 0.04166838899254799, 0.1666652113199234, 0.4999999403953552}
	MillsPoly = []float32{-0.0709983819, 0.250310092, -0.206237432, 0.229570043, 0.0111762744, 0.103390453, 0.0902743376, 0.0925146672}
)

// Exp lists every constant of the exponential.
func Exp() []float32 {
	return append([]float32{ExpLowest, math.Log2E, ExpShift, Ln2High, Ln2Low, 1}, ExpPoly...)
}

// NormalCDF lists every constant of the normal distribution.
func NormalCDF() []float32 {
	return append(append(Exp(), -0.5, MillsRate), MillsPoly...)
}
