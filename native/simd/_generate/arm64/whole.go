package arm64

import (
	"fmt"
	"math/bits"
)

// An ops.RoundedPart: scale, sum, and of as many values the whole numbers and the rests.
const (
	part      = 32
	sumAt     = 4
	wholeAt   = 32
	partBytes = wholeAt + 4*part
)

// Instructions on whole numbers of 16 bits.
const (
	uxtl8 = 0x2f08a400 // 8 bits to 16
	mul16 = 0x4e609c00
	smull = 0x0e60c000 // products of 32 bits, of the lower halves or with upper the higher
	smlal = 0x0e608000 // the same, added
	addp4 = 0x4ea0bc00 // of pairs
	halfs = 0x1ee24000 // binary16 to float32
)

// The registers of a product: eight sums and the ninth, what is multiplied and what it is
// multiplied by, constants, and what a block has once.
const (
	lane      = 0  // and 1
	less      = 2  // in the first lane
	wholeRead = 4  // four of eight numbers
	scaleOf   = 8  // of the weights of a part, in the first lane
	leastOf   = 9  // likewise
	factor    = 10 // in every lane
	nibble    = 11 // 15 in every byte
	offset    = 12 // what is taken from every byte
	rests     = 13 // 1/32768 in every lane
	super     = 14 // scale and, negative, minimum of a block, in the first lanes of two
	wholeX    = 16 // four of eight numbers of activations
	products  = 20
	free      = 24 // and those after it
)

// wholeFormat is a format of package quant whose values are whole numbers times a scale, and
// in some plus a minimum, one of each for a part.
type wholeFormat struct {
	name         string
	parts, bytes int  // of a block
	offset       int  // that bytes are taken from
	least, fine  bool // has minima; takes the rests of activations too

	// open reads what the block at R1 has once; read puts the whole numbers of part p in
	// place, and its scale and its minimum where the block has not.
	open func(n *neon)
	read func(n *neon, p int)

	// scaled and scales are for whole numbers as scales of 16 values: scaled multiplies those
	// of part p with them, scales puts scale i of its two in every lane of the factor.
	scaled func(n *neon, p int)
	scales func(n *neon, p, i int)
}

var wholeFormats = []wholeFormat{
	{"Q8_0", 1, 34, 0, false, false, func(n *neon) { n.half(scaleOf, 0) }, func(n *neon, _ int) {
		n.bytesAt(2, 2)
		n.widenBytes(sxtl8)
	}, nil, nil},
	{"Q4_0", 1, 18, 8, false, false, func(n *neon) { n.half(scaleOf, 0) }, func(n *neon, _ int) {
		n.bytesAt(2, 1)
		n.nibbles()
		n.takeOffset()
		n.widenBytes(sxtl8)
	}, nil, nil},
	{"Q4_1", 1, 20, 0, true, false, func(n *neon) {
		n.half(scaleOf, 0)
		n.half(leastOf, 2)
	}, func(n *neon, _ int) {
		n.bytesAt(4, 1)
		n.nibbles()
		n.widenBytes(uxtl8)
	}, nil, nil},
	{"Q4_K", 8, 144, 0, true, true, func(n *neon) {
		n.half(super, 0)
		n.half(super+1, 2)
		n.line("FNEGS F%d, F%d", super+1, super+1)
	}, (*neon).readQ4K, nil, nil},
	{"Q6_K", 8, 210, 32, false, true, func(n *neon) { n.half(scaleOf, 208) }, (*neon).readQ6K, (*neon).scaledQ6K, (*neon).scalesQ6K},
}

// wholes emits the products of blocks and rounded activations.
func (n *neon) wholes() {
	for _, f := range wholeFormats {
		n.whole(f)
		n.dequantize(f)
	}
}

func (n *neon) whole(f wholeFormat) {
	n.function("matVec"+f.name, "(dst *float32, w *byte, x *float32, rows, cols int)", 40,
		fmt.Sprintf("computes dst[r] = Σ_c w[r, c]·x[c] for x in parts of %d, rows > 0, and cols, a\n// positive multiple of %d.", part, part*f.parts))
	n.arguments("dst", "w", "x", "rows", "cols")
	n.line("LSR $%d, R4", bits.TrailingZeros(uint(part*f.parts)))
	n.line("VMOVI $15, V%d.B16", nibble)
	n.line("VMOVI $%d, V%d.B16", f.offset, offset)
	n.constant(rests, 1.0/(1<<15))
	n.label("row")
	n.line("MOVD R2, R5")
	n.line("MOVD R4, R6")
	n.clear(lane, 3)
	n.label("block")
	f.open(n)
	for p := range f.parts {
		f.read(n, p)
		if f.scaled != nil {
			f.scaled(n, p)
		}
		n.line("FMOVS (R5), F%d", free)
		n.line("FMULS F%d, F%d, F%d", scaleOf, free, factor)
		n.line("VDUP V%d.S[0], V%d.S4", factor, factor)
		if f.least {
			n.line("FMOVS %d(R5), F%d", sumAt, free)
			n.line("FMULS F%d, F%d, F%d", leastOf, free, free)
			n.line("FADDS F%d, F%d, F%d", free, less, less)
		}
		n.line("ADD $%d, R5, R7", wholeAt)
		n.wholeSums(products)
		if f.fine {
			n.wholeSums(free)
			for i := range 2 {
				n.op(fmul, free+i, free+i, rests)
				n.op(fadd, products+i, products+i, free+i)
			}
		}
		for i := range 2 {
			n.op(fmul, products+i, products+i, factor)
			n.op(fadd, lane+i, lane+i, products+i)
		}
		n.line("ADD $%d, R5", partBytes)
	}
	n.line("ADD $%d, R1", f.bytes)
	n.line("SUBS $1, R6")
	n.line("BNE block")
	n.op(fadd, lane, lane, lane+1)
	n.line("VEXT $8, V0.B16, V0.B16, V1.B16")
	n.op(fadd, 0, 0, 1)
	n.op(faddp, 0, 0, 0)
	if f.least {
		n.line("FADDS F%d, F0, F0", less)
	}
	n.line("FMOVS.P F0, 4(R0)")
	n.line("SUBS $1, R3")
	n.line("BNE row")
	n.line("RET")
}

// dequantize widens whole blocks, with the bits of quant.
func (n *neon) dequantize(f wholeFormat) {
	n.function("dequantize"+f.name, "(dst *float32, w *byte, n int)", 24,
		fmt.Sprintf("writes the n values of the blocks of w to dst, n a positive multiple of %d.", part*f.parts))
	n.arguments("dst", "w", "n")
	n.line("VMOVI $15, V%d.B16", nibble)
	n.line("VMOVI $%d, V%d.B16", f.offset, offset)
	n.label("block")
	f.open(n)
	for p := range f.parts {
		f.read(n, p)
		if f.scales == nil {
			n.line("VDUP V%d.S[0], V%d.S4", scaleOf, factor)
		}
		if f.least {
			n.line("VDUP V%d.S[0], V%d.S4", leastOf, less)
		}
		for i := range 4 {
			if f.scales != nil && i%2 == 0 {
				f.scales(n, p, i/2)
			}
			n.unary(sxtl16, "SXTL", products, wholeRead+i)
			n.unary(sxtl16|upper, "SXTL2", products+1, wholeRead+i)
			for v := products; v < products+2; v++ {
				n.unary(scvtf, "SCVTF", v, v)
				n.op(fmul, v, v, factor)
				if f.least {
					n.op(fadd, v, v, less)
				}
			}
			n.line("VST1.P %s, 32(R0)", registers(products, 2))
		}
	}
	n.line("ADD $%d, R1", f.bytes)
	n.line("SUBS $%d, R2", part*f.parts)
	n.line("BNE block")
	n.line("RET")
}

// wholeSums makes the eight sums of four products each of the numbers read and those at R7,
// behind which it leaves it, as floats in two registers.
func (n *neon) wholeSums(to int) {
	n.line("VLD1.P 64(R7), [V%d.H8, V%d.H8, V%d.H8, V%d.H8]", wholeX, wholeX+1, wholeX+2, wholeX+3)
	multiply := func(code uint32, name string, d, i int) {
		n.line("WORD $0x%08x // %s V%d, V%d, V%d", code|uint32(wholeX+i)<<16|uint32(wholeRead+i)<<5|uint32(d), name, d, wholeRead+i, wholeX+i)
	}
	for i := range 2 {
		first, second := to+i, free+4 // the latter only for the while
		multiply(smull, "SMULL", first, i)
		multiply(smull|upper, "SMULL2", second, i)
		multiply(smlal, "SMLAL", first, i+2)
		multiply(smlal|upper, "SMLAL2", second, i+2)
		n.op(addp4, first, first, second)
		n.unary(scvtf, "SCVTF", first, first)
	}
}

// half loads a binary16 number of the block as a float.
func (n *neon) half(v, at int) {
	n.line("MOVHU %d(R1), R8", at)
	n.line("FMOVS R8, F%d", v)
	n.unary(halfs, "FCVT", v, v)
}

// bytesAt loads count times 16 bytes of the block to the free registers.
func (n *neon) bytesAt(at, count int) {
	n.line("ADD $%d, R1, R7", at)
	list := fmt.Sprintf("V%d.B16", free)
	if count == 2 {
		list += fmt.Sprintf(", V%d.B16", free+1)
	}
	n.line("VLD1 (R7), [%s]", list)
}

// nibbles makes the low and the high halves of 16 bytes of them.
func (n *neon) nibbles() {
	n.line("VUSHR $4, V%d.B16, V%d.B16", free, free+1)
	n.line("VAND V%d.B16, V%d.B16, V%d.B16", nibble, free, free)
}

func (n *neon) takeOffset() {
	for i := range 2 {
		n.line("VSUB V%d.B16, V%d.B16, V%d.B16", offset, free+i, free+i)
	}
}

// widenBytes makes numbers of 16 bits of 32 bytes.
func (n *neon) widenBytes(code uint32) {
	for i := range 2 {
		n.unary(code, "XTL", wholeRead+2*i, free+i)
		n.unary(code|upper, "XTL2", wholeRead+2*i+1, free+i)
	}
}

// readQ4K: scale and minimum of a part are six bits each, of 12 bytes; see quant.
func (n *neon) readQ4K(p int) {
	six := func(v, of, first, shift int) {
		if p < 4 {
			n.line("MOVBU %d(R1), R8", 4+first+p)
			n.line("AND $63, R8")
		} else {
			n.line("MOVBU %d(R1), R8", 4+4+p)
			if shift > 0 {
				n.line("LSR $%d, R8", shift)
			}
			n.line("AND $15, R8")
			n.line("MOVBU %d(R1), R9", 4+first+p-4)
			n.line("LSR $6, R9")
			n.line("ORR R9<<4, R8")
		}
		n.line("SCVTFWS R8, F%d", v)
		n.line("FMULS F%d, F%d, F%d", of, v, v)
	}
	six(scaleOf, super, 0, 0)
	six(leastOf, super+1, 4, 4)
	n.bytesAt(16+p/2*part, 2)
	for i := range 2 {
		if p%2 == 0 {
			n.line("VAND V%d.B16, V%d.B16, V%d.B16", nibble, free+i, free+i)
		} else {
			n.line("VUSHR $4, V%d.B16, V%d.B16", free+i, free+i)
		}
	}
	n.widenBytes(uxtl8)
}

// readQ6K reads numbers of six bits, less 32.
func (n *neon) readQ6K(p int) {
	half, turn := p/4, p%4
	n.bytesAt(128+32*half, 2)
	for i := range 2 {
		v, high := free+i, free+2+i
		if turn > 0 {
			n.line("VUSHR $%d, V%d.B16, V%d.B16", 2*turn, v, v)
		}
		n.line("VSHL $6, V%d.B16, V%d.B16", v, v)
		n.line("VUSHR $2, V%d.B16, V%d.B16", v, high)
	}
	n.bytesAt(64*half+32*(turn%2), 2)
	for i := range 2 {
		v := free + i
		if turn < 2 {
			n.line("VAND V%d.B16, V%d.B16, V%d.B16", nibble, v, v)
		} else {
			n.line("VUSHR $4, V%d.B16, V%d.B16", v, v)
		}
		n.line("VORR V%d.B16, V%d.B16, V%d.B16", free+2+i, v, v)
	}
	n.takeOffset()
	n.widenBytes(sxtl8)
}

func (n *neon) scaledQ6K(p int) {
	for i := range 4 {
		if i%2 == 0 {
			n.line("MOVB %d(R1), R8", 192+2*p+i/2)
			n.line("VDUP R8, V%d.H8", free)
		}
		n.op(mul16, wholeRead+i, wholeRead+i, free)
	}
}

func (n *neon) scalesQ6K(p, i int) {
	n.line("MOVB %d(R1), R8", 192+2*p+i)
	n.line("SCVTFWS R8, F%d", free)
	n.line("FMULS F%d, F%d, F%d", scaleOf, free, free)
	n.line("VDUP V%d.S[0], V%d.S4", free, factor)
}
