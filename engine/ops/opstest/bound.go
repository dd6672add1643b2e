package opstest

import "math"

// unit is the rounding unit of float32, the largest relative error of one
// operation: a sum of n products is off by at most about (n+1)·unit·Σ|product|.
const unit = 1.0 / (1 << 24)

// tiny is the largest value lost when a subnormal result becomes zero.
const tiny = 1.2e-38

// expError bounds the relative error of a table's exponential, cdfError the error
// of its normal distribution function.
const (
	expError = 1e-7
	cdfError = 2.5e-7
)

// near fails unless got is within bound of want.
func (s *suite) near(what string, i int, got float32, want, bound float64) {
	s.Helper()
	if diff := math.Abs(float64(got) - want); !(diff <= bound) {
		s.Fatalf("%s at %d is %v, want %v within %.3g, off by %.3g", what, i, got, want, bound, diff)
	}
}

// dot64 returns Σ x∘y and Σ |x∘y| in float64.
func dot64(x, y []float32) (sum, size float64) {
	for i := range x {
		p := float64(x[i]) * float64(y[i])
		sum += p
		size += math.Abs(p)
	}
	return sum, size
}

func cdf64(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }

func density64(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }
