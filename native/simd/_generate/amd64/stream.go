package amd64

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// group is the number of values handled together: 16 with every set, in one
// register or two, for sums are defined over 16 lanes.
const group = 16

// parts is the number of registers of a group.
func (s *isa) parts() int { return group / s.lanes }

// extent is a number of values: whole groups, then a tail.
type extent struct {
	bytes, tail reg.GPVirtual
	masks       []mask // of the tail's group
}

// extentOf splits count, which it overwrites.
func (s *isa) extentOf(count reg.GPVirtual) extent {
	e := extent{bytes: s.GP64(), tail: count}
	s.MOVQ(count, e.bytes)
	s.ANDQ(operand.I8(-group), e.bytes)
	s.SHLQ(operand.U8(2), e.bytes)
	s.ANDQ(operand.U8(group-1), e.tail)
	e.masks = s.masks(e.tail, s.parts())
	return e
}

// stream runs body for every part of every group of e. ptrs move along and end
// at the tail.
func (s *isa) stream(e extent, ptrs []reg.GPVirtual, body func(p int, m mask)) {
	loop, rest, done := s.label("group"), s.label("tail"), s.label("done")
	left := s.GP64()
	s.MOVQ(e.bytes, left)
	s.TESTQ(left, left)
	s.JZ(operand.LabelRef(rest))
	s.Label(loop)
	for p := range s.parts() {
		body(p, nil)
	}
	for _, ptr := range ptrs {
		s.ADDQ(operand.U8(4*group), ptr)
	}
	s.SUBQ(operand.U8(4*group), left)
	s.JNZ(operand.LabelRef(loop))
	s.Label(rest)
	s.TESTQ(e.tail, e.tail)
	s.JZ(operand.LabelRef(done))
	for p := range s.parts() {
		body(p, e.masks[p])
	}
	s.Label(done)
}

// chunks runs body over cols columns, at most sizes[0] groups at once, then at
// most sizes[1], ... and at last the tail. offset is the byte offset of the
// columns at hand. body gets the registers' masks, part by part.
func (s *isa) chunks(cols, offset reg.GPVirtual, sizes []int, body func(ms []mask)) {
	s.XORQ(offset, offset)
	for _, n := range sizes {
		loop, next := s.label("chunk"), s.label("narrower")
		s.Label(loop)
		s.CMPQ(cols, operand.I32(n*group))
		s.JLT(operand.LabelRef(next))
		body(make([]mask, n*s.parts()))
		s.ADDQ(operand.I32(n*group*4), offset)
		s.SUBQ(operand.I32(n*group), cols)
		s.JMP(operand.LabelRef(loop))
		s.Label(next)
	}
	done := s.label("done")
	s.TESTQ(cols, cols)
	s.JZ(operand.LabelRef(done))
	body(s.masks(cols, s.parts()))
	s.Label(done)
}

// at is part p of the group at ptr.
func (s *isa) at(ptr reg.Register, p int) operand.Mem {
	return operand.Mem{Base: ptr, Disp: p * s.bytes()}
}

// read loads part p of the group at ptr into a new register.
func (s *isa) read(ptr reg.Register, p int, m mask) reg.VecVirtual {
	v := s.vector()
	s.load(s.at(ptr, p), v, m)
	return v
}

// copyOf copies a general register.
func (s *isa) copyOf(r reg.Register) reg.GPVirtual {
	c := s.GP64()
	s.MOVQ(r, c)
	return c
}

// slot is the place of a parameter on the stack.
func (s *isa) slot(name string) operand.Mem {
	c, err := s.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return c.Addr
}

// spread loads a float32 parameter into every lane.
func (s *isa) spread(name string) reg.VecVirtual {
	v := s.vector()
	s.VBROADCASTSS(s.slot(name), v)
	return v
}

// arguments loads parameters in order.
func (s *isa) arguments(names ...string) []reg.GPVirtual {
	var rs []reg.GPVirtual
	for _, n := range names {
		rs = append(rs, s.argument(n))
	}
	return rs
}

// only zeroes the lanes of v outside of m.
func (s *isa) only(v reg.VecVirtual, m mask) {
	switch {
	case m == nil:
	case s.avx512():
		s.VMOVAPS_Z(v, m, v)
	default:
		s.VANDPS(m, v, v)
	}
}

// fill sets the lanes of v outside of m to those of other.
func (s *isa) fill(v reg.VecVirtual, m mask, other reg.VecVirtual) {
	switch {
	case m == nil:
	case s.avx512():
		s.VBLENDMPS(v, other, m, v)
	default:
		s.VBLENDVPS(m, v, other, v)
	}
}

// zeros returns n cleared registers.
func (s *isa) zeros(n int) []reg.VecVirtual {
	vs := make([]reg.VecVirtual, n)
	for i := range vs {
		vs[i] = s.vector()
		s.zero(vs[i])
	}
	return vs
}
