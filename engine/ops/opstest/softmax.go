package opstest

import (
	"math"

	"kvscope/engine/ops"
)

// softmax64 returns softmax(scale·row) and the relative error allowed to float32
// on each entry: the exponent's rounding, the exponential's error twice, once in
// the sum, and the sum's own.
func softmax64(row []float32, scale float64) (p, relative []float64) {
	top := math.Inf(-1)
	for _, v := range row {
		top = max(top, scale*float64(v))
	}
	sum, slack := 0.0, 0.0
	for _, v := range row {
		y := scale * float64(v)
		e := math.Exp(y - top)
		p = append(p, e)
		sum += e
		if e > 0 {
			slack = max(slack, unit*(2*math.Abs(y)+2*math.Abs(top)))
		}
	}
	for i := range p {
		p[i] /= sum
		relative = append(relative, 2*slack+2*expError+float64(len(row)+3)*unit)
	}
	return p, relative
}

func testSoftmax(s *suite) {
	for _, n := range lengths() {
		for _, rows := range []int{0, 1, 2, 5} {
			for _, scale := range []float32{0.125, 1, 20} {
				x := s.normal(rows * n)
				for i := range x {
					if i%n > 0 && s.rand.IntN(6) == 0 {
						x[i] = float32(math.Inf(-1))
					}
				}
				v := s.same(func(k *ops.Kernels, v [][]float32) { k.Softmax(v[0], n, scale) }, x)
				for r := range rows {
					p, relative := softmax64(x[r*n:][:n], float64(scale))
					for c := range p {
						got := v[0][r*n+c]
						s.near("softmax", r*n+c, got, p[c], p[c]*relative[c]+tiny)
						if math.IsInf(float64(x[r*n+c]), -1) && math.Float32bits(got) != 0 {
							s.Fatalf("-Inf became %v, want exactly 0", got)
						}
					}
				}
			}
		}
	}
}

// testSoftmaxSpecial holds what the formula leaves open: a row of -Inf is zeros,
// NaN and +Inf make their whole row NaN, and no row touches another.
func testSoftmaxSpecial(s *suite) {
	inf := math.Inf(1)
	for _, n := range []int{1, 3, 15, 16, 17, 40} {
		for at := range n {
			for _, c := range []struct{ rest, one, want float64 }{
				{-inf, -inf, 0},
				{1, math.NaN(), math.NaN()},
				{-inf, math.NaN(), math.NaN()},
				{1, inf, math.NaN()},
				{1000, 1000, 1 / float64(n)},
				{-math.MaxFloat32, -math.MaxFloat32, 1 / float64(n)},
			} {
				x := make([]float32, 3*n)
				for i := range n {
					x[n+i] = float32(c.rest)
				}
				x[n+at] = float32(c.one)
				v := s.same(func(k *ops.Kernels, v [][]float32) { k.Softmax(v[0], n, 1) }, x)
				for i, got := range v[0] {
					want := 1 / float64(n)
					if i/n == 1 {
						want = c.want
					}
					if math.IsNaN(want) {
						wantNaN(s, got)
					} else {
						s.near("softmax", i, got, want, 2*unit*want)
					}
				}
			}
		}
	}
}

func testSoftmaxBackward(s *suite) {
	for _, n := range lengths() {
		for _, rows := range []int{0, 1, 2, 5} {
			const scale = 0.125
			dp, p := s.normal(rows*n), s.uniform(rows*n, 0, 1)
			v := s.same(func(k *ops.Kernels, v [][]float32) { k.SoftmaxBackward(v[0], v[1], n, scale) }, dp, p)
			for r := range rows {
				mean, size := dot64(dp[r*n:][:n], p[r*n:][:n])
				for i := r * n; i < (r+1)*n; i++ {
					d, weight := float64(dp[i]), scale*float64(p[i])
					s.near("ds", i, v[0][i], weight*(d-mean), unit*weight*(float64(n+4)*size+3*math.Abs(d)))
				}
			}
		}
	}
}
