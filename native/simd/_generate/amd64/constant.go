package amd64

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// constants are the float32 constants of the function being written. AVX-512
// has registers to keep them in, AVX2 reads them from memory.
type constants struct {
	*isa
	held map[float32]operand.Op
}

// constants prepares values at the beginning of a function.
func (s *isa) constants(values ...float32) constants {
	c := constants{s, map[float32]operand.Op{}}
	for _, v := range values {
		if c.held[v] != nil {
			continue
		}
		c.held[v] = s.constantData(v)
		if s.avx512() {
			r := s.vector()
			s.VBROADCASTSS(s.constantData(v), r)
			c.held[v] = r
		}
	}
	return c
}

// c is the operand for a prepared constant.
func (c constants) c(v float32) operand.Op {
	op := c.held[v]
	if op == nil {
		panic(fmt.Sprintf("constant %v is not prepared", v))
	}
	return op
}

// register is a register holding a prepared constant, to be left unchanged.
func (c constants) register(v float32) reg.VecVirtual {
	if r, ok := c.c(v).(reg.VecVirtual); ok {
		return r
	}
	r := c.vector()
	c.VMOVUPS(c.c(v), r)
	return r
}

// constantData is v in memory, once for AVX-512, filling a register for AVX2.
func (s *isa) constantData(v float32) operand.Mem {
	bits := math.Float32bits(v)
	if m, ok := s.data[bits]; ok {
		return m
	}
	m := s.StaticGlobal(fmt.Sprintf("f%08x%s", bits, s.name))
	s.DataAttributes(attr.RODATA | attr.NOPTR)
	n := s.lanes
	if s.avx512() {
		n = 1
	}
	for i := range n {
		s.AddDatum(4*i, operand.U32(bits))
	}
	s.data[bits] = m
	return m
}
