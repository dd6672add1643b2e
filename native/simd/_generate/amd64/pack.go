package amd64

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// packKernels emits the two ways of filling a panel of one register's width.
func packKernels(s *isa) {
	packCopy(s)
	packTranspose(s)
}

func packCopy(s *isa) {
	const unroll = 4
	s.function("packCopy", "(dst *float32, dstStride uintptr, src *float32, srcStride uintptr, width, depth int)",
		"copies dst[k, i] = src[k, i] for i < width and k < depth, with strides in",
		"bytes between rows. What is beyond width in a register of dst becomes zero.")
	dst, dstStride := s.argument("dst"), s.argument("dstStride")
	src, srcStride := s.argument("src"), s.argument("srcStride")
	width, depth := s.argument("width"), s.argument("depth")
	m := s.masks(width, 1)[0]
	row := func() {
		v := s.vector()
		s.load(operand.Mem{Base: src}, v, m)
		s.store(v, operand.Mem{Base: dst}, nil)
		s.ADDQ(srcStride, src)
		s.ADDQ(dstStride, dst)
	}
	s.SUBQ(operand.U8(unroll), depth)
	s.JLT(operand.LabelRef("rest"))
	s.Label("rows")
	for range unroll {
		row()
	}
	s.SUBQ(operand.U8(unroll), depth)
	s.JGE(operand.LabelRef("rows"))
	s.Label("rest")
	s.ADDQ(operand.U8(unroll), depth)
	s.JZ(operand.LabelRef("done"))
	s.Label("row")
	row()
	s.DECQ(depth)
	s.JNZ(operand.LabelRef("row"))
	s.Label("done")
	s.finish()
}

// packTranspose works on squares as wide as a register. Registers of rows beyond
// width keep what they held, which ends in columns nobody reads.
func packTranspose(s *isa) {
	s.function("packTranspose", "(dst *float32, dstStride uintptr, src *float32, srcStride uintptr, width, depth int)",
		"copies dst[k, i] = src[i, k] for i < width and k < depth, with strides in",
		"bytes between rows. What is beyond width in a register of dst is arbitrary.")
	dst, dstStride := s.argument("dst"), s.argument("dstStride")
	src, srcStride := s.argument("src"), s.argument("srcStride")
	width, depth := s.argument("width"), s.argument("depth")
	n := s.lanes
	s.CMPQ(depth, operand.U8(n))
	s.JLT(operand.LabelRef("tail"))
	s.Label("square")
	s.readRows(src, srcStride, width, nil, "loaded")
	s.transpose()
	for i := range n {
		s.store(s.fixed[i], operand.Mem{Base: dst}, nil)
		s.ADDQ(dstStride, dst)
	}
	s.ADDQ(operand.U8(4*n), src)
	s.SUBQ(operand.U8(n), depth)
	s.CMPQ(depth, operand.U8(n))
	s.JGE(operand.LabelRef("square"))

	s.Label("tail")
	s.TESTQ(depth, depth)
	s.JZ(operand.LabelRef("done"))
	var m mask
	if s.avx512() {
		m = s.masks(depth, 1)[0]
	} else {
		loose := s.masks(depth, 1)[0]
		m = s.fixed[15]
		s.VMOVUPS(loose, m)
	}
	s.readRows(src, srcStride, width, m, "tailLoaded")
	s.transpose()
	for i := range n {
		s.store(s.fixed[i], operand.Mem{Base: dst}, nil)
		s.ADDQ(dstStride, dst)
		s.DECQ(depth)
		s.JZ(operand.LabelRef("done"))
	}
	s.Label("done")
	s.finish()
}

// readRows loads the first registers from width rows.
func (s *isa) readRows(src, stride, width reg.GPVirtual, m mask, done string) {
	at := s.GP64()
	s.MOVQ(src, at)
	for i := range s.lanes {
		if i > 0 {
			s.CMPQ(width, operand.U8(i))
			s.JLE(operand.LabelRef(done))
			s.ADDQ(stride, at)
		}
		s.load(operand.Mem{Base: at}, s.fixed[i], m)
	}
	s.Label(done)
}

// transpose transposes the square held by the first registers, one row each, by
// way of the other half.
func (s *isa) transpose() {
	n := s.lanes
	r := s.fixed
	// Within 128-bit lanes: pairs of floats, then pairs of pairs.
	for i := 0; i < n; i += 2 {
		s.VUNPCKLPS(r[i+1], r[i], r[n+i])
		s.VUNPCKHPS(r[i+1], r[i], r[n+i+1])
	}
	for i := 0; i < n; i += 4 {
		s.VUNPCKLPD(r[n+i+2], r[n+i], r[i])
		s.VUNPCKHPD(r[n+i+2], r[n+i], r[i+1])
		s.VUNPCKLPD(r[n+i+3], r[n+i+1], r[i+2])
		s.VUNPCKHPD(r[n+i+3], r[n+i+1], r[i+3])
	}
	// Register 4g+c now holds column c of each 4x4 square of row group g.
	if !s.avx512() {
		for c := range 4 {
			s.VPERM2F128(operand.U8(0x20), r[4+c], r[c], r[n+c])
			s.VPERM2F128(operand.U8(0x31), r[4+c], r[c], r[n+4+c])
		}
		for i := range n {
			s.VMOVAPS(r[n+i], r[i])
		}
		return
	}
	for c := range 4 {
		s.VSHUFF32X4(operand.U8(0x88), r[4+c], r[c], r[n+c])
		s.VSHUFF32X4(operand.U8(0xdd), r[4+c], r[c], r[n+4+c])
		s.VSHUFF32X4(operand.U8(0x88), r[12+c], r[8+c], r[n+8+c])
		s.VSHUFF32X4(operand.U8(0xdd), r[12+c], r[8+c], r[n+12+c])
	}
	for c := range 4 {
		s.VSHUFF32X4(operand.U8(0x88), r[n+8+c], r[n+c], r[c])
		s.VSHUFF32X4(operand.U8(0xdd), r[n+8+c], r[n+c], r[8+c])
		s.VSHUFF32X4(operand.U8(0x88), r[n+12+c], r[n+4+c], r[4+c])
		s.VSHUFF32X4(operand.U8(0xdd), r[n+12+c], r[n+4+c], r[12+c])
	}
}
