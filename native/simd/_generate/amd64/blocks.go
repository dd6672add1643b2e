package amd64

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// blockFormats are formats of package quant, by their names. Scales are binary16, which
// widens exactly, and a value is rounded as quant rounds it.
func blockFormats(s *isa) []quantized {
	// nibbles are blocks of so many bytes before 16 of two values each, the low halves
	// of which come first.
	nibbles := func(before int, open func(base reg.GPVirtual) (finish func(v reg.VecVirtual))) func(reg.GPVirtual) reader {
		return func(base reg.GPVirtual) reader {
			finish := open(base)
			return func(p int, use func(g int, v reg.VecVirtual)) {
				low, high := s.nibblesAt(operand.Mem{Base: base, Disp: before + p*s.lanes})
				for g, v := range []reg.VecVirtual{low, high} {
					s.VCVTDQ2PS(v, v)
					finish(v)
					use(g, v)
				}
			}
		}
	}
	scaled := func(base reg.GPVirtual) func(v reg.VecVirtual) {
		d := s.half(base, 0)
		return func(v reg.VecVirtual) { s.VMULPS(d, v, v) }
	}
	return []quantized{
		{"Q8_0", "byte", 2, 34, 2, func(base reg.GPVirtual) reader {
			scale := scaled(base)
			return func(p int, use func(g int, v reg.VecVirtual)) {
				for g := range 2 {
					v := s.vector()
					s.VPMOVSXBD(operand.Mem{Base: base, Disp: 2 + g*group + p*s.lanes}, v)
					s.VCVTDQ2PS(v, v)
					scale(v)
					use(g, v)
				}
			}
		}},
		{"Q4_0", "byte", 2, 18, 2, nibbles(2, func(base reg.GPVirtual) func(reg.VecVirtual) {
			scale := scaled(base)
			return func(v reg.VecVirtual) {
				s.VSUBPS(s.filled(8), v, v)
				scale(v)
			}
		})},
		{"Q4_1", "byte", 2, 20, 2, nibbles(4, func(base reg.GPVirtual) func(reg.VecVirtual) {
			scale, least := scaled(base), s.half(base, 2)
			return func(v reg.VecVirtual) {
				scale(v)
				s.VADDPS(least, v, v)
			}
		})},
		superQ4K(s),
		superQ6K(s),
	}
}

// nibblesAt are the low and the high halves of bytes, a number a lane.
func (s *isa) nibblesAt(at operand.Mem) (low, high reg.VecVirtual) {
	low, high = s.vector(), s.vector()
	s.VPMOVZXBD(at, low)
	s.VPSRLD(operand.U8(4), low, high)
	s.and(s.lowNibble(), low)
	return low, high
}

// dequantizeKernel widens whole blocks.
func dequantizeKernel(s *isa, c quantized) {
	s.function("dequantize"+c.name, "(dst *float32, w *"+c.goType+", n int)",
		fmt.Sprintf("writes the n values of the blocks of w to dst, n a positive multiple of %d.", c.columns()))
	dst, w, n := s.argument("dst"), s.argument("w"), s.argument("n")
	s.together(n, c.columns(), func(offset reg.GPVirtual) {
		read := c.open(w)
		for p := range s.parts() {
			read(p, func(g int, v reg.VecVirtual) {
				s.VMOVUPS(v, operand.Mem{Base: dst, Index: offset, Scale: 1, Disp: (g*s.parts() + p) * s.bytes()})
			})
		}
		s.ADDQ(operand.U8(c.size), w)
	})
	s.finish()
}

// half fills a register with the binary16 number at base and disp.
func (s *isa) half(base reg.GPVirtual, disp int) reg.VecVirtual {
	v, at := s.vector(), operand.Mem{Base: base, Disp: disp}
	if s.avx512() {
		s.VPBROADCASTW(at, v.AsY())
		s.VCVTPH2PS(v.AsY(), v)
		return v
	}
	s.VPBROADCASTW(at, v.AsX())
	s.VCVTPH2PS(v.AsX(), v)
	return v
}

// and clears the bits of v that are not in word, in every lane.
func (s *isa) and(word operand.Op, v reg.VecVirtual) {
	if s.avx512() {
		s.VPANDD(word, v, v)
		return
	}
	s.VPAND(word, v, v)
}

// lowNibble is 15 in every lane.
func (s *isa) lowNibble() operand.Op { return s.filled(math.Float32frombits(15)) }

// filled is an operand with v in every lane.
func (s *isa) filled(v float32) operand.Op {
	if s.avx512() {
		r := s.vector()
		s.VBROADCASTSS(s.constantData(v), r)
		return r
	}
	return s.constantData(v)
}
