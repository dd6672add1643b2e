package arm64

import (
	"math"

	"kvscope/native/simd/generate/numbers"
)

// Operations on one register of four float32 lanes.
const (
	fabs    = 0x4ea0f800
	fneg    = 0x6ea0f800
	isSet   = 0x4ea0a800 // all bits where the sign is set
	fmaxAll = 0x6e30c800 // the largest lane in the first
)

// The registers of expNegative that hold 16 values each. The constants are its own;
// those from kept on are the caller's.
const expX, expT, expU, expP = 0, 4, 8, 12

// expBelow stands for every value below numbers.ExpLowest: it rounds to 2^-127, whose
// exponent is that of zero.
const expBelow = -88

// exponentials emits what is made of the package's exponential.
func (n *neon) exponentials() {
	n.softmaxTop()
	n.softmaxExp()
	n.softmaxSum()
	n.softmaxBackRow()
	n.scaleRow()
	n.gates()
	n.gelu()
}

// expRegister is where expNegative has the constant.
func expRegister(value float32) int {
	for i, v := range neonExpConstants() {
		if v == value {
			return firstConstant + i
		}
	}
	panic("not a constant of the exponential")
}

func neonExpConstants() []float32 { return append(numbers.Exp(), expBelow) }

func (n *neon) loadExpConstants() {
	for i, v := range neonExpConstants() {
		n.constant(firstConstant+i, v)
	}
}

// expNegative leaves e^x of the 16 values in expX, all <= 0, in expP. It overwrites
// the others.
func (n *neon) expNegative() {
	c := expRegister
	n.each(fcmgt, expT, c(numbers.ExpLowest), expX)
	n.each(bit, expX, c(expBelow), expT)
	n.each(fmul, expT, expX, c(math.Log2E))
	n.each(fadd, expT, expT, c(numbers.ExpShift))
	n.each(fsub, expU, expT, c(numbers.ExpShift))
	n.each(fmul, expP, expU, c(numbers.Ln2High))
	n.each(fsub, expX, expX, expP)
	n.each(fmul, expP, expU, c(numbers.Ln2Low))
	n.each(fsub, expX, expX, expP)
	n.each(fmul, expP, expX, c(numbers.ExpPoly[0]))
	for i, a := range numbers.ExpPoly[1:] {
		n.each(fadd, expP, expP, c(a))
		if i+2 < len(numbers.ExpPoly) {
			n.each(fmul, expP, expP, expX)
		}
	}
	n.each(fmul, expU, expX, expX)
	n.each(fmul, expP, expP, expU)
	n.each(fadd, expP, expP, expX)
	n.each(fadd, expP, expP, c(1))
	for i := range 4 {
		n.line("VSHL $23, V%d.S4, V%d.S4", expT+i, expT+i)
		n.line("VADD V%d.S4, V%d.S4, V%d.S4", c(1), expT+i, expT+i)
	}
	n.each(fmul, expP, expP, expT)
}

// bySign leaves negative in expT where the sign of the kept values is set, and
// positive elsewhere.
func (n *neon) bySign(negative, positive int) {
	n.eachUnary(isSet, "CMLT0", expT, kept)
	n.each(bsl, expT, negative, positive)
}

func (n *neon) softmaxTop() {
	n.function("softmaxTop", "(x *float32, n int, scale float32) (top float32)", 28,
		"returns the largest x[i]·scale, at least -MaxFloat32, for n, a positive\n// multiple of 16.")
	n.arguments("x", "n")
	n.floats(16, 16, "scale")
	for i := range 4 {
		n.constant(i, -math.MaxFloat32)
	}
	n.label("group")
	n.line("VLD1.P 64(R0), %s", registers(4, 4))
	n.each(fmul, 4, 4, 16)
	n.each(fmax, 0, 0, 4)
	n.line("SUBS $16, R1")
	n.line("BNE group")
	for i := range 3 {
		n.op(fmax, 0, 0, 1+i)
	}
	n.unary(fmaxAll, "FMAXNMV", 0, 0)
	n.line("FMOVS F0, top+24(FP)")
	n.line("RET")
}

func (n *neon) softmaxExp() {
	const scale, top = kept, kept + 1
	n.function("softmaxExp", "(x *float32, n int, scale, top float32)", 24,
		"replaces x[i] by exp(x[i]·scale − top) for n, a positive multiple of 16.")
	n.arguments("x", "n")
	n.floats(16, scale, "scale", "top")
	n.loadExpConstants()
	n.label("group")
	n.line("VLD1 (R0), %s", registers(expX, 4))
	for i := range 4 {
		n.op(fmul, expX+i, expX+i, scale)
		n.op(fsub, expX+i, expX+i, top)
	}
	n.expNegative()
	n.line("VST1.P %s, 64(R0)", registers(expP, 4))
	n.line("SUBS $16, R1")
	n.line("BNE group")
	n.line("RET")
}

func (n *neon) softmaxSum() {
	n.function("softmaxSum", "(x *float32, n int, rest *float32) (sum float32)", 28,
		"returns Σ x + Σ rest for n, a positive multiple of 16, and 16 values of rest.")
	n.arguments("x", "n", "rest")
	n.clear(0, 4)
	n.label("group")
	n.line("VLD1.P 64(R0), %s", registers(4, 4))
	n.each(fadd, 0, 0, 4)
	n.line("SUBS $16, R1")
	n.line("BNE group")
	n.line("VLD1 (R2), %s", registers(4, 4))
	n.each(fadd, 0, 0, 4)
	n.fold()
	n.line("FMOVS F0, sum+24(FP)")
	n.line("RET")
}

func (n *neon) softmaxBackRow() {
	n.function("softmaxBackRow", "(dp, p *float32, n int, scale, mean float32)", 32,
		"computes dp[i] = scale·p[i]·(dp[i] − mean) for n, a positive multiple\n// of 16.")
	n.arguments("dp", "p", "n")
	n.floats(24, 16, "scale", "mean")
	n.label("group")
	n.line("VLD1 (R0), %s", registers(0, 4))
	n.line("VLD1.P 64(R1), %s", registers(4, 4))
	n.each(fmul, 4, 16, 4)
	n.each(fsub, 0, 0, 17)
	n.each(fmul, 0, 4, 0)
	n.line("VST1.P %s, 64(R0)", registers(0, 4))
	n.line("SUBS $16, R2")
	n.line("BNE group")
	n.line("RET")
}

func (n *neon) scaleRow() {
	n.function("scaleRow", "(x *float32, n int, by float32)", 20,
		"computes x[i] *= by for n, a positive multiple of 16.")
	n.arguments("x", "n")
	n.floats(16, 16, "by")
	n.label("group")
	n.line("VLD1 (R0), %s", registers(0, 4))
	n.each(fmul, 0, 0, 16)
	n.line("VST1.P %s, 64(R0)", registers(0, 4))
	n.line("SUBS $16, R1")
	n.line("BNE group")
	n.line("RET")
}

// gates emits the sigmoid, and with its operand times it SiLU.
func (n *neon) gates() {
	for _, g := range []struct {
		name, doc string
		times     bool
	}{
		{"sigmoid", "computes dst[i] = 1/(1+exp(−x[i])) for n, a positive multiple of 16.", false},
		{"silu", "computes dst[i] = x[i]/(1+exp(−x[i])) for n, a positive multiple of 16.", true},
	} {
		n.function(g.name, "(dst, x *float32, n int)", 24, g.doc)
		n.arguments("dst", "x", "n")
		n.loadExpConstants()
		n.label("group")
		n.line("VLD1.P 64(R1), %s", registers(kept, 4))
		n.eachUnary(fabs, "FABS", expX, kept)
		n.eachUnary(fneg, "FNEG", expX, expX)
		n.expNegative()
		n.bySign(expP, expRegister(1))
		n.each(fadd, expP, expP, expRegister(1))
		n.each(fdiv, expT, expT, expP)
		if g.times {
			n.each(fmul, expT, kept, expT)
		}
		n.line("VST1.P %s, 64(R0)", registers(expT, 4))
		n.line("SUBS $16, R2")
		n.line("BNE group")
		n.line("RET")
	}
}

// byConstant is d[i] = a[i] op value for four registers, by way of expU.
func (n *neon) byConstant(code uint32, d, a int, value float32) {
	n.constant(expU, value)
	for i := range 4 {
		n.op(code, d+i, a+i, expU)
	}
}

// normalCDF leaves Φ of the kept values in expT and e^(−x²/2) in expP.
func (n *neon) normalCDF() {
	n.each(fmul, expX, kept, kept)
	n.byConstant(fmul, expX, expX, -0.5)
	n.expNegative()
	n.eachUnary(fabs, "FABS", expX, kept)
	n.byConstant(fmul, expX, expX, numbers.MillsRate)
	n.each(fadd, expX, expX, expRegister(1))
	n.each(fdiv, expX, expRegister(1), expX)
	n.byConstant(fmul, expT, expX, numbers.MillsPoly[0])
	for _, a := range numbers.MillsPoly[1:] {
		n.byConstant(fadd, expT, expT, a)
		n.each(fmul, expT, expT, expX)
	}
	n.each(fmul, expX, expT, expP)
	n.each(fsub, expU, expRegister(1), expX)
	n.bySign(expX, expU)
}

func (n *neon) gelu() {
	n.function("gelu", "(dst, x *float32, n int)", 24,
		"computes dst[i] = x[i]·Φ(x[i]) for n, a positive multiple of 16.")
	n.arguments("dst", "x", "n")
	n.loadExpConstants()
	n.label("group")
	n.line("VLD1.P 64(R1), %s", registers(kept, 4))
	n.normalCDF()
	n.each(fmul, expT, kept, expT)
	n.line("VST1.P %s, 64(R0)", registers(expT, 4))
	n.line("SUBS $16, R2")
	n.line("BNE group")
	n.line("RET")

	n.function("geluBackward", "(dx, dy, x *float32, n int)", 32,
		"computes dx[i] = dy[i]·(Φ(x[i]) + x[i]·φ(x[i])) for n, a positive\n// multiple of 16.")
	n.arguments("dx", "dy", "x", "n")
	n.loadExpConstants()
	n.label("group")
	n.line("VLD1.P 64(R2), %s", registers(kept, 4))
	n.normalCDF()
	n.byConstant(fmul, expP, expP, numbers.InverseRoot2Pi)
	n.each(fmul, expP, kept, expP)
	n.each(fadd, expT, expT, expP)
	n.line("VLD1.P 64(R1), %s", registers(expX, 4))
	n.each(fmul, expX, expX, expT)
	n.line("VST1.P %s, 64(R0)", registers(expX, 4))
	n.line("SUBS $16, R3")
	n.line("BNE group")
	n.line("RET")
}
