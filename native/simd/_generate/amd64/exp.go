package amd64

import (
	"kvscope/native/simd/generate/numbers"
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// polynomial evaluates coefficients, the highest first, at x by Horner's rule.
func (c constants) polynomial(coefficients []float32, x reg.VecVirtual) reg.VecVirtual {
	p := c.vector()
	c.VMULPS(c.c(coefficients[0]), x, p)
	for i, a := range coefficients[1:] {
		c.VADDPS(c.c(a), p, p)
		if i+2 < len(coefficients) {
			c.VMULPS(x, p, p)
		}
	}
	return p
}

// expNegative returns e^x for x <= 0. It overwrites x.
func (c constants) expNegative(x reg.VecVirtual) reg.VecVirtual {
	var k reg.OpmaskVirtual
	var keep reg.VecVirtual
	const notLess = 5 // true for NaN
	if c.avx512() {
		k = c.K()
		c.VCMPPS(operand.U8(notLess), c.c(numbers.ExpLowest), x, k)
	} else {
		keep = c.vector()
		c.VCMPPS(operand.U8(notLess), c.c(numbers.ExpLowest), x, keep)
	}
	t, n := c.vector(), c.vector()
	c.VMULPS(c.c(math.Log2E), x, t)
	c.VADDPS(c.c(numbers.ExpShift), t, t)
	c.VSUBPS(c.c(numbers.ExpShift), t, n)
	u := c.vector()
	c.VMULPS(c.c(numbers.Ln2High), n, u)
	c.VSUBPS(u, x, x)
	c.VMULPS(c.c(numbers.Ln2Low), n, n)
	c.VSUBPS(n, x, x)
	p := c.polynomial(numbers.ExpPoly, x)
	c.VMULPS(x, x, u)
	c.VMULPS(u, p, p)
	c.VADDPS(x, p, p)
	c.VADDPS(c.c(1), p, p)
	c.VPSLLD(operand.U8(23), t, t)
	c.VPADDD(c.c(1), t, t)
	if c.avx512() {
		c.VMULPS_Z(t, p, k, p)
	} else {
		c.VMULPS(t, p, p)
		c.VANDPS(keep, p, p)
	}
	return p
}

// absolute returns |x|, or -|x|.
func (c constants) absolute(x reg.VecVirtual, negative bool) reg.VecVirtual {
	v := c.vector()
	sign := c.signBits()
	if negative {
		c.VORPS(sign, x, v)
	} else {
		c.VANDNPS(x, sign, v)
	}
	return v
}

// signBits is a register of negative zeros.
func (c constants) signBits() reg.VecVirtual {
	v := c.vector()
	if c.avx512() {
		c.VPTERNLOGD(operand.U8(0xff), v, v, v)
	} else {
		c.VPCMPEQD(v, v, v)
	}
	c.VPSLLD(operand.U8(31), v, v)
	return v
}

// bySign returns negative where the sign of x is set and positive elsewhere, in
// the register of positive.
func (c constants) bySign(x, negative, positive reg.VecVirtual) {
	if c.avx512() {
		k := c.K()
		c.VPMOVD2M(x, k)
		c.VMOVAPS(negative, k, positive)
	} else {
		c.VBLENDVPS(x, negative, positive, positive)
	}
}

// normalCDF returns Φ(x) and e^(−x²/2).
func (c constants) normalCDF(x reg.VecVirtual) (cdf, bell reg.VecVirtual) {
	z := c.absolute(x, false)
	square := c.vector()
	c.VMULPS(z, z, square)
	c.VMULPS(c.c(-0.5), square, square)
	bell = c.expNegative(square)
	c.VMULPS(c.c(numbers.MillsRate), z, z)
	c.VADDPS(c.c(1), z, z)
	t := c.vector()
	c.VDIVPS(z, c.register(1), t)
	tail := c.polynomial(numbers.MillsPoly, t)
	c.VMULPS(t, tail, tail)
	c.VMULPS(bell, tail, tail)
	cdf = c.vector()
	c.VSUBPS(tail, c.register(1), cdf)
	c.bySign(x, tail, cdf)
	return cdf, bell
}
