package amd64

import (
	"kvscope/native/simd/generate/numbers"
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// causalKernels emits what happens to a tile of scores between two products.
func causalKernels(s *isa) {
	softmaxStepKernel(s)
	softmaxSlopeKernel(s)
	scaleRowsKernel(s)
}

// wholeGroups runs body for every part of every group of a row of bytes bytes at the
// pointers, which it copies first.
func (s *isa) wholeGroups(bytes reg.GPVirtual, ptrs []reg.GPVirtual, body func(p int, at []reg.GPVirtual)) {
	var at []reg.GPVirtual
	for _, ptr := range ptrs {
		at = append(at, s.copyOf(ptr))
	}
	left, loop := s.copyOf(bytes), s.label("group")
	s.Label(loop)
	for p := range s.parts() {
		body(p, at)
	}
	for _, ptr := range at {
		s.ADDQ(operand.U8(4*group), ptr)
	}
	s.SUBQ(operand.U8(4*group), left)
	s.JNZ(operand.LabelRef(loop))
}

// 2^f for |f| <= 1/2 is 1 + f·p(f) within 1e-7 (Moshier, Cephes). Below 2^-126 weights
// are zero.
var exp2Poly = []float32{1.535336188319500e-4, 1.339887440266574e-3, 9.618437357674640e-3, 5.550332471162809e-2, 2.402264791363012e-1, 6.931472028550421e-1}

const exp2Lowest = -126

func exp2Constants() []float32 {
	return append([]float32{exp2Lowest, numbers.ExpShift, 1, math.Log2E}, exp2Poly...)
}

// exp2 returns 2^y for y <= 0 or little more, by fused operations: the products around
// it are fused too, so that no table has their bits. It overwrites y.
func (c constants) exp2(y reg.VecVirtual) reg.VecVirtual {
	const notLess = 5 // true for NaN
	t, n, p := c.vector(), c.vector(), c.vector()
	var k reg.OpmaskVirtual
	var keep reg.VecVirtual
	if c.avx512() {
		k = c.K()
		c.VCMPPS(operand.U8(notLess), c.c(exp2Lowest), y, k)
	} else {
		keep = c.vector()
		c.VCMPPS(operand.U8(notLess), c.c(exp2Lowest), y, keep)
	}
	c.VADDPS(c.c(numbers.ExpShift), y, t)
	c.VSUBPS(c.c(numbers.ExpShift), t, n)
	c.VSUBPS(n, y, y)
	c.VMOVUPS(c.c(exp2Poly[0]), p)
	for _, a := range append(exp2Poly[1:len(exp2Poly):len(exp2Poly)], 1) {
		c.VFMADD213PS(c.c(a), y, p)
	}
	if c.avx512() {
		c.VSCALEFPS_Z(n, p, k, p)
		return p
	}
	c.VPSLLD(operand.U8(23), t, t)
	c.VPADDD(c.c(1), t, t)
	c.VMULPS(t, p, p)
	c.VANDPS(keep, p, p)
	return p
}

// softmaxStepKernel goes over the rows twice, maxima first, so that no row waits for
// the one before; the few exponentials in between are taken for 16 rows at once.
func softmaxStepKernel(s *isa) {
	s.function("softmaxStep",
		"(scores *float32, stride uintptr, rows, cols int, scale float32, top, total, shrink *float32)",
		"is ops.SoftmaxStep of rows of cols scores, a multiple of 16, stride bytes apart, but",
		"with powers of two: scale is times log2(e), and so are the tops.")
	scores, stride, rows, bytes := s.argument("scores"), s.argument("stride"), s.argument("rows"), s.argument("cols")
	tops, totals, shrinks := s.argument("top"), s.argument("total"), s.argument("shrink")
	s.SHLQ(operand.U8(2), bytes)
	c := s.constants(exp2Constants()...)
	scale := s.spread("scale")

	row, top, shrink, left := s.copyOf(scores), s.copyOf(tops), s.copyOf(shrinks), s.copyOf(rows)
	s.Label("peaks")
	peaks := make([]reg.VecVirtual, s.parts())
	for p := range peaks {
		peaks[p] = s.vector()
		s.VBROADCASTSS(operand.Mem{Base: top}, peaks[p])
	}
	s.VMOVSS(peaks[0].AsX(), operand.Mem{Base: shrink})
	s.wholeGroups(bytes, []reg.GPVirtual{row}, func(p int, at []reg.GPVirtual) {
		v := s.vector()
		s.VMULPS(s.at(at[0], p), scale, v)
		s.VMAXPS(peaks[p], v, peaks[p])
	})
	s.VMOVSS(s.fold(peaks, s.VMAXPS), operand.Mem{Base: top})
	s.ADDQ(operand.U8(4), top)
	s.ADDQ(operand.U8(4), shrink)
	s.ADDQ(stride, row)
	s.DECQ(left)
	s.JNZ(operand.LabelRef("peaks"))

	top, shrink, total := s.copyOf(tops), s.copyOf(shrinks), s.copyOf(totals)
	s.stream(s.extentOf(s.copyOf(rows)), []reg.GPVirtual{top, shrink, total}, func(p int, m mask) {
		old := s.read(shrink, p, m)
		s.VSUBPS(s.read(top, p, m), old, old)
		by := c.exp2(old)
		s.store(by, s.at(shrink, p), m)
		s.VMULPS(s.read(total, p, m), by, by)
		s.store(by, s.at(total, p), m)
	})

	s.Label("row")
	peak := s.vector()
	s.VBROADCASTSS(operand.Mem{Base: tops}, peak)
	sums := s.zeros(s.parts())
	s.wholeGroups(bytes, []reg.GPVirtual{scores}, func(p int, at []reg.GPVirtual) {
		v := s.read(at[0], p, nil)
		s.VFMSUB213PS(peak, scale, v)
		v = c.exp2(v)
		s.store(v, s.at(at[0], p), nil)
		s.VADDPS(v, sums[p], sums[p])
	})
	sum := s.fold(sums, s.VADDPS).(reg.VecVirtual).AsX()
	s.VADDSS(operand.Mem{Base: totals}, sum, sum)
	s.VMOVSS(sum, operand.Mem{Base: totals})
	s.ADDQ(operand.U8(4), tops)
	s.ADDQ(operand.U8(4), totals)
	s.ADDQ(stride, scores)
	s.DECQ(rows)
	s.JNZ(operand.LabelRef("row"))
	s.finish()
}

func softmaxSlopeKernel(s *isa) {
	s.function("softmaxSlope",
		"(scores, dp *float32, stride uintptr, rows, cols int, scale float32, logSum, delta *float32)",
		"is ops.SoftmaxSlope of rows of cols scores, a multiple of 16, stride bytes apart.")
	scores, dp, stride, rows, bytes := s.argument("scores"), s.argument("dp"), s.argument("stride"), s.argument("rows"), s.argument("cols")
	logSums, deltas := s.argument("logSum"), s.argument("delta")
	s.SHLQ(operand.U8(2), bytes)
	c := s.constants(exp2Constants()...)
	scale, scale2 := s.spread("scale"), s.vector()
	s.VMULPS(c.c(math.Log2E), scale, scale2)
	s.Label("row")
	logSum, delta := s.vector(), s.vector()
	s.VBROADCASTSS(operand.Mem{Base: logSums}, logSum)
	s.VMULPS(c.c(math.Log2E), logSum, logSum)
	s.VBROADCASTSS(operand.Mem{Base: deltas}, delta)
	s.wholeGroups(bytes, []reg.GPVirtual{scores, dp}, func(p int, at []reg.GPVirtual) {
		v := s.read(at[0], p, nil)
		s.VFMSUB213PS(logSum, scale2, v)
		v = c.exp2(v)
		s.store(v, s.at(at[0], p), nil)
		slope := s.read(at[1], p, nil)
		s.VSUBPS(delta, slope, slope)
		s.VMULPS(scale, v, v)
		s.VMULPS(v, slope, slope)
		s.store(slope, s.at(at[1], p), nil)
	})
	for _, ptr := range []reg.GPVirtual{logSums, deltas} {
		s.ADDQ(operand.U8(4), ptr)
	}
	s.ADDQ(stride, scores)
	s.ADDQ(stride, dp)
	s.DECQ(rows)
	s.JNZ(operand.LabelRef("row"))
	s.finish()
}

// scaleRowsKernel skips rows that stay as they are, which in time most do.
func scaleRowsKernel(s *isa) {
	s.function("scaleRows", "(x *float32, stride uintptr, rows, cols int, by *float32)",
		"multiplies each of rows, stride bytes apart, by its own factor.")
	x, stride, rows, by := s.argument("x"), s.argument("stride"), s.argument("rows"), s.argument("by")
	e := s.extentOf(s.argument("cols"))
	one := s.GP32()
	s.Label("row")
	s.MOVL(operand.U32(math.Float32bits(1)), one)
	s.CMPL(one, operand.Mem{Base: by})
	s.JEQ(operand.LabelRef("next"))
	factor, at := s.vector(), s.copyOf(x)
	s.VBROADCASTSS(operand.Mem{Base: by}, factor)
	s.stream(e, []reg.GPVirtual{at}, func(p int, m mask) {
		v := s.read(at, p, m)
		s.VMULPS(factor, v, v)
		s.store(v, s.at(at, p), m)
	})
	s.Label("next")
	s.ADDQ(operand.U8(4), by)
	s.ADDQ(stride, x)
	s.DECQ(rows)
	s.JNZ(operand.LabelRef("row"))
	s.finish()
}
