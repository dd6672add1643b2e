package opstest

import (
	"math"

	"kvscope/engine/ops"
)

const normEps = 1e-6

// inverse64 is (mean(x²)+eps)^-1/2. Its relative error in float32 is at most
// (n/2+3) units: half of what the sum of squares has.
func inverse64(x []float32) float64 {
	squares, _ := dot64(x, x)
	return 1 / math.Sqrt(squares/float64(len(x))+float64(float32(normEps)))
}

func testRMSNorm(s *suite) {
	for _, n := range lengths()[1:] {
		for _, rows := range []int{0, 1, 3} {
			x, w := s.normal(rows*n), s.normal(n)
			v := s.same(func(k *ops.Kernels, v [][]float32) { k.RMSNorm(v[0], v[1], v[2], normEps) },
				make([]float32, rows*n), x, w)
			inPlace := s.same(func(k *ops.Kernels, v [][]float32) { k.RMSNorm(v[0], v[0], v[1], normEps) }, x, w)
			for i, got := range v[0] {
				want := float64(x[i]) * inverse64(x[i/n*n:][:n]) * float64(w[i%n])
				s.near("norm", i, got, want, math.Abs(want)*(float64(n)/2+6)*unit)
				if got != inPlace[0][i] {
					s.Fatalf("norm at %d is %v, in place %v", i, got, inPlace[0][i])
				}
			}
		}
	}
}

func testRMSNormBackward(s *suite) {
	for _, n := range lengths()[1:] {
		for _, rows := range []int{0, 1, 3} {
			dx, dw := s.normal(rows*n), s.normal(n)
			x, dy, w := s.normal(rows*n), s.normal(rows*n), s.normal(n)
			v := s.same(func(k *ops.Kernels, v [][]float32) { k.RMSNormBackward(v[0], v[1], v[2], v[3], v[4], normEps) },
				dx, dw, dy, x, w)
			weightGrad, weightSize := make([]float64, n), make([]float64, n)
			for r := range rows {
				row, up := x[r*n:][:n], dy[r*n:][:n]
				inv := inverse64(row)
				var dot, size float64
				for c := range n {
					p := float64(up[c]) * float64(w[c]) * float64(row[c])
					dot += p
					size += math.Abs(p)
				}
				for c := range n {
					direct := inv * float64(w[c]) * float64(up[c])
					cube := inv * inv * inv / float64(n) * float64(row[c])
					bound := unit * ((float64(n)/2+6)*math.Abs(direct) + (2.5*float64(n)+20)*math.Abs(cube)*size)
					want := float64(dx[r*n+c]) + direct - cube*dot
					s.near("dx", r*n+c, v[0][r*n+c], want, bound+2*unit*math.Abs(want))
					grad := float64(up[c]) * float64(row[c]) * inv
					weightGrad[c] += grad
					weightSize[c] += math.Abs(grad)
				}
			}
			for c := range n {
				old := float64(dw[c])
				s.near("dweight", c, v[1][c], old+weightGrad[c],
					unit*(float64(rows)*math.Abs(old)+(float64(n)/2+6+float64(rows))*weightSize[c]))
			}
		}
	}
}
