package amd64

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// fold reduces the 16 lanes of a group in halves, l with l+8, l+4, l+2, l+1, and
// returns the result in the first lane.
func (s *isa) fold(parts []reg.VecVirtual, op func(...operand.Op)) reg.Register {
	half := s.YMM()
	if s.avx512() {
		s.VEXTRACTF32X8(operand.U8(1), parts[0], half)
		op(half, parts[0].AsY(), half)
	} else {
		op(parts[1], parts[0], half)
	}
	return s.foldEight(half, op)
}

// foldEight is fold of eight lanes.
func (s *isa) foldEight(half reg.VecVirtual, op func(...operand.Op)) reg.Register {
	quarter, other := s.XMM(), s.XMM()
	if s.avx512() {
		s.VEXTRACTF32X4(operand.U8(1), half, quarter)
	} else {
		s.VEXTRACTF128(operand.U8(1), half, quarter)
	}
	op(quarter, half.AsX(), quarter)
	s.VPERMILPS(operand.U8(0xee), quarter, other)
	op(other, quarter, quarter)
	s.VPERMILPS(operand.U8(0x55), quarter, other)
	op(other, quarter, quarter)
	return quarter
}

// fold4 sums the lanes of four groups in the same order and returns the four sums
// in the first four lanes.
func (s *isa) fold4(g [4][]reg.VecVirtual) reg.Register {
	if s.avx512() {
		return s.fold4Wide(g)
	}
	pair := func(a, b []reg.VecVirtual) reg.VecVirtual {
		s.VADDPS(a[1], a[0], a[0])
		s.VADDPS(b[1], b[0], b[0])
		low := s.YMM()
		s.VPERM2F128(operand.U8(0x20), b[0], a[0], low)
		s.VPERM2F128(operand.U8(0x31), b[0], a[0], b[0])
		s.VADDPS(b[0], low, low)
		return low
	}
	ab, cd := pair(g[0], g[1]), pair(g[2], g[3])
	low := s.YMM()
	s.VSHUFPS(operand.U8(0x44), cd, ab, low)
	s.VSHUFPS(operand.U8(0xee), cd, ab, ab)
	s.VADDPS(ab, low, low)
	s.VSHUFPS(operand.U8(0x88), low, low, ab)
	s.VSHUFPS(operand.U8(0xdd), low, low, low)
	s.VADDPS(low, ab, ab) // a c a c, then b d b d
	bd := s.XMM()
	s.VEXTRACTF128(operand.U8(1), ab, bd)
	s.VUNPCKLPS(bd, ab.AsX(), bd)
	return bd
}

func (s *isa) fold4Wide(g [4][]reg.VecVirtual) reg.Register {
	halve := func(low, high uint8, a, b reg.VecVirtual) reg.VecVirtual {
		v := s.ZMM()
		s.VSHUFF32X4(operand.U8(low), b, a, v)
		s.VSHUFF32X4(operand.U8(high), b, a, b)
		s.VADDPS(b, v, v)
		return v
	}
	ab := halve(0x44, 0xee, g[0][0], g[1][0])
	cd := halve(0x44, 0xee, g[2][0], g[3][0])
	v := halve(0x88, 0xdd, ab, cd)
	other := s.ZMM()
	s.VPERMILPS(operand.U8(0xee), v, other)
	s.VADDPS(other, v, v)
	s.VPERMILPS(operand.U8(0x55), v, other)
	s.VADDPS(other, v, v)
	index := s.ZMM()
	s.VMOVUPS(s.everyFourth(), index)
	s.VPERMPS(v, index, v)
	return v.AsX()
}

// everyFourth indexes lanes 0, 4, 8, 12. It is defined once per file.
func (s *isa) everyFourth() operand.Mem {
	if s.fourths.Symbol.Name == "" {
		s.fourths = s.StaticGlobal("everyFourth")
		s.DataAttributes(attr.RODATA | attr.NOPTR)
		for i := range 16 {
			s.AddDatum(4*i, operand.U32(4*i%16))
		}
	}
	return s.fourths
}
