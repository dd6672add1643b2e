package arm64

// rows emits what goes through values or rows of them one after the other.
func (n *neon) rows() {
	n.add()
	n.minMax()
	n.rope()
	n.normRow()
	n.countFrom()
}

func (n *neon) add() {
	n.function("add", "(dst, x *float32, n int)", 24,
		"computes dst[i] += x[i] for n, a positive multiple of 16.")
	n.arguments("dst", "x", "n")
	n.label("group")
	n.line("VLD1 (R0), %s", registers(0, 4))
	n.line("VLD1.P 64(R1), %s", registers(4, 4))
	for i := range 4 {
		n.op(fadd, i, i, 4+i)
	}
	n.line("VST1.P %s, 64(R0)", registers(0, 4))
	n.line("SUBS $16, R2")
	n.line("BNE group")
	n.line("RET")
}

// minMax goes down the rows with the bounds of 16 channels in registers.
func (n *neon) minMax() {
	n.function("minMax", "(lo, hi, rows *float32, n, cols int)", 40,
		"takes rows [n, cols] into the bounds lo and hi for n > 0 and cols, a positive\n// multiple of 16.")
	n.arguments("lo", "hi", "rows", "n", "cols")
	n.line("LSL $2, R4, R5")
	n.label("channels")
	n.line("VLD1 (R0), %s", registers(0, 4))
	n.line("VLD1 (R1), %s", registers(4, 4))
	n.line("MOVD R2, R6")
	n.line("MOVD R3, R7")
	n.label("row")
	n.line("VLD1 (R6), %s", registers(16, 4))
	n.line("ADD R5, R6")
	for i := range 4 {
		lo, hi, v, below, above := i, 4+i, 16+i, 20+i, 24+i
		n.op(fcmgt, below, lo, v)
		n.op(fcmgt, above, v, hi)
		n.op(bit, lo, v, below)
		n.op(bit, hi, v, above)
	}
	n.line("SUBS $1, R7")
	n.line("BNE row")
	n.line("VST1.P %s, 64(R0)", registers(0, 4))
	n.line("VST1.P %s, 64(R1)", registers(4, 4))
	n.line("ADD $64, R2")
	n.line("SUBS $16, R4")
	n.line("BNE channels")
	n.line("RET")
}

func (n *neon) rope() {
	n.function("rope", "(x, cos, sin *float32, rows, half int)", 40,
		"rotates x [rows, 2·half] for rows > 0 and half, a positive multiple of 8.")
	n.arguments("x", "cos", "sin", "rows", "half")
	n.line("LSL $2, R4, R5")
	n.label("row")
	n.line("ADD R5, R0, R6")
	n.line("MOVD R1, R7")
	n.line("MOVD R2, R8")
	n.line("MOVD R4, R9")
	n.label("group")
	n.line("VLD1 (R0), %s", registers(0, 2))
	n.line("VLD1 (R6), %s", registers(2, 2))
	n.line("VLD1.P 32(R7), %s", registers(4, 2))
	n.line("VLD1.P 32(R8), %s", registers(6, 2))
	for i := range 2 {
		a, b, cos, sin := i, 2+i, 4+i, 6+i
		n.op(fmul, 16+i, b, sin)
		n.op(fmul, 18+i, a, sin)
		n.op(fmul, a, a, cos)
		n.op(fmul, b, b, cos)
		n.op(fsub, a, a, 16+i)
		n.op(fadd, b, b, 18+i)
	}
	n.line("VST1.P %s, 32(R0)", registers(0, 2))
	n.line("VST1.P %s, 32(R6)", registers(2, 2))
	n.line("SUBS $8, R9")
	n.line("BNE group")
	n.line("ADD R5, R0")
	n.line("SUBS $1, R3")
	n.line("BNE row")
	n.line("RET")
}

func (n *neon) normRow() {
	n.function("normRow", "(dst, x, weight *float32, n int, inv float32)", 36,
		"computes dst[c] = x[c]·inv·weight[c] for n, a positive multiple of 16.")
	n.arguments("dst", "x", "weight", "n")
	n.floats(32, 16, "inv")
	n.label("group")
	n.line("VLD1.P 64(R1), %s", registers(0, 4))
	n.line("VLD1.P 64(R2), %s", registers(4, 4))
	for i := range 4 {
		n.op(fmul, i, i, 16)
		n.op(fmul, i, i, 4+i)
	}
	n.line("VST1.P %s, 64(R0)", registers(0, 4))
	n.line("SUBS $16, R3")
	n.line("BNE group")
	n.line("RET")
}

// countFrom takes away a comparison that holds, which is -1.
func (n *neon) countFrom() {
	n.function("countFrom", "(x *float32, n int, least float32) (count int)", 32,
		"counts the values x[i] >= least for n, a positive multiple of 16.")
	n.arguments("x", "n")
	n.floats(16, 16, "least")
	n.clear(0, 4)
	n.label("group")
	n.line("VLD1.P 64(R0), %s", registers(4, 4))
	for i := range 4 {
		n.op(fcmge, 4+i, 4+i, 16)
		n.line("VSUB V%d.S4, V%d.S4, V%d.S4", 4+i, i, i)
	}
	n.line("SUBS $16, R1")
	n.line("BNE group")
	for i := range 3 {
		n.line("VADD V%d.S4, V0.S4, V0.S4", 1+i)
	}
	n.line("VADDV V0.S4, V0")
	n.line("VMOV V0.S[0], R0")
	n.line("MOVD R0, count+24(FP)")
	n.line("RET")
}
