package amd64

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Tiles of AMX are 16 rows of 64 bytes. The assembler has no name for their instructions,
// which are written as bytes with registers that are fixed by hand.
const (
	tileRowBytes = 64
	tileBytes    = 16 * tileRowBytes
	tileParts    = 2
	tileStep     = tileParts * tileBytes // of 32 values of each of 16 lines
)

// amxKernels emits what products on tiles are made of: the product itself, and packing,
// which splits every float32 into two of bfloat16.
func amxKernels(s *isa) {
	amxProduct(s)
	amxPackAlong(s)
	amxPackAcross(s)
	amxTranspose(s)
}

// bytes emits machine code.
func (s *isa) code(code ...byte) {
	for _, b := range code {
		s.Instruction(&ir.Instruction{Opcode: "BYTE", Operands: []operand.Op{operand.U8(b)}})
	}
}

// General registers as instructions count them. Those of the first eight need no prefix bit.
const (
	codeAX = iota
	codeCX
	codeDX
	codeBX
	codeSP
	codeBP
	codeSI
	codeDI
)

// tileMemory emits TILELOADD (prefix 3) or TILESTORED (2) of tile t at base + disp, whose
// rows lie as many bytes apart as index says.
func (s *isa) tileMemory(prefix byte, t, base, index int, disp int32) {
	s.code(0xc4, 0xe2, 0x78|prefix, 0x4b, byte(0x84|t<<3), byte(index<<3|base),
		byte(disp), byte(disp>>8), byte(disp>>16), byte(disp>>24))
}

func (s *isa) tileLoad(t, base, index int, disp int32)  { s.tileMemory(3, t, base, index, disp) }
func (s *isa) tileStore(t, base, index int, disp int32) { s.tileMemory(2, t, base, index, disp) }

// tileZero emits TILEZERO.
func (s *isa) tileZero(t int) { s.code(0xc4, 0xe2, 0x7b, 0x49, byte(0xc0|t<<3)) }

// tileProduct emits TDPBF16PS: sums += a·b, of 16 rows of 16 pairs and 16 pairs of 16 columns.
func (s *isa) tileProduct(sums, a, b int) {
	s.code(0xc4, 0xe2, byte(0x02|(^b&15)<<3), 0x5c, byte(0xc0|sums<<3|a))
}

// amxProduct emits the product of two groups of 16 rows with any number of columns, 32 at a
// time. The sums of 32 x 32 are in tiles 0 to 3, the operands of 16 lines each in 4 to 7.
//
// a = a0+a1 and b = b0+b1 are sums of parts of 8 bits each, of whose four products a1·b1, the
// smallest, is left out.
func amxProduct(s *isa) {
	s.function("tileProduct", "(dst *float32, stride uintptr, a, b *uint16, sums *float32, steps int, apart uintptr, rows, cols, parts int, accumulate bool)",
		"computes dst[r, c] (+)= Σ_k a[r, k]·b[k, c] for rows, at most 32, and cols, with",
		"stride bytes between rows of dst. a are two packed groups of 16 rows, b packed groups of",
		"16 columns, an even number of them, of steps of 32 values each, groups lying apart bytes",
		"from each other; with one part those of b are bfloat16, and their second parts are not",
		"read. sums is room for 32 x 32 values.")
	config := s.StaticGlobal("tileConfigAVX512")
	s.DataAttributes(attr.RODATA | attr.NOPTR)
	s.AddDatum(0, operand.U64(1)) // palette 1
	s.AddDatum(8, operand.U64(0))
	for t := range 8 {
		s.AddDatum(16+2*t, operand.U16(tileRowBytes))
	}
	s.AddDatum(32, operand.U64(0))
	s.AddDatum(40, operand.U64(0))
	s.AddDatum(48, operand.U64(0x1010101010101010)) // 16 rows each
	s.AddDatum(56, operand.U64(0))

	// AX and DX: a. SI and DI: b. CX: the distance of rows in a tile. BX: sums.
	const a0, a1, b0, b1, apart, at = codeAX, codeDX, codeSI, codeDI, codeCX, codeBX
	s.LEAQ(config, reg.RAX)
	s.code(0xc4, 0xe2, 0x78, 0x49, 0x00) // LDTILECFG (AX)
	s.Load(s.Param("a"), reg.R8)
	s.Load(s.Param("b"), reg.RSI)
	s.Load(s.Param("sums"), reg.RBX)
	s.Load(s.Param("steps"), reg.R9)
	s.Load(s.Param("parts"), reg.R10)
	s.Load(s.Param("dst"), reg.R11)
	s.Load(s.Param("cols"), reg.R12)
	s.Load(s.Param("apart"), reg.R13)

	tiles := func(part int32, t, first, second int) {
		s.tileLoad(t, first, apart, part*tileBytes)
		s.tileLoad(t+1, second, apart, part*tileBytes)
	}
	ofA := func(part int32) { tiles(part, 4, a0, a1) }
	ofB := func(part int32) { tiles(part, 6, b0, b1) }
	products := func() {
		s.tileProduct(0, 4, 6)
		s.tileProduct(1, 4, 7)
		s.tileProduct(2, 5, 6)
		s.tileProduct(3, 5, 7)
	}
	// pass goes over all steps.
	pass := func(name string, body func()) {
		s.MOVQ(reg.R8, reg.RAX)
		s.LEAQ(operand.Mem{Base: reg.R8, Index: reg.R13, Scale: 1}, reg.RDX)
		s.MOVQ(reg.R14, reg.RSI)
		s.LEAQ(operand.Mem{Base: reg.R14, Index: reg.R13, Scale: 1}, reg.RDI)
		s.MOVQ(reg.R9, reg.R15)
		s.Label(name)
		body()
		for _, p := range []reg.Register{reg.RAX, reg.RDX, reg.RSI, reg.RDI} {
			s.ADDQ(operand.U32(tileStep), p)
		}
		s.DECQ(reg.R15)
		s.JNZ(operand.LabelRef(name))
	}
	s.MOVQ(reg.RSI, reg.R14) // b of these columns
	s.Label("columns")
	for t := range 4 {
		s.tileZero(t)
	}
	s.MOVQ(operand.U64(tileRowBytes), reg.RCX)
	s.CMPQ(reg.R10, operand.U8(1))
	s.JEQ(operand.LabelRef("one"))
	pass("step", func() {
		ofA(0)
		ofB(1)
		products()
		ofB(0)
		products()
		ofA(1)
		products()
	})
	s.JMP(operand.LabelRef("write"))
	s.Label("one")
	pass("stepOne", func() {
		ofA(0)
		ofB(0)
		products()
		ofA(1)
		products()
	})
	s.Label("write")
	s.MOVQ(operand.U64(2*tileRowBytes), reg.RCX)
	s.tileStore(0, at, apart, 0)
	s.tileStore(1, at, apart, tileRowBytes)
	s.tileStore(2, at, apart, 2*tileBytes)
	s.tileStore(3, at, apart, 2*tileBytes+tileRowBytes)

	// The sums go where they belong, two registers a row.
	s.MOVQ(operand.I64(-1), reg.RAX)
	s.CMPQ(reg.R12, operand.U8(32))
	s.JGE(operand.LabelRef("full"))
	s.BZHIQ(reg.R12, reg.RAX, reg.RAX)
	s.Label("full")
	s.KMOVW(reg.EAX, reg.K1)
	s.SHRQ(operand.U8(16), reg.RAX)
	s.KMOVW(reg.EAX, reg.K2)
	s.MOVQ(reg.RBX, reg.RSI)
	s.MOVQ(reg.R11, reg.RDI)
	s.Load(s.Param("stride"), reg.RCX)
	s.Load(s.Param("rows"), reg.RDX)
	s.Load(s.Param("accumulate"), reg.AL)
	s.TESTB(reg.AL, reg.AL)
	s.JNZ(operand.LabelRef("add"))
	row := func(label string, add bool) {
		s.Label(label)
		s.VMOVUPS(operand.Mem{Base: reg.RSI}, reg.Z0)
		s.VMOVUPS(operand.Mem{Base: reg.RSI, Disp: 64}, reg.Z1)
		if add {
			s.VMOVUPS_Z(operand.Mem{Base: reg.RDI}, reg.K1, reg.Z2)
			s.VMOVUPS_Z(operand.Mem{Base: reg.RDI, Disp: 64}, reg.K2, reg.Z3)
			s.VADDPS(reg.Z2, reg.Z0, reg.Z0)
			s.VADDPS(reg.Z3, reg.Z1, reg.Z1)
		}
		s.VMOVUPS(reg.Z0, reg.K1, operand.Mem{Base: reg.RDI})
		s.VMOVUPS(reg.Z1, reg.K2, operand.Mem{Base: reg.RDI, Disp: 64})
		s.ADDQ(operand.U32(2*tileRowBytes), reg.RSI)
		s.ADDQ(reg.RCX, reg.RDI)
		s.DECQ(reg.RDX)
		s.JNZ(operand.LabelRef(label))
	}
	row("store", false)
	s.JMP(operand.LabelRef("next"))
	row("add", true)
	s.Label("next")
	s.LEAQ(operand.Mem{Base: reg.R14, Index: reg.R13, Scale: 2}, reg.R14)
	s.ADDQ(operand.U32(2*tileRowBytes), reg.R11)
	s.SUBQ(operand.U8(32), reg.R12)
	s.JG(operand.LabelRef("columns"))
	s.code(0xc4, 0xe2, 0x78, 0x49, 0xc0) // TILERELEASE
	s.finish()
}

// splitter takes float32 values apart: x0 is x rounded to bfloat16, x1 what is left, rounded.
// What is not finite is all in x0.
type splitter struct {
	*isa
	half, high, rest reg.VecVirtual // rest has the bits of all second parts so far
}

func newSplitter(s *isa) *splitter {
	p := &splitter{s, s.vector(), s.vector(), s.vector()}
	word := s.GP32()
	s.MOVL(operand.U32(0x8000), word)
	s.VPBROADCASTD(word, p.half)
	s.MOVL(operand.U32(0xffff0000), word)
	s.VPBROADCASTD(word, p.high)
	s.zero(p.rest)
	return p
}

// split returns the parts of x, which it overwrites, in the high halves of each lane.
func (p *splitter) split(x reg.VecVirtual) [tileParts]reg.VecVirtual {
	first, second, finite := p.vector(), p.vector(), p.K()
	const notFinite = 0x99
	p.VFPCLASSPSZ(operand.U8(notFinite), x, finite)
	p.KNOTW(finite, finite)
	p.VMOVAPS(x, first)
	p.VPADDD(p.half, first, finite, first)
	p.VPANDD(p.high, first, first)
	p.VSUBPS_Z(first, x, finite, x)
	p.VPADDD(p.half, x, second)
	p.VPANDD(p.high, second, second)
	p.VPORD(second, p.rest, p.rest)
	return [tileParts]reg.VecVirtual{first, second}
}

// found returns how many parts are not all zero.
func (p *splitter) found() {
	count, two, k, bits := p.GP64(), p.GP64(), p.K(), p.GP32()
	p.MOVQ(operand.U64(1), count)
	p.MOVQ(operand.U64(2), two)
	p.VPTESTMD(p.rest, p.rest, k)
	p.KMOVW(k, bits)
	p.TESTL(bits, bits)
	p.CMOVQNE(two, count)
	p.Store(count, p.ReturnIndex(0))
}

// amxPackAlong emits packing of lines whose values lie side by side.
func amxPackAlong(s *isa) {
	s.function("tilePackAlong", "(dst *uint16, src *float32, stride uintptr, lines, depth int) int",
		"packs depth values of each line of src, stride bytes apart, into tiles with a row of 32",
		"values for each of at most 16 lines, a tile for each part, and returns how many parts are",
		"not all zero. Values beyond depth in the last tile are zero.")
	dst, src, stride := s.argument("dst"), s.argument("src"), s.argument("stride")
	lines, depth := s.argument("lines"), s.argument("depth")
	p := newSplitter(s)
	table := s.StaticGlobal("highWordsAVX512")
	s.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range 32 {
		s.AddDatum(2*i, operand.U16(2*i+1))
	}
	order := s.vector()
	s.VMOVUPS(table, order)
	s.Label("line")
	at, from, left := s.GP64(), s.GP64(), s.GP64()
	s.MOVQ(dst, at)
	s.MOVQ(src, from)
	s.MOVQ(depth, left)
	step := func(ms []mask) {
		x, y := s.vector(), s.vector()
		s.load(operand.Mem{Base: from}, x, ms[0])
		s.load(operand.Mem{Base: from, Disp: 64}, y, ms[1])
		xs, ys := p.split(x), p.split(y)
		for i := range xs {
			s.VPERMT2W(ys[i], order, xs[i])
			s.VMOVUPS(xs[i], operand.Mem{Base: at, Disp: i * tileBytes})
		}
		s.ADDQ(operand.U32(tileStep), at)
		s.ADDQ(operand.U32(128), from)
		s.SUBQ(operand.U8(32), left)
	}
	s.SUBQ(operand.U8(32), left)
	s.JL(operand.LabelRef("tail"))
	s.Label("step")
	step(make([]mask, 2))
	s.JGE(operand.LabelRef("step"))
	s.Label("tail")
	s.ADDQ(operand.U8(32), left)
	s.JZ(operand.LabelRef("next"))
	step(s.masks(left, 2))
	s.Label("next")
	s.ADDQ(operand.U8(tileRowBytes), dst)
	s.ADDQ(stride, src)
	s.DECQ(lines)
	s.JNZ(operand.LabelRef("line"))
	p.found()
	s.finish()
}

// amxPackAcross emits packing of lines that lie beside each other.
func amxPackAcross(s *isa) {
	s.function("tilePackAcross", "(dst *uint16, src *float32, stride uintptr, lines, depth int) int",
		"packs depth values of each line of src, whose values are stride bytes apart, into tiles with",
		"a row of at most 16 lines for each pair of values, a tile for each part, and returns how many",
		"parts are not all zero. Values beyond depth in the last tile are zero.")
	dst, src, stride := s.argument("dst"), s.argument("src"), s.argument("stride")
	lines, depth := s.argument("lines"), s.argument("depth")
	m := s.masks(lines, 1)[0]
	p := newSplitter(s)
	row := s.GP64()
	s.MOVQ(operand.U64(0), row)
	s.Label("pair")
	x, y := s.vector(), s.vector()
	s.zero(x, y)
	s.CMPQ(depth, operand.U8(0))
	s.JLE(operand.LabelRef("loaded"))
	s.load(operand.Mem{Base: src}, x, m)
	s.CMPQ(depth, operand.U8(1))
	s.JEQ(operand.LabelRef("loaded"))
	s.load(operand.Mem{Base: src, Index: stride, Scale: 1}, y, m)
	s.LEAQ(operand.Mem{Base: src, Index: stride, Scale: 2}, src)
	s.Label("loaded")
	xs, ys := p.split(x), p.split(y)
	for i := range xs {
		s.VPSRLD(operand.U8(16), xs[i], xs[i])
		s.VPORD(ys[i], xs[i], xs[i])
		s.VMOVUPS(xs[i], operand.Mem{Base: dst, Disp: i * tileBytes})
	}
	s.ADDQ(operand.U8(tileRowBytes), dst)
	s.SUBQ(operand.U8(2), depth)
	s.INCQ(row)
	s.ANDQ(operand.U8(15), row)
	s.JNZ(operand.LabelRef("pair"))
	s.ADDQ(operand.U32(tileStep-tileBytes), dst)
	s.CMPQ(depth, operand.U8(0))
	s.JG(operand.LabelRef("pair"))
	p.found()
	s.finish()
}

// amxTranspose emits what makes tiles of one operand of those of the other.
func amxTranspose(s *isa) {
	s.function("tileTranspose", "(tiles *uint16, steps, parts int)",
		"transposes the tiles of the first parts of each step, 16 x 16 pairs of values, in place.")
	step, steps, parts := s.argument("tiles"), s.argument("steps"), s.argument("parts")
	tiles, n := s.GP64(), s.GP64()
	s.Label("step")
	s.MOVQ(step, tiles)
	s.MOVQ(parts, n)
	s.Label("tile")
	for i := range 16 {
		s.VMOVUPS(operand.Mem{Base: tiles, Disp: i * tileRowBytes}, s.fixed[i])
	}
	s.transpose()
	for i := range 16 {
		s.VMOVUPS(s.fixed[i], operand.Mem{Base: tiles, Disp: i * tileRowBytes})
	}
	s.ADDQ(operand.U32(tileBytes), tiles)
	s.DECQ(n)
	s.JNZ(operand.LabelRef("tile"))
	s.ADDQ(operand.U32(tileStep), step)
	s.DECQ(steps)
	s.JNZ(operand.LabelRef("step"))
	s.finish()
}
