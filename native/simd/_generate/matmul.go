package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// matMulKernels emits the tile products for every height up to the largest whose
// sums, two registers wide, leave room for two registers of b and two of a. All
// heights are there so that rows can be dealt out evenly, with none wasted.
func matMulKernels(s *isa) {
	height := (len(s.fixed) - 4) / 2
	for rows := 1; rows <= height; rows++ {
		for width := 1; width <= 2; width++ {
			matMulKernel(s, rows, width)
		}
	}
}

func matMulKernel(s *isa, rows, width int) {
	const unroll = 4
	s.function(fmt.Sprintf("matMul%dx%d", rows, width*s.lanes),
		"(dst *float32, stride uintptr, a, b *float32, depth, cols int, accumulate bool)",
		fmt.Sprintf("computes the %d x cols tile dst[r, c] (+)= Σ_k a[k, r]·b[k, c]", rows),
		fmt.Sprintf("over packed panels a [depth, %d] and b [depth, %d], with stride bytes", s.lanes, 2*s.lanes),
		fmt.Sprintf("between rows of dst and cols at most %d.", width*s.lanes))
	dst, stride := s.argument("dst"), s.argument("stride")
	a, b := s.argument("a"), s.argument("b")
	depth, cols := s.argument("depth"), s.argument("cols")
	sums := make([][]reg.VecVirtual, rows)
	for r := range sums {
		for range width {
			v := s.vector()
			s.zero(v)
			sums[r] = append(sums[r], v)
		}
	}
	aStride, bStride := s.bytes(), 2*s.bytes()
	step := func(u int) {
		bs := make([]reg.VecVirtual, width)
		for p := range bs {
			bs[p] = s.vector()
			s.VMOVUPS(operand.Mem{Base: b, Disp: u*bStride + p*s.bytes()}, bs[p])
		}
		for r := range rows {
			ar := s.vector()
			s.VBROADCASTSS(operand.Mem{Base: a, Disp: u*aStride + 4*r}, ar)
			for p := range bs {
				s.VFMADD231PS(bs[p], ar, sums[r][p])
			}
		}
	}
	s.SUBQ(operand.U8(unroll), depth)
	s.JLT(operand.LabelRef("rest"))
	s.Label("steps")
	for u := range unroll {
		step(u)
	}
	s.ADDQ(operand.I32(unroll*aStride), a)
	s.ADDQ(operand.I32(unroll*bStride), b)
	s.SUBQ(operand.U8(unroll), depth)
	s.JGE(operand.LabelRef("steps"))
	s.Label("rest")
	s.ADDQ(operand.U8(unroll), depth)
	s.JZ(operand.LabelRef("write"))
	s.Label("step")
	step(0)
	s.ADDQ(operand.U8(aStride), a)
	s.ADDQ(operand.I32(bStride), b)
	s.DECQ(depth)
	s.JNZ(operand.LabelRef("step"))

	s.Label("write")
	// A masked store costs nothing with AVX-512, and dozens of cycles on some
	// processors with AVX2: there, full tiles go another way.
	if !s.avx512() {
		s.CMPQ(cols, operand.U8(width*s.lanes))
		s.JNE(operand.LabelRef("partial"))
		s.writeTile(dst, stride, sums, make([]mask, width), "full")
		s.Label("partial")
	}
	s.writeTile(dst, stride, sums, s.masks(cols, width), "masked")
}

// writeTile stores sums to dst, or adds them, and returns.
func (s *isa) writeTile(dst, stride reg.GPVirtual, sums [][]reg.VecVirtual, ms []mask, name string) {
	flag := s.GP32()
	s.Load(s.Param("accumulate"), flag.As8())
	s.TESTB(flag.As8(), flag.As8())
	s.JZ(operand.LabelRef(name + "Store"))
	at := s.GP64()
	s.MOVQ(dst, at)
	for r := range sums {
		for p, sum := range sums[r] {
			to := operand.Mem{Base: at, Disp: p * s.bytes()}
			if ms[p] == nil {
				s.VADDPS(to, sum, sum)
				continue
			}
			old := s.vector()
			s.load(to, old, ms[p])
			s.VADDPS(old, sum, sum)
		}
		if r+1 < len(sums) {
			s.ADDQ(stride, at)
		}
	}
	s.Label(name + "Store")
	for r := range sums {
		for p, sum := range sums[r] {
			s.store(sum, operand.Mem{Base: dst, Disp: p * s.bytes()}, ms[p])
		}
		if r+1 < len(sums) {
			s.ADDQ(stride, dst)
		}
	}
	s.finish()
}
