package opstest

import (
	"math"

	"kvscope/engine/ops"
)

// specials are where a formula might overflow, cancel or lose its sign.
func specials() []float32 {
	inf := float32(math.Inf(1))
	return []float32{
		0, float32(math.Copysign(0, -1)), 1e-40, -1e-40, 1e-10, -1e-10, 1, -1, 4, -4, 13.2, -13.2, 50, -50,
		87.33, -87.33, 87.34, -87.34, 89, -89, 1e10, -1e10, math.MaxFloat32, -math.MaxFloat32, inf, -inf, float32(math.NaN()),
	}
}

// elements calls test with vectors of every length: values up to 20 in size, and
// the specials at every position of a register.
func elements(s *suite, test func(x []float32)) {
	for _, n := range lengths() {
		test(s.uniform(n, -20, 20))
	}
	for shift := range 16 {
		test(append(s.normal(shift), specials()...))
	}
}

func testSigmoid(s *suite) {
	elements(s, func(x []float32) {
		v := s.same(func(k *ops.Kernels, v [][]float32) { k.Sigmoid(v[0], v[1]) }, make([]float32, len(x)), x)
		inPlace := s.same(func(k *ops.Kernels, v [][]float32) { k.Sigmoid(v[0], v[0]) }, x)
		for i, got := range v[0] {
			if !equalBits(got, inPlace[0][i]) {
				s.Fatalf("sigmoid(%v) is %v, in place %v", x[i], got, inPlace[0][i])
			}
			if x[i] != x[i] {
				wantNaN(s, got)
				continue
			}
			want := 1 / (1 + math.Exp(-float64(x[i])))
			s.near("sigmoid", i, got, want, want*(2*expError+2*unit)+tiny)
		}
	})
}

func testSiLU(s *suite) {
	elements(s, func(x []float32) {
		v := s.same(func(k *ops.Kernels, v [][]float32) { k.SiLU(v[0], v[1]) }, make([]float32, len(x)), x)
		inPlace := s.same(func(k *ops.Kernels, v [][]float32) { k.SiLU(v[0], v[0]) }, x)
		for i, got := range v[0] {
			in := float64(x[i])
			if !equalBits(got, inPlace[0][i]) {
				s.Fatalf("silu(%v) is %v, in place %v", in, got, inPlace[0][i])
			}
			if math.IsNaN(in) || math.IsInf(in, -1) {
				wantNaN(s, got) // -Inf·0, as the formula says
				continue
			}
			if math.IsInf(in, 1) {
				if got != x[i] {
					s.Fatalf("silu(+Inf) is %v", got)
				}
				continue
			}
			want := in / (1 + math.Exp(-in))
			s.near("silu", i, got, want, math.Abs(want)*(2*expError+3*unit)+(math.Abs(in)+1)*tiny)
		}
	})
}

func testGELU(s *suite) {
	elements(s, func(x []float32) {
		v := s.same(func(k *ops.Kernels, v [][]float32) { k.GELU(v[0], v[1]) }, make([]float32, len(x)), x)
		inPlace := s.same(func(k *ops.Kernels, v [][]float32) { k.GELU(v[0], v[0]) }, x)
		for i, got := range v[0] {
			in := float64(x[i])
			switch {
			case !equalBits(got, inPlace[0][i]):
				s.Fatalf("gelu(%v) is %v, in place %v", in, got, inPlace[0][i])
			case math.IsNaN(in) || math.IsInf(in, -1):
				wantNaN(s, got) // -Inf·0, as the formula says
			case math.IsInf(in, 1):
				if got != x[i] {
					s.Fatalf("gelu(+Inf) is %v", got)
				}
			default:
				s.near("gelu", i, got, in*cdf64(in), math.Abs(in)*(cdfError*min(1, 20*cdf64(in))+unit)+tiny)
			}
		}
	})
}

func testGELUBackward(s *suite) {
	elements(s, func(x []float32) {
		n := len(x)
		v := s.same(func(k *ops.Kernels, v [][]float32) { k.GELUBackward(v[0], v[1], v[2]) }, make([]float32, n), s.normal(n), x)
		inPlace := s.same(func(k *ops.Kernels, v [][]float32) { k.GELUBackward(v[0], v[0], v[1]) }, v[1], x)
		for i, got := range v[0] {
			in, up := float64(x[i]), float64(v[1][i])
			if !equalBits(got, inPlace[0][i]) {
				s.Fatalf("gradient of gelu at %v is %v, in place %v", in, got, inPlace[0][i])
			}
			if math.IsNaN(in) || math.IsInf(in, 0) {
				wantNaN(s, got) // Inf·φ(Inf)
				continue
			}
			slope := cdf64(in) + in*density64(in)
			// The exponent x²/2 is off by a unit, which φ(x) multiplies.
			bend := math.Abs(in) * density64(in) * (expError + (in*in+4)*unit)
			s.near("gradient of gelu", i, got, up*slope, math.Abs(up)*(cdfError+bend+2*unit)+tiny)
		}
	})
}

func wantNaN(s *suite, got float32) {
	s.Helper()
	if got == got {
		s.Fatalf("got %v, want NaN", got)
	}
}

func testRoPE(s *suite) {
	for _, h := range lengths() {
		for _, rows := range []int{0, 1, 3} {
			x := s.normal(rows * 2 * h)
			v := s.same(func(k *ops.Kernels, v [][]float32) { k.RoPE(v[0], v[1], v[2]) },
				x, s.uniform(h, -1, 1), s.uniform(h, -1, 1))
			for r := range rows {
				for i := range h {
					at := r*2*h + i
					a, b, c, d := float64(x[at]), float64(x[at+h]), float64(v[1][i]), float64(v[2][i])
					s.near("first half", at, v[0][at], a*c-b*d, 2*unit*(math.Abs(a*c)+math.Abs(b*d)))
					s.near("second half", at, v[0][at+h], b*c+a*d, 2*unit*(math.Abs(b*c)+math.Abs(a*d)))
				}
			}
		}
	}
}

func testAdamW(s *suite) {
	h := ops.AdamWStep{LR: 3e-3, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, Decay: 0.1, GradScale: 0.5, Correction1: 0.271, Correction2: 0.142}
	for _, n := range lengths() {
		p, m, square, grad := s.normal(n), s.normal(n), s.uniform(n, 0, 2), s.normal(n)
		v := s.same(func(k *ops.Kernels, v [][]float32) { k.AdamW(v[0], v[1], v[2], v[3], h) }, p, m, square, grad)
		for i := range n {
			b1, b2 := float64(h.Beta1), float64(h.Beta2)
			g := float64(grad[i]) * float64(h.GradScale)
			mean := b1*float64(m[i]) + (1-b1)*g
			second := b2*float64(square[i]) + (1-b2)*g*g
			// 1 − beta loses what beta was rounded by: 10 and 20 units of it.
			meanBound := 3*unit*b1*math.Abs(float64(m[i])) + 14*unit*(1-b1)*math.Abs(g)
			s.near("m", i, v[1][i], mean, meanBound)
			s.near("v", i, v[2][i], second, 3*unit*b2*float64(square[i])+24*unit*(1-b2)*g*g)
			root := math.Sqrt(second/float64(h.Correction2)) + float64(h.Eps)
			move := mean / float64(h.Correction1) / root
			decay := float64(h.Decay) * float64(p[i])
			moveBound := meanBound/float64(h.Correction1)/root + 20*unit*math.Abs(move) + 3*unit*math.Abs(decay)
			s.near("p", i, v[0][i], float64(p[i])-float64(h.LR)*(move+decay), unit*math.Abs(float64(p[i]))+float64(h.LR)*moveBound+4*unit*float64(h.LR)*(math.Abs(move)+math.Abs(decay)))
		}
	}
}
