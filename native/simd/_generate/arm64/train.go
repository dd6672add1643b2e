package arm64

const fsqrt = 0x6ea1f800 // of each of four float32 lanes

// train emits what only training needs.
func (n *neon) train() {
	n.dot3()
	n.normBackwardRow()
	n.adamW()
}

func (n *neon) dot3() {
	n.function("dot3", "(x, y, z *float32, n int) (sum float32)", 36,
		"returns Σ (x∘y)∘z for n, a positive multiple of 16.")
	n.arguments("x", "y", "z", "n")
	n.clear(0, 4)
	n.label("group")
	n.line("VLD1.P 64(R0), %s", registers(4, 4))
	n.line("VLD1.P 64(R1), %s", registers(8, 4))
	n.line("VLD1.P 64(R2), %s", registers(12, 4))
	n.each(fmul, 4, 4, 8)
	n.each(fmul, 4, 4, 12)
	n.each(fadd, 0, 0, 4)
	n.line("SUBS $16, R3")
	n.line("BNE group")
	n.fold()
	n.line("FMOVS F0, sum+32(FP)")
	n.line("RET")
}

func (n *neon) normBackwardRow() {
	const inv, pull, down, sum, up, x, weight = 16, 17, 0, 28, 4, 8, 12
	n.function("normBackwardRow", "(dx, dweight, dy, x, weight *float32, n int, inv, pull float32)", 56,
		"adds inv·weight∘dy − pull·x to dx and dy∘x·inv to dweight, for n, a\n// positive multiple of 16.")
	n.arguments("dx", "dweight", "dy", "x", "weight", "n")
	n.floats(48, inv, "inv", "pull")
	n.label("group")
	n.line("VLD1 (R0), %s", registers(down, 4))
	n.line("VLD1 (R1), %s", registers(sum, 4))
	n.line("VLD1.P 64(R2), %s", registers(up, 4))
	n.line("VLD1.P 64(R3), %s", registers(x, 4))
	n.line("VLD1.P 64(R4), %s", registers(weight, 4))
	n.each(fmul, weight, weight, inv)
	n.each(fmul, weight, weight, up)
	n.each(fmul, up, up, x)
	n.each(fmul, up, up, inv)
	n.each(fmul, x, x, pull)
	n.each(fsub, weight, weight, x)
	n.each(fadd, down, down, weight)
	n.each(fadd, sum, sum, up)
	n.line("VST1.P %s, 64(R0)", registers(down, 4))
	n.line("VST1.P %s, 64(R1)", registers(sum, 4))
	n.line("SUBS $16, R5")
	n.line("BNE group")
	n.line("RET")
}

func (n *neon) adamW() {
	const (
		p, m, v, g, t                                                                   = 0, 4, 8, 12, 28
		gradScale, beta1, rest1, beta2, rest2, correction1, correction2, eps, decay, lr = 16, 17, 18, 19, 20, 21, 22, 23, 24, 25
	)
	n.function("adamW", "(p, m, v, grad *float32, n int, gradScale, beta1, rest1, beta2, rest2, correction1, correction2, eps, decay, lr float32)", 80,
		"applies one step of AdamW for n, a positive multiple of 16; rest is 1 − beta.")
	n.arguments("p", "m", "v", "grad", "n")
	n.floats(40, gradScale, "gradScale", "beta1", "rest1", "beta2", "rest2", "correction1", "correction2", "eps", "decay", "lr")
	n.label("group")
	n.line("VLD1 (R0), %s", registers(p, 4))
	n.line("VLD1 (R1), %s", registers(m, 4))
	n.line("VLD1 (R2), %s", registers(v, 4))
	n.line("VLD1.P 64(R3), %s", registers(g, 4))
	n.each(fmul, g, g, gradScale)
	n.each(fmul, m, m, beta1)
	n.each(fmul, t, g, rest1)
	n.each(fadd, m, m, t)
	n.each(fmul, v, v, beta2)
	n.each(fmul, t, g, rest2)
	n.each(fmul, t, t, g)
	n.each(fadd, v, v, t)
	n.line("VST1.P %s, 64(R1)", registers(m, 4))
	n.line("VST1.P %s, 64(R2)", registers(v, 4))
	n.each(fdiv, v, v, correction2)
	n.eachUnary(fsqrt, "FSQRT", v, v)
	n.each(fadd, v, v, eps)
	n.each(fdiv, m, m, correction1)
	n.each(fdiv, m, m, v)
	n.each(fmul, t, p, decay)
	n.each(fadd, m, m, t)
	n.each(fmul, m, m, lr)
	n.each(fsub, p, p, m)
	n.line("VST1.P %s, 64(R0)", registers(p, 4))
	n.line("SUBS $16, R4")
	n.line("BNE group")
	n.line("RET")
}
