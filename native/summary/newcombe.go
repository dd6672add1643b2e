package summary

import (
	"math"

	"kvscope/engine/experiment"
)

// minPairs is the number of examples below which nothing is said of a difference:
// with fewer, the interval spans more than half of what is possible.
const minPairs = 10

// newcombe is the 95% interval of the mean of b - a, scores of the same n examples in
// 0..1: the square-and-add interval of Newcombe (Statistics in Medicine 17, 1998,
// method 10), which never leaves -1..1. With the Wilson intervals la..ua and lb..ub of
// the means ā and b̄, and q = 1 - mean,
//
//	low  = b̄ - ā - sqrt((b̄-lb)² - 2φ(b̄-lb)(ua-ā) + (ua-ā)²)
//	high = b̄ - ā + sqrt((ub-b̄)² - 2φ(ub-b̄)(ā-la) + (ā-la)²)
//	φ    = cov / sqrt(ā·qa·b̄·qb), where cov > 0 less 1/2n and not below 0.
//
// Scores between 0 and 1 vary less than those of right and wrong with the same mean,
// so that the interval is rather too wide for them. w is the examples behind each
// value. Where a value is the mean of several, how single examples go together is not
// known, and φ is 0, as if both had answered examples of their own.
func newcombe(a, b, w []float64) (low, high float64) {
	var n, sumA, sumB, sumAB float64
	for i := range a {
		n += w[i]
		sumA += w[i] * a[i]
		sumB += w[i] * b[i]
		sumAB += w[i] * a[i] * b[i]
	}
	meanA, meanB := sumA/n, sumB/n
	la, ua := experiment.Wilson(meanA, int(n))
	lb, ub := experiment.Wilson(meanB, int(n))
	phi := 0.0
	if scale := math.Sqrt(meanA * (1 - meanA) * meanB * (1 - meanB)); scale > 0 && int(n) == len(a) {
		cov := sumAB/n - meanA*meanB
		if cov > 0 {
			cov = max(0, cov-1/(2*n))
		}
		phi = min(1, max(-1, cov/scale))
	}
	add := func(x, y float64) float64 { return math.Sqrt(max(0, x*x-2*phi*x*y+y*y)) }
	return meanB - meanA - add(meanB-lb, ua-meanA), meanB - meanA + add(ub-meanB, meanA-la)
}
