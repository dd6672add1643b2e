package arm64

// memory emits the decaying memory. Channels are independent chains, so 16 of them
// walk through all steps with their state in registers.
func (n *neon) memory() {
	n.memoryScan()
	n.memoryScanBackward()
}

func (n *neon) memoryScan() {
	n.function("memoryScan",
		"(dst *float32, dstStride uintptr, state, gate *float32, gateStride uintptr, x *float32, xStride uintptr, steps int)", 64,
		"computes dst[t] = state = gate[t]∘state + (1−gate[t])∘x[t] of 16\n// channels for steps > 0. Strides are in bytes.")
	n.arguments("dst", "dstStride", "state", "gate", "gateStride", "x", "xStride", "steps")
	n.constant(28, 1)
	n.line("VLD1 (R2), %s", registers(0, 4))
	n.label("step")
	n.line("VLD1 (R3), %s", registers(4, 4))
	n.line("VLD1 (R5), %s", registers(16, 4))
	n.line("ADD R4, R3")
	n.line("ADD R6, R5")
	for i := range 4 {
		state, gate, x, rest := i, 4+i, 16+i, 20+i
		n.op(fsub, rest, 28, gate)
		n.op(fmul, state, state, gate)
		n.op(fmul, x, x, rest)
		n.op(fadd, state, state, x)
	}
	n.line("VST1 %s, (R0)", registers(0, 4))
	n.line("ADD R1, R0")
	n.line("SUBS $1, R7")
	n.line("BNE step")
	n.line("VST1 %s, (R2)", registers(0, 4))
	n.line("RET")
}

// memoryScanBackward goes from the last step, which the pointers are at, to the
// first, before which the memory was zero.
func (n *neon) memoryScanBackward() {
	n.function("memoryScanBackward",
		"(dx *float32, dxStride uintptr, dgate *float32, dgateStride uintptr, dy *float32, dyStride uintptr, y *float32, yStride uintptr, "+
			"gate *float32, gateStride uintptr, x *float32, xStride uintptr, steps int)", 104,
		"is the gradient of memoryScan for 16 channels and steps > 0, from\n// the last step, at which every pointer is, to the first. Strides are in bytes.")
	n.arguments("dx", "dxStride", "dgate", "dgateStride", "dy", "dyStride", "y", "yStride", "gate", "gateStride", "x", "xStride", "steps")
	n.constant(28, 1)
	n.clear(0, 4)
	n.label("step")
	n.clear(20, 4)
	n.line("SUBS $1, R12")
	n.line("BEQ first")
	n.line("SUB R7, R6")
	n.line("VLD1 (R6), %s", registers(20, 4))
	n.label("first")
	n.line("VLD1 (R4), %s", registers(4, 4))
	n.line("VLD1 (R8), %s", registers(8, 4))
	n.line("VLD1 (R10), %s", registers(12, 4))
	n.line("VLD1 (R2), %s", registers(16, 4))
	for i := range 4 {
		carried, a, gate, x, dgate, before := i, 4+i, 8+i, 12+i, 16+i, 20+i
		n.op(fadd, a, a, carried)
		n.op(fmul, carried, gate, a)
		n.op(fsub, gate, 28, gate)
		n.op(fsub, before, before, x)
		n.op(fmul, before, before, a)
		n.op(fadd, dgate, dgate, before)
		n.op(fmul, a, gate, a)
	}
	n.line("VST1 %s, (R0)", registers(4, 4))
	n.line("VST1 %s, (R2)", registers(16, 4))
	for _, step := range []string{"R1, R0", "R3, R2", "R5, R4", "R9, R8", "R11, R10"} {
		n.line("SUB %s", step)
	}
	n.line("CBNZ R12, step")
	n.line("RET")
}
