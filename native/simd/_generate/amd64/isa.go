package amd64

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// isa is an instruction set being written for: the assembler context and what
// differs between the sets.
type isa struct {
	*build.Context
	name   string
	lanes  int // float32 values of one register
	vector func() reg.VecVirtual
	// fixed lists the physical vector registers.
	fixed []reg.VecPhysical

	// Data of the file being written.
	laneMasks operand.Mem            // AVX2: 16 words of ones, 16 of zeros
	fourths   operand.Mem            // AVX-512: 0, 4, 8, 12
	odd       operand.Mem            // AVX2: the sign in odd lanes
	data      map[uint32]operand.Mem // constants by their bits
	labels    int
}

func newAVX512() *isa {
	c := build.NewContext()
	s := &isa{Context: c, name: "avx512", lanes: 16, vector: c.ZMM, data: map[uint32]operand.Mem{}}
	for _, r := range []reg.VecPhysical{
		reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
		reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
		reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23,
		reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
	} {
		s.fixed = append(s.fixed, r)
	}
	return s
}

func newAVX2() *isa {
	c := build.NewContext()
	s := &isa{Context: c, name: "avx2", lanes: 8, vector: c.YMM, data: map[uint32]operand.Mem{}}
	for _, r := range []reg.VecPhysical{
		reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
	} {
		s.fixed = append(s.fixed, r)
	}
	return s
}

func (s *isa) avx512() bool { return s.name == "avx512" }

// bytes is the size of one register.
func (s *isa) bytes() int { return 4 * s.lanes }

// function begins the function name with the suffix of the set.
func (s *isa) function(name, signature string, doc ...string) {
	name += map[bool]string{true: "AVX512", false: "AVX2"}[s.avx512()]
	s.Function(name)
	s.Attributes(attr.NOSPLIT)
	s.Pragma("noescape")
	s.SignatureExpr("func" + signature)
	doc[0] = name + " " + doc[0]
	s.Doc(doc...)
}

// finish ends a function. The upper halves are cleared, for mixing them with the
// SSE code of the Go compiler is slow.
func (s *isa) finish() {
	s.VZEROUPPER()
	s.RET()
}

// label returns a name unique in the file.
func (s *isa) label(name string) string {
	s.labels++
	return fmt.Sprintf("%s%d", name, s.labels)
}

// argument loads a parameter into a new general register.
func (s *isa) argument(name string) reg.GPVirtual {
	return s.Load(s.Param(name), s.GP64()).(reg.GPVirtual)
}

// zero clears registers.
func (s *isa) zero(vs ...reg.VecVirtual) {
	for _, v := range vs {
		if s.avx512() {
			s.VPXORD(v, v, v)
		} else {
			s.VXORPS(v, v, v)
		}
	}
}

// mask selects the first lanes of a register.
type mask reg.Register

// masks returns, for a count in [0, parts*lanes], the masks of parts consecutive
// registers that together hold count values.
func (s *isa) masks(count reg.GPVirtual, parts int) []mask {
	ms := make([]mask, parts)
	if s.avx512() {
		bits := s.GP64()
		s.MOVQ(operand.I64(-1), bits)
		s.BZHIQ(count, bits, bits)
		for p := range ms {
			k := s.K()
			s.KMOVW(bits.As32(), k)
			ms[p] = k
			if p+1 < parts {
				s.SHRQ(operand.U8(16), bits)
			}
		}
		return ms
	}
	at := s.GP64()
	base := s.laneMaskTable()
	s.LEAQ(base.Offset(64), at)
	back := s.GP64()
	s.MOVQ(count, back)
	s.SHLQ(operand.U8(2), back)
	s.SUBQ(back, at)
	for p := range ms {
		v := s.vector()
		s.VMOVUPS(operand.Mem{Base: at, Disp: 32 * p}, v)
		ms[p] = v
	}
	return ms
}

// laneMaskTable is defined once per file.
func (s *isa) laneMaskTable() operand.Mem {
	if s.laneMasks.Symbol.Name == "" {
		s.laneMasks = s.StaticGlobal("laneMasksAVX2")
		s.DataAttributes(attr.RODATA | attr.NOPTR)
		for i := range 16 {
			s.AddDatum(4*i, operand.U32(0xffffffff))
		}
		for i := range 16 {
			s.AddDatum(64+4*i, operand.U32(0))
		}
	}
	return s.laneMasks
}

// load reads a register, lanes outside of m (nil: none) as zero.
func (s *isa) load(from operand.Mem, v reg.Register, m mask) {
	switch {
	case m == nil:
		s.VMOVUPS(from, v)
	case s.avx512():
		s.VMOVUPS_Z(from, m, v)
	default:
		s.VMASKMOVPS(from, m, v)
	}
}

// store writes the lanes of v in m (nil: all).
func (s *isa) store(v reg.Register, to operand.Mem, m mask) {
	switch {
	case m == nil:
		s.VMOVUPS(v, to)
	case s.avx512():
		s.VMOVUPS(v, m, to)
	default:
		s.VMASKMOVPS(v, m, to)
	}
}
