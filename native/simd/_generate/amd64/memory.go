package amd64

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// memoryKernels emits the decaying memory. Channels are independent chains, so a
// chunk of them walks through all steps with its state in registers.
func memoryKernels(s *isa) {
	memoryScanKernel(s)
	memoryScanBackwardKernel(s)
}

// walk is a pointer that goes from row to row of a view.
type walk struct {
	s    *isa
	ptr  reg.GPVirtual
	name string
}

// walkAt starts at the given row of the parameter name, at a column offset. The
// stride is the parameter name+"Stride", in bytes.
func (s *isa) walkAt(name string, row, offset reg.GPVirtual) walk {
	w := walk{s, s.GP64(), name}
	if row == nil {
		s.Load(s.Param(name), w.ptr)
	} else {
		s.MOVQ(row, w.ptr)
		s.IMULQ(s.slot(name+"Stride"), w.ptr)
		s.ADDQ(s.slot(name), w.ptr)
	}
	s.ADDQ(offset, w.ptr)
	return w
}

func (w walk) next()     { w.s.ADDQ(w.s.slot(w.name+"Stride"), w.ptr) }
func (w walk) previous() { w.s.SUBQ(w.s.slot(w.name+"Stride"), w.ptr) }

func memoryScanKernel(s *isa) {
	s.function("memoryScan",
		"(dst *float32, dstStride uintptr, state, gate *float32, gateStride uintptr, x *float32, xStride uintptr, steps, cols int)",
		"computes dst[t] = state = gate[t]∘state + (1−gate[t])∘x[t]. Strides are in bytes.")
	state, cols, offset := s.argument("state"), s.argument("cols"), s.GP64()
	c := s.constants(1)
	s.chunks(cols, offset, s.chunkSizes(2), func(ms []mask) {
		dst, gate, x := s.walkAt("dst", nil, offset), s.walkAt("gate", nil, offset), s.walkAt("x", nil, offset)
		one := c.register(1)
		held := make([]reg.VecVirtual, len(ms))
		place := func(i int) operand.Mem {
			return operand.Mem{Base: state, Index: offset, Scale: 1, Disp: i * s.bytes()}
		}
		for i, m := range ms {
			held[i] = s.vector()
			s.load(place(i), held[i], m)
		}
		left := s.argument("steps")
		loop := s.label("step")
		s.Label(loop)
		for i, m := range ms {
			g, v, rest := s.read(gate.ptr, i, m), s.read(x.ptr, i, m), s.vector()
			s.VSUBPS(g, one, rest)
			s.VMULPS(v, rest, rest)
			s.VMULPS(g, held[i], held[i])
			s.VADDPS(rest, held[i], held[i])
			s.store(held[i], s.at(dst.ptr, i), m)
		}
		dst.next()
		gate.next()
		x.next()
		s.DECQ(left)
		s.JNZ(operand.LabelRef(loop))
		for i, m := range ms {
			s.store(held[i], place(i), m)
		}
	})
	s.finish()
}

func memoryScanBackwardKernel(s *isa) {
	s.function("memoryScanBackward",
		"(dx *float32, dxStride uintptr, dgate *float32, dgateStride uintptr, dy *float32, dyStride uintptr, "+
			"y *float32, yStride uintptr, gate *float32, gateStride uintptr, x *float32, xStride uintptr, steps, cols int)",
		"goes from the last step to the first with a = dy[t] + carried: dx[t] = (1−gate[t])∘a,",
		"dgate[t] += (y[t−1]−x[t])∘a, carried = gate[t]∘a. Strides are in bytes.")
	cols, offset := s.argument("cols"), s.GP64()
	c := s.constants(1)
	s.chunks(cols, offset, s.chunkSizes(3), func(ms []mask) {
		row := s.argument("steps")
		s.DECQ(row)
		dx, dgate, dy := s.walkAt("dx", row, offset), s.walkAt("dgate", row, offset), s.walkAt("dy", row, offset)
		y, gate, x := s.walkAt("y", row, offset), s.walkAt("gate", row, offset), s.walkAt("x", row, offset)
		one := c.register(1)
		carried := s.zeros(len(ms))
		step := func(before func(i int, m mask) reg.VecVirtual) {
			for i, m := range ms {
				g, rest := s.read(gate.ptr, i, m), s.vector()
				s.VADDPS(s.read(dy.ptr, i, m), carried[i], carried[i])
				s.VSUBPS(g, one, rest)
				s.VMULPS(carried[i], rest, rest)
				change := before(i, m)
				s.VSUBPS(s.read(x.ptr, i, m), change, change)
				s.VMULPS(carried[i], change, change)
				s.VMULPS(g, carried[i], carried[i])
				s.store(rest, s.at(dx.ptr, i), m)
				old := s.read(dgate.ptr, i, m)
				s.VADDPS(change, old, old)
				s.store(old, s.at(dgate.ptr, i), m)
			}
		}
		loop, first := s.label("step"), s.label("first")
		s.TESTQ(row, row)
		s.JZ(operand.LabelRef(first))
		s.Label(loop)
		y.previous()
		step(func(i int, m mask) reg.VecVirtual { return s.read(y.ptr, i, m) })
		for _, w := range []walk{dx, dgate, dy, gate, x} {
			w.previous()
		}
		s.DECQ(row)
		s.JNZ(operand.LabelRef(loop))
		s.Label(first)
		step(func(i int, m mask) reg.VecVirtual { return s.zeros(1)[0] })
	})
	s.finish()
}
