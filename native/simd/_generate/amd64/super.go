package amd64

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// superGroups is the number of groups in a block of 256 values.
const superGroups = 16

// superQ4K is d·s·q − dmin·m of parts of 32 values, whose scales and minima, six bits each,
// are put in order on the stack first.
func superQ4K(s *isa) quantized {
	return quantized{"Q4_K", "byte", superGroups, 144, 1, func(base reg.GPVirtual) reader {
		scales, least := s.AllocLocal(32), s.AllocLocal(32)
		keep := func(bytes, scale reg.Register, to operand.Mem) {
			eight, numbers := s.XMM(), s.YMM()
			s.VMOVQ(bytes, eight)
			s.VPMOVZXBD(eight, numbers)
			s.VCVTDQ2PS(numbers, numbers)
			s.VMULPS(scale, numbers, numbers)
			s.VMOVUPS(numbers, to)
		}
		whole, minima := s.superScales(base)
		keep(whole, s.half(base, 0).AsY(), scales)
		keep(minima, s.half(base, 2).AsY(), least)
		return func(p int, use func(g int, v reg.VecVirtual)) {
			for pair := range 4 { // of parts that share their bytes
				var parts [2][2]reg.VecVirtual // by part and half of it
				for half := range 2 {
					parts[0][half], parts[1][half] = s.nibblesAt(operand.Mem{Base: base, Disp: 16 + 32*pair + half*group + p*s.lanes})
				}
				for i, halves := range parts {
					part := 2*pair + i
					scale, less := s.spreadAt(scales, part), s.spreadAt(least, part)
					for half, v := range halves {
						s.VCVTDQ2PS(v, v)
						s.VMULPS(scale, v, v)
						s.VSUBPS(less, v, v)
						use(2*part+half, v)
					}
				}
			}
		}
	}}
}

// superScales are the eight scales and the eight minima of a block of Q4_K, a byte each.
func (s *isa) superScales(base reg.GPVirtual) (scales, least reg.Register) {
	first, second, third := s.GP32(), s.GP32(), s.GP32()
	for i, r := range []reg.GPVirtual{first, second, third} {
		s.MOVL(operand.Mem{Base: base, Disp: 4 + 4*i}, r)
	}
	// sixBits are the eight numbers whose first four are the low six bits of low's bytes,
	// and whose others have four bits of the third word's bytes and the top two of low's.
	sixBits := func(low reg.GPVirtual, shift uint8) reg.Register {
		high, top := s.GP32(), s.GP32()
		s.MOVL(third, high)
		if shift > 0 {
			s.SHRL(operand.U8(shift), high)
		}
		s.ANDL(operand.U32(0x0f0f0f0f), high)
		s.MOVL(low, top)
		s.SHRL(operand.U8(2), top)
		s.ANDL(operand.U32(0x30303030), top)
		s.ORL(top, high)
		s.ANDL(operand.U32(0x3f3f3f3f), low)
		s.SHLQ(operand.U8(32), high.As64())
		s.ORQ(low.As64(), high.As64())
		return high.As64()
	}
	return sixBits(first, 0), sixBits(second, 4)
}

// superQ6K is d·s·(q − 32) of groups of 16 values, which have a signed scale each.
func superQ6K(s *isa) quantized {
	return quantized{"Q6_K", "byte", superGroups, 210, 1, func(base reg.GPVirtual) reader {
		scales, d := s.AllocLocal(64), s.half(base, 208).AsY()
		for i := range 2 {
			eight := s.YMM()
			s.VPMOVSXBD(operand.Mem{Base: base, Disp: 192 + 8*i}, eight)
			s.VCVTDQ2PS(eight, eight)
			s.VMULPS(d, eight, eight)
			s.VMOVUPS(eight, scales.Offset(32*i))
		}
		return func(p int, use func(g int, v reg.VecVirtual)) {
			for g := range superGroups {
				half, turn, at := g/8, g/2%4, g%2*group // of the block; of its four times 32 values; of those
				v, high := s.vector(), s.vector()
				s.VPMOVZXBD(operand.Mem{Base: base, Disp: 64*half + 32*(turn%2) + at + p*s.lanes}, v)
				if turn < 2 {
					s.and(s.lowNibble(), v)
				} else {
					s.VPSRLD(operand.U8(4), v, v)
				}
				s.VPMOVZXBD(operand.Mem{Base: base, Disp: 128 + 32*half + at + p*s.lanes}, high)
				s.VPADDD(s.twoBits(high, turn), v, v)
				s.VCVTDQ2PS(v, v)
				s.VSUBPS(s.filled(32), v, v)
				s.VMULPS(s.spreadAt(scales, g), v, v)
				use(g, v)
			}
		}
	}}
}

// twoBits are bits 2n and 2n+1 of every lane, as bits 4 and 5.
func (s *isa) twoBits(of reg.VecVirtual, n int) reg.VecVirtual {
	v := s.vector()
	switch shift := 4 - 2*n; {
	case shift >= 0:
		s.VPSLLD(operand.U8(shift), of, v)
	default:
		s.VPSRLD(operand.U8(-shift), of, v)
	}
	s.and(s.filled(math.Float32frombits(0x30)), v)
	return v
}

// spreadAt fills a register with number i of those at m.
func (s *isa) spreadAt(m operand.Mem, i int) reg.VecVirtual {
	v := s.vector()
	s.VBROADCASTSS(m.Offset(4*i), v)
	return v
}
