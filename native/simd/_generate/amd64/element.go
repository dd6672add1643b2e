package amd64

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
	"kvscope/native/simd/generate/numbers"
)

// elementKernels emits what works value by value.
func elementKernels(s *isa) {
	addKernel(s)
	sigmoidKernel(s)
	siluKernel(s)
	geluKernel(s)
	geluBackwardKernel(s)
	ropeKernel(s)
	adamWKernel(s)
}

func addKernel(s *isa) {
	s.function("add", "(dst, x *float32, n int)", "computes dst[i] += x[i].")
	dst, x := s.argument("dst"), s.argument("x")
	e := s.extentOf(s.argument("n"))
	s.stream(e, []reg.GPVirtual{dst, x}, func(p int, m mask) {
		a, b := s.read(dst, p, m), s.read(x, p, m)
		s.VADDPS(b, a, a)
		s.store(a, s.at(dst, p), m)
	})
	s.finish()
}

func sigmoidKernel(s *isa) {
	s.function("sigmoid", "(dst, x *float32, n int)", "computes dst[i] = 1/(1+exp(-x[i])).")
	logistic(s, false)
}

func siluKernel(s *isa) {
	s.function("silu", "(dst, x *float32, n int)", "computes dst[i] = x[i]/(1+exp(-x[i])).")
	logistic(s, true)
}

// logistic computes the logistic function of x, times x if so wanted.
func logistic(s *isa, times bool) {
	dst, x := s.argument("dst"), s.argument("x")
	e := s.extentOf(s.argument("n"))
	c := s.constants(numbers.Exp()...)
	s.stream(e, []reg.GPVirtual{dst, x}, func(p int, m mask) {
		v := s.read(x, p, m)
		ex := c.expNegative(c.absolute(v, true))
		top, bottom := s.vector(), s.vector()
		s.VADDPS(c.c(1), ex, bottom)
		s.VMOVUPS(c.c(1), top)
		c.bySign(v, ex, top)
		s.VDIVPS(bottom, top, top)
		if times {
			s.VMULPS(v, top, top)
		}
		s.store(top, s.at(dst, p), m)
	})
	s.finish()
}

func geluKernel(s *isa) {
	s.function("gelu", "(dst, x *float32, n int)", "computes dst[i] = x[i]·Φ(x[i]).")
	dst, x := s.argument("dst"), s.argument("x")
	e := s.extentOf(s.argument("n"))
	c := s.constants(numbers.NormalCDF()...)
	s.stream(e, []reg.GPVirtual{dst, x}, func(p int, m mask) {
		v := s.read(x, p, m)
		cdf, _ := c.normalCDF(v)
		s.VMULPS(cdf, v, v)
		s.store(v, s.at(dst, p), m)
	})
	s.finish()
}

func geluBackwardKernel(s *isa) {
	s.function("geluBackward", "(dx, dy, x *float32, n int)", "computes dx[i] = dy[i]·(Φ(x[i]) + x[i]·φ(x[i])).")
	dx, dy, x := s.argument("dx"), s.argument("dy"), s.argument("x")
	e := s.extentOf(s.argument("n"))
	c := s.constants(append(numbers.NormalCDF(), numbers.InverseRoot2Pi)...)
	s.stream(e, []reg.GPVirtual{dx, dy, x}, func(p int, m mask) {
		v := s.read(x, p, m)
		cdf, bell := c.normalCDF(v)
		s.VMULPS(c.c(numbers.InverseRoot2Pi), bell, bell)
		s.VMULPS(v, bell, bell)
		s.VADDPS(bell, cdf, cdf)
		up := s.read(dy, p, m)
		s.VMULPS(cdf, up, up)
		s.store(up, s.at(dx, p), m)
	})
	s.finish()
}

func ropeKernel(s *isa) {
	s.function("rope", "(x, cos, sin *float32, rows, half int)",
		"rotates rows of 2·half values by the rotate-half rule, all by the same angles.")
	x, cos, sin := s.argument("x"), s.argument("cos"), s.argument("sin")
	rows, half := s.argument("rows"), s.argument("half")
	bytes := s.copyOf(half)
	s.SHLQ(operand.U8(2), bytes)
	e := s.extentOf(half)
	s.Label("row")
	a, b, c, d := s.copyOf(x), s.GP64(), s.copyOf(cos), s.copyOf(sin)
	s.LEAQ(operand.Mem{Base: x, Index: bytes, Scale: 1}, b)
	s.stream(e, []reg.GPVirtual{a, b, c, d}, func(p int, m mask) {
		av, bv, cv, sv := s.read(a, p, m), s.read(b, p, m), s.read(c, p, m), s.read(d, p, m)
		ac, bs := s.vector(), s.vector()
		s.VMULPS(cv, av, ac)
		s.VMULPS(sv, bv, bs)
		s.VSUBPS(bs, ac, ac)
		s.store(ac, s.at(a, p), m)
		s.VMULPS(cv, bv, bv)
		s.VMULPS(sv, av, av)
		s.VADDPS(av, bv, bv)
		s.store(bv, s.at(b, p), m)
	})
	s.LEAQ(operand.Mem{Base: x, Index: bytes, Scale: 2}, x)
	s.DECQ(rows)
	s.JNZ(operand.LabelRef("row"))
	s.finish()
}

// adamWKernel reads the scalars from the stack each time: division and root take
// longer than that.
func adamWKernel(s *isa) {
	s.function("adamW",
		"(param, m, v, grad *float32, n int, gradScale, beta1, rest1, beta2, rest2, correction1, correction2, eps, decay, lr float32)",
		"does one AdamW step; rest1 and rest2 are 1 - beta1 and 1 - beta2.")
	param, mean, square, grad := s.argument("param"), s.argument("m"), s.argument("v"), s.argument("grad")
	e := s.extentOf(s.argument("n"))
	s.stream(e, []reg.GPVirtual{param, mean, square, grad}, func(p int, k mask) {
		times := func(name string, v reg.VecVirtual) reg.VecVirtual {
			r := s.spread(name)
			s.VMULPS(v, r, r)
			return r
		}
		g := times("gradScale", s.read(grad, p, k))
		m := times("beta1", s.read(mean, p, k))
		s.VADDPS(times("rest1", g), m, m)
		s.store(m, s.at(mean, p), k)
		v := times("beta2", s.read(square, p, k))
		r := times("rest2", g)
		s.VMULPS(g, r, r)
		s.VADDPS(r, v, v)
		s.store(v, s.at(square, p), k)

		s.VDIVPS(s.spread("correction2"), v, v)
		s.VSQRTPS(v, v)
		s.VADDPS(s.spread("eps"), v, v)
		s.VDIVPS(s.spread("correction1"), m, m)
		s.VDIVPS(v, m, m)
		old := s.read(param, p, k)
		s.VADDPS(times("decay", old), m, m)
		s.VSUBPS(times("lr", m), old, old)
		s.store(old, s.at(param, p), k)
	})
	s.finish()
}
