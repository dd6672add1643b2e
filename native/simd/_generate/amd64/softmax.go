package amd64

import (
	"kvscope/native/simd/generate/numbers"
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// softmaxKernels emits the softmax of rows, its gradient, and what normalises.
func softmaxKernels(s *isa) {
	softmaxKernel(s)
	softmaxBackwardKernel(s)
	normRowKernel(s)
	normBackwardRowKernel(s)
}

func softmaxKernel(s *isa) {
	s.function("softmax", "(x *float32, rows, cols int, scale float32)",
		"replaces each row of x by softmax(scale·row).")
	x, rows := s.argument("x"), s.argument("rows")
	e := s.extentOf(s.argument("cols"))
	c := s.constants(append(numbers.Exp(), -math.MaxFloat32)...)
	scale := s.spread("scale")
	s.Label("row")

	top := make([]reg.VecVirtual, s.parts())
	for p := range top {
		top[p] = s.vector()
		s.VMOVUPS(c.c(-math.MaxFloat32), top[p])
	}
	at := s.copyOf(x)
	s.stream(e, []reg.GPVirtual{at}, func(p int, m mask) {
		v := s.read(at, p, m)
		s.VMULPS(scale, v, v)
		s.fill(v, m, top[p])
		s.VMAXPS(v, top[p], top[p])
	})
	peak := s.vector()
	s.VBROADCASTSS(s.fold(top, s.VMAXPS), peak)

	sum := s.zeros(s.parts())
	s.MOVQ(x, at)
	s.stream(e, []reg.GPVirtual{at}, func(p int, m mask) {
		v := s.read(at, p, m)
		s.VMULPS(scale, v, v)
		s.VSUBPS(peak, v, v)
		v = c.expNegative(v)
		s.store(v, s.at(at, p), m)
		s.only(v, m)
		s.VADDPS(v, sum[p], sum[p])
	})
	total := s.fold(sum, s.VADDPS)
	one, inverse := c.register(1), s.vector()
	// NaN must win over 1, as the second operand does.
	s.VMAXSS(total, one.AsX(), total)
	s.VDIVSS(total, one.AsX(), total)
	s.VBROADCASTSS(total, inverse)
	s.stream(e, []reg.GPVirtual{x}, func(p int, m mask) {
		v := s.read(x, p, m)
		s.VMULPS(inverse, v, v)
		s.store(v, s.at(x, p), m)
	})
	s.LEAQ(operand.Mem{Base: x, Index: e.tail, Scale: 4}, x)
	s.DECQ(rows)
	s.JNZ(operand.LabelRef("row"))
	s.finish()
}

func softmaxBackwardKernel(s *isa) {
	s.function("softmaxBackward", "(dp, prob *float32, rows, cols int, scale float32)",
		"replaces each row of dp by scale·prob∘(dp − Σ dp∘prob).")
	dp, prob, rows := s.argument("dp"), s.argument("prob"), s.argument("rows")
	e := s.extentOf(s.argument("cols"))
	scale := s.spread("scale")
	s.Label("row")
	d, q := s.copyOf(dp), s.copyOf(prob)
	acc := s.zeros(s.parts())
	s.stream(e, []reg.GPVirtual{d, q}, func(p int, m mask) {
		a, b := s.read(d, p, m), s.read(q, p, m)
		s.VMULPS(b, a, a)
		s.VADDPS(a, acc[p], acc[p])
	})
	mean := s.vector()
	s.VBROADCASTSS(s.fold(acc, s.VADDPS), mean)
	s.stream(e, []reg.GPVirtual{dp, prob}, func(p int, m mask) {
		a, b := s.read(dp, p, m), s.read(prob, p, m)
		s.VMULPS(scale, b, b)
		s.VSUBPS(mean, a, a)
		s.VMULPS(a, b, b)
		s.store(b, s.at(dp, p), m)
	})
	for _, ptr := range []reg.GPVirtual{dp, prob} {
		s.LEAQ(operand.Mem{Base: ptr, Index: e.tail, Scale: 4}, ptr)
	}
	s.DECQ(rows)
	s.JNZ(operand.LabelRef("row"))
	s.finish()
}

func normRowKernel(s *isa) {
	s.function("normRow", "(dst, x, weight *float32, n int, inv float32)", "computes dst[i] = x[i]·inv·weight[i].")
	dst, x, weight := s.argument("dst"), s.argument("x"), s.argument("weight")
	e := s.extentOf(s.argument("n"))
	inv := s.spread("inv")
	s.stream(e, []reg.GPVirtual{dst, x, weight}, func(p int, m mask) {
		v, w := s.read(x, p, m), s.read(weight, p, m)
		s.VMULPS(inv, v, v)
		s.VMULPS(w, v, v)
		s.store(v, s.at(dst, p), m)
	})
	s.finish()
}

func normBackwardRowKernel(s *isa) {
	s.function("normBackwardRow", "(dx, dweight, dy, x, weight *float32, n int, inv, pull float32)",
		"computes dx[i] += inv·weight[i]·dy[i] − pull·x[i] and dweight[i] += dy[i]·x[i]·inv.")
	dx, dweight, dy := s.argument("dx"), s.argument("dweight"), s.argument("dy")
	x, weight := s.argument("x"), s.argument("weight")
	e := s.extentOf(s.argument("n"))
	inv, pull := s.spread("inv"), s.spread("pull")
	s.stream(e, []reg.GPVirtual{dx, dweight, dy, x, weight}, func(p int, m mask) {
		up, v, w := s.read(dy, p, m), s.read(x, p, m), s.read(weight, p, m)
		pulled := s.vector()
		s.VMULPS(inv, w, w)
		s.VMULPS(up, w, w)
		s.VMULPS(pull, v, pulled)
		s.VSUBPS(pulled, w, w)
		s.VMULPS(v, up, up)
		s.VMULPS(inv, up, up)
		for _, sum := range []struct{ dst, v reg.Register }{{dx, w}, {dweight, up}} {
			old := s.read(sum.dst, p, m)
			s.VADDPS(sum.v, old, old)
			s.store(old, s.at(sum.dst, p), m)
		}
	})
	s.finish()
}
