//go:build !race

package simd

import (
	"testing"

	"kvscope/engine/ops"
)

// TestNoAllocations covers the kernels of a decode step. The race detector makes
// sync.Pool forget, hence the build constraint.
func TestNoAllocations(t *testing.T) {
	const n = 96
	x, y, w := make([]float32, n*n), make([]float32, n*n), make([]float32, n)
	q, dst := make([]float32, n), make([]float32, n)
	a, b, c := ops.Dense(x, n, n), ops.Dense(y, n, n).T(), ops.Dense(make([]float32, n*n), n, n)
	spans := []ops.Span{{Start: 3, End: 40}, {Start: 50, End: 90}}
	weights := make([]float32, 77)
	for _, k := range Tables() {
		for name, call := range map[string]func(){
			"MatMul":     func() { k.MatMul(c, a, b, true) },
			"MatVec":     func() { k.MatVec(dst, x, q) },
			"RMSNorm":    func() { k.RMSNorm(dst, q, w, 1e-6) },
			"MemoryScan": func() { k.MemoryScan(c, q, a, a) },
			"Attend":     func() { k.Attend(dst, weights, q, x, y, spans, 1, 1) },
		} {
			if got := testing.AllocsPerRun(100, call); got > 0 {
				t.Errorf("%s: %s allocates %v times a call", k.Name, name, got)
			}
		}
	}
}
