package amd64

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// An ops.RoundedPart: scale, sum, and of as many values the whole numbers and the rests.
const (
	part      = 32
	wholeAt   = 32
	restAt    = wholeAt + 2*part
	partBytes = restAt + 2*part
)

// wholeFormat is a format of package quant whose values are whole numbers times a scale, and
// in some plus a minimum, one of each for a part.
type wholeFormat struct {
	name  string
	parts int // of a block
	size  int // of it in bytes
	least bool
	fine  bool // which takes the rests of activations too
	open  func(base reg.GPVirtual) wholeReader
}

// wholeReader gives the whole numbers of part p, 16 to a register, and what their sums are
// multiplied by, x being the part of the activations: the product of both scales in every lane;
// or with minima that in the even ones, and in the odd ones minimum times sum.
type wholeReader func(p int, x operand.Mem) (first, second, factor reg.VecVirtual)

// wholeKernels emits the products of blocks and rounded activations. A part has eight sums,
// so that wider registers would gain nothing.
func wholeKernels(s *isa) {
	for _, c := range wholeFormats(s) {
		wholeKernel(s, c)
	}
}

// wholeAhead is how far in front of a block memory is asked for, in bytes.
const wholeAhead = 1024

// wholeKernel takes two rows side by side, which have their activations read once from the
// first cache and the end of a loop once.
func wholeKernel(s *isa, c wholeFormat) {
	s.function("matVec"+c.name, "(dst *float32, w *byte, x *float32, rows, cols int)",
		fmt.Sprintf("computes dst[r] = Σ_c w[r, c]·x[c] for x in parts of %d, rows > 0, and cols, a", part),
		fmt.Sprintf("positive multiple of %d.", part*c.parts))
	dst, w, x := s.argument("dst"), s.argument("w"), s.argument("x")
	rows, cols := s.argument("rows"), s.argument("cols")
	s.SHRQ(operand.U8(bits.TrailingZeros(uint(part*c.parts))), cols)
	row := s.copyOf(cols)
	s.IMUL3Q(operand.U8(c.size), row, row)
	// rowsOf leaves w behind the last of n rows, whose values it stores.
	from, left := s.GP64(), s.GP64()
	rowsOf := func(n int) {
		s.MOVQ(x, from)
		s.MOVQ(cols, left)
		bases := []reg.GPVirtual{w, w}
		if n == 2 {
			bases[1] = s.GP64()
			s.LEAQ(operand.Mem{Base: w, Index: row, Scale: 1}, bases[1])
		}
		var acc, less [2]reg.VecVirtual
		for i := range n {
			acc[i], less[i] = s.vector(), s.vector()
			s.zero(acc[i])
			if c.least {
				s.zero(less[i])
			}
		}
		block := s.label("block")
		s.Label(block)
		for i := range n {
			s.PREFETCHT0(operand.Mem{Base: bases[i], Disp: wholeAhead})
		}
		for i, base := range bases[:n] {
			s.wholeBlock(c, base, from, acc[i], less[i])
			s.ADDQ(operand.I32(c.size), base)
		}
		s.ADDQ(operand.I32(partBytes*c.parts), from)
		s.DECQ(left)
		s.JNZ(operand.LabelRef(block))
		if n == 2 {
			s.MOVQ(bases[1], w)
		}
		for i := range n {
			sum := s.foldEight(acc[i], s.VADDPS)
			if c.least {
				s.VMOVSHDUP(less[i].AsX(), less[i].AsX())
				s.VADDSS(less[i].AsX(), sum, sum)
			}
			s.VMOVSS(sum, operand.Mem{Base: dst, Disp: 4 * i})
		}
		s.ADDQ(operand.U8(4*n), dst)
	}
	s.SUBQ(operand.U8(2), rows)
	s.JLT(operand.LabelRef("last"))
	s.Label("two")
	rowsOf(2)
	s.SUBQ(operand.U8(2), rows)
	s.JGE(operand.LabelRef("two"))
	s.Label("last")
	s.ADDQ(operand.U8(2), rows)
	s.JZ(operand.LabelRef("end"))
	rowsOf(1)
	s.Label("end")
	s.finish()
}

// wholeBlock adds the products of a block at base and its activations at from to the sums.
func (s *isa) wholeBlock(c wholeFormat, base, from reg.GPVirtual, acc, less reg.VecVirtual) {
	read := c.open(base)
	for p := range c.parts {
		x := operand.Mem{Base: from, Disp: partBytes * p}
		first, second, factor := read(p, x)
		sum := s.wholeSum(first, second, x.Offset(wholeAt))
		if c.fine {
			rest := s.wholeSum(first, second, x.Offset(restAt))
			s.VMULPS(s.constantData(1.0/(1<<15)), rest, rest)
			s.VADDPS(rest, sum, sum)
		}
		if c.least {
			s.VADDPS(factor, less, less)
			s.VMOVSLDUP(factor, factor)
		}
		s.VMULPS(factor, sum, sum)
		s.VADDPS(sum, acc, acc)
	}
}

// wholeSum is the sums of products of 32 whole numbers, four to a lane.
func (s *isa) wholeSum(first, second reg.VecVirtual, x operand.Mem) reg.VecVirtual {
	a, b := s.vector(), s.vector()
	s.VPMADDWD(x, first, a)
	s.VPMADDWD(x.Offset(part), second, b)
	s.VPADDD(b, a, a)
	s.VCVTDQ2PS(a, a)
	return a
}

// wholeFormats lists them by their names.
func wholeFormats(s *isa) []wholeFormat {
	// scaled is the product of a block's scale and the activations'.
	scaled := func(d reg.VecVirtual, x operand.Mem) reg.VecVirtual {
		v := s.vector()
		s.VBROADCASTSS(x, v)
		s.VMULPS(d, v, v)
		return v
	}
	return []wholeFormat{
		{"Q8_0", 1, 34, false, false, func(base reg.GPVirtual) wholeReader {
			d := s.half(base, 0)
			return func(_ int, x operand.Mem) (first, second, factor reg.VecVirtual) {
				first, second = s.vector(), s.vector()
				s.VPMOVSXBW(operand.Mem{Base: base, Disp: 2}, first)
				s.VPMOVSXBW(operand.Mem{Base: base, Disp: 2 + part/2}, second)
				return first, second, scaled(d, x)
			}
		}},
		{"Q4_0", 1, 18, false, false, func(base reg.GPVirtual) wholeReader {
			d := s.half(base, 0)
			return func(_ int, x operand.Mem) (first, second, factor reg.VecVirtual) {
				first, second = s.nibbleWords(operand.Mem{Base: base, Disp: 2})
				s.VPSUBW(s.words(8), first, first)
				s.VPSUBW(s.words(8), second, second)
				return first, second, scaled(d, x)
			}
		}},
		{"Q4_1", 1, 20, true, false, func(base reg.GPVirtual) wholeReader {
			return func(_ int, x operand.Mem) (first, second, factor reg.VecVirtual) {
				first, second = s.nibbleWords(operand.Mem{Base: base, Disp: 4})
				own := s.vector()
				s.VPBROADCASTD(operand.Mem{Base: base}, own.AsX()) // scale and minimum
				s.VCVTPH2PS(own.AsX(), own)
				factor = s.vector()
				s.VBROADCASTSD(x, factor)
				s.VMULPS(own, factor, factor)
				return first, second, factor
			}
		}},
		{"Q4_K", 8, 144, true, true, s.wholeQ4K},
		{"Q6_K", 8, 210, false, true, func(base reg.GPVirtual) wholeReader {
			d := s.half(base, 208)
			return func(p int, x operand.Mem) (first, second, factor reg.VecVirtual) {
				return s.sixBitWords(base, 2*p), s.sixBitWords(base, 2*p+1), scaled(d, x)
			}
		}},
	}
}

// wholeQ4K puts scales and minima, of six bits each, in pairs on the stack first. Two parts
// share their bytes.
func (s *isa) wholeQ4K(base reg.GPVirtual) wholeReader {
	pairs := s.AllocLocal(64)
	scales, least := s.superScales(base)
	eight, other, by := s.XMM(), s.XMM(), s.vector()
	s.VMOVQ(scales, eight)
	s.VMOVQ(least, other)
	s.VPUNPCKLBW(other, eight, eight)
	s.VPBROADCASTD(operand.Mem{Base: base}, by.AsX())
	s.VCVTPH2PS(by.AsX(), by)
	s.VXORPS(s.negativeOdd(), by, by)
	for i := range 2 {
		v := s.vector()
		s.VPMOVZXBD(eight, v)
		s.VCVTDQ2PS(v, v)
		s.VMULPS(by, v, v)
		s.VMOVUPS(v, pairs.Offset(32*i))
		if i == 0 {
			s.VPSRLDQ(operand.U8(8), eight, eight)
		}
	}
	return func(p int, x operand.Mem) (first, second, factor reg.VecVirtual) {
		half := func(i int) reg.VecVirtual {
			v := s.vector()
			s.VPMOVZXBW(operand.Mem{Base: base, Disp: 16 + p/2*part + i*part/2}, v)
			if p%2 == 1 {
				s.VPSRLW(operand.U8(4), v, v)
			} else {
				s.VPAND(s.words(15), v, v)
			}
			return v
		}
		own := s.vector()
		factor = s.vector()
		s.VBROADCASTSD(pairs.Offset(8*p), own)
		s.VBROADCASTSD(x, factor)
		s.VMULPS(own, factor, factor)
		return half(0), half(1), factor
	}
}

// sixBitWords are the 16 values of group g of a block of Q6_K, times their scale.
func (s *isa) sixBitWords(base reg.GPVirtual, g int) reg.VecVirtual {
	half, turn, at := g/8, g/2%4, g%2*group // of the block; of its four times 32 values; of those
	v, high, scale := s.vector(), s.vector(), s.vector()
	s.VPMOVZXBW(operand.Mem{Base: base, Disp: 64*half + 32*(turn%2) + at}, v)
	if turn < 2 {
		s.VPAND(s.words(15), v, v)
	} else {
		s.VPSRLW(operand.U8(4), v, v)
	}
	s.VPMOVZXBW(operand.Mem{Base: base, Disp: 128 + 32*half + at}, high)
	if shift := 4 - 2*turn; shift > 0 {
		s.VPSLLW(operand.U8(shift), high, high)
	} else if shift < 0 {
		s.VPSRLW(operand.U8(-shift), high, high)
	}
	s.VPAND(s.words(0x30), high, high)
	s.VPOR(high, v, v)
	s.VPSUBW(s.words(32), v, v)
	s.VPBROADCASTB(operand.Mem{Base: base, Disp: 192 + g}, scale.AsX())
	s.VPMOVSXBW(scale.AsX(), scale)
	s.VPMULLW(scale, v, v)
	return v
}

// nibbleWords are the low and the high halves of 16 bytes.
func (s *isa) nibbleWords(at operand.Mem) (low, high reg.VecVirtual) {
	low, high = s.vector(), s.vector()
	s.VPMOVZXBW(at, low)
	s.VPSRLW(operand.U8(4), low, high)
	s.VPAND(s.words(15), low, low)
	return low, high
}

// words is n in every 16 bits.
func (s *isa) words(n uint32) operand.Mem { return s.constantData(math.Float32frombits(n<<16 | n)) }

// negativeOdd has the sign in every odd lane. It is defined once per file.
func (s *isa) negativeOdd() operand.Mem {
	if s.odd.Symbol.Name == "" {
		s.odd = s.StaticGlobal("negativeOddAVX2")
		s.DataAttributes(attr.RODATA | attr.NOPTR)
		for i := range s.lanes {
			s.AddDatum(4*i, operand.U32(i%2<<31))
		}
	}
	return s.odd
}
