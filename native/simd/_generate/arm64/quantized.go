package arm64

import "fmt"

// Instructions that widen: the lower half of a register, or with upper the higher.
const (
	upper     = 0x40000000
	shll16    = 0x2e613800 // 16 bits to the upper half of 32
	sxtl8     = 0x0f08a400 // 8 bits to 16, with sign
	sxtl16    = 0x0f10a400 // 16 bits to 32, with sign
	scvtf     = 0x4e21d800 // whole numbers to floats
	firstRead = 16         // the register that a row is read to
	widened   = 20         // the first of the four that hold a group, widened
)

// quantizedRows emits the products of matrices kept in fewer bits.
func (n *neon) quantizedRows() {
	n.quantized("BF16", "uint16", "VLD1.P 32(R1), [V16.H8, V17.H8]", func() {
		for i := range 2 {
			n.unary(shll16, "SHLL", widened+2*i, firstRead+i)
			n.unary(shll16|upper, "SHLL2", widened+2*i+1, firstRead+i)
		}
	})
	n.quantized("Int8", "int8", "VLD1.P 16(R1), [V16.B16]", func() {
		n.unary(sxtl8|upper, "SXTL2", firstRead+1, firstRead)
		n.unary(sxtl8, "SXTL", firstRead, firstRead)
		for i := range 2 {
			n.unary(sxtl16, "SXTL", widened+2*i, firstRead+i)
			n.unary(sxtl16|upper, "SXTL2", widened+2*i+1, firstRead+i)
		}
		for i := range 4 {
			n.unary(scvtf, "SCVTF", widened+i, widened+i)
		}
	})
}

// quantized emits the product of one form; load reads a group and widen widens it.
func (n *neon) quantized(name, goType, load string, widen func()) {
	n.function("matVec"+name, fmt.Sprintf("(dst *float32, w *%s, x *float32, rows, cols int)", goType), 40,
		"computes dst[r] = Σ_c w[r, c]·x[c] for rows > 0 and cols, a positive multiple\n// of 16.")
	n.arguments("dst", "w", "x", "rows", "cols")
	n.label("row")
	n.line("MOVD R2, R5")
	n.line("MOVD R4, R6")
	n.clear(0, 4)
	n.label("group")
	n.line("VLD1.P 64(R5), %s", registers(4, 4))
	n.line("%s", load)
	widen()
	for i := range 4 {
		n.op(fmul, widened+i, widened+i, 4+i)
		n.op(fadd, i, i, widened+i)
	}
	n.line("SUBS $16, R6")
	n.line("BNE group")
	n.fold()
	n.line("FMOVS.P F0, 4(R0)")
	n.line("SUBS $1, R3")
	n.line("BNE row")
	n.line("RET")
}
