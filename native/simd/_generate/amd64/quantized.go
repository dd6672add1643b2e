package amd64

import (
	"fmt"
	"math/bits"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// quantizedKernels emits the products of matrices kept in fewer bits, columns coming in
// whole groups, and what widens blocks.
func quantizedKernels(s *isa) {
	// plain is a form of single numbers of so many bytes.
	plain := func(bytes int, widen func(at operand.Mem, v reg.VecVirtual)) func(reg.GPVirtual) reader {
		return func(base reg.GPVirtual) reader {
			return func(p int, use func(g int, v reg.VecVirtual)) {
				v := s.vector()
				widen(operand.Mem{Base: base, Disp: p * s.lanes * bytes}, v)
				use(0, v)
			}
		}
	}
	bfloat := quantized{"BF16", "uint16", 1, 32, 2, plain(2, func(at operand.Mem, v reg.VecVirtual) {
		s.VPMOVZXWD(at, v)
		s.VPSLLD(operand.U8(16), v, v)
	})}
	whole := quantized{"Int8", "int8", 1, 16, 4, plain(1, func(at operand.Mem, v reg.VecVirtual) {
		s.VPMOVSXBD(at, v)
		s.VCVTDQ2PS(v, v)
	})}
	for _, c := range []quantized{bfloat, whole} {
		quantizedRowsKernel(s, c)
		quantizedTokensKernel(s, c)
	}
	for _, c := range blockFormats(s) {
		dequantizeKernel(s, c)
	}
}

// quantized is a form that numbers are kept in.
type quantized struct {
	name, goType string
	groups       int // of 16 numbers that lie together
	size         int // of those in bytes
	abreast      int // rows to go through side by side, 1, 2 or 4
	open         func(base reg.GPVirtual) reader
}

// reader widens part p of every group that lies together, and hands one after the other to
// use, which may overwrite it.
type reader func(p int, use func(g int, v reg.VecVirtual))

// columns is how many numbers lie together.
func (c quantized) columns() int { return group * c.groups }

// signature writes the signature of a product.
func (c quantized) signature() string {
	return "(dst *float32, w *" + c.goType + ", x *float32, rows, cols int)"
}

// multiple says in words what cols must be.
func (c quantized) multiple() string { return fmt.Sprintf("a positive multiple of %d.", c.columns()) }

// together runs body for every n of cols, a positive multiple of n, with the offset of
// the first in bytes of a float32 row.
func (s *isa) together(cols reg.GPVirtual, n int, body func(offset reg.GPVirtual)) {
	offset, end := s.GP64(), s.copyOf(cols)
	s.XORQ(offset, offset)
	s.SHLQ(operand.U8(2), end)
	loop := s.label("group")
	s.Label(loop)
	body(offset)
	s.ADDQ(operand.I32(4*n), offset)
	s.CMPQ(offset, end)
	s.JLT(operand.LabelRef(loop))
}

// quantizedRowsKernel takes one token. Some rows go side by side, for the additions
// of one wait for each other longer than memory takes; what is prefetched is as many
// rows further on.
func quantizedRowsKernel(s *isa, c quantized) {
	s.function("matVec"+c.name, c.signature(), "computes dst[r] = Σ_c w[r, c]·x[c] for cols, "+c.multiple())
	dst, w, x := s.argument("dst"), s.argument("w"), s.argument("x")
	rows, cols := s.argument("rows"), s.argument("cols")
	row := s.copyOf(cols)
	s.SHRQ(operand.U8(bits.TrailingZeros(uint(c.columns()))), row)
	s.IMUL3Q(operand.U8(c.size), row, row)
	from := s.GP64()
	// sum leaves w behind the last of n rows.
	sum := func(n int) [][]reg.VecVirtual {
		bases := []reg.GPVirtual{w}
		var acc [][]reg.VecVirtual
		for i := range n {
			acc = append(acc, s.zeros(s.parts()))
			if i > 0 {
				bases = append(bases, s.GP64())
				s.LEAQ(operand.Mem{Base: bases[i-1], Index: row, Scale: 1}, bases[i])
			}
		}
		s.MOVQ(x, from)
		s.together(cols, c.columns(), func(reg.GPVirtual) {
			for i, base := range bases {
				if n > 1 {
					s.PREFETCHT0(operand.Mem{Base: base, Index: row, Scale: uint8(n)})
				}
				read := c.open(base)
				for p := range s.parts() {
					read(p, func(g int, v reg.VecVirtual) {
						s.VMULPS(s.at(from, g*s.parts()+p), v, v)
						s.VADDPS(v, acc[i][p], acc[i][p])
					})
				}
				s.ADDQ(operand.U8(c.size), base)
			}
			s.ADDQ(operand.I32(4*c.columns()), from)
		})
		for range n - 1 {
			s.ADDQ(row, w)
		}
		return acc
	}
	if c.abreast > 1 {
		s.fourRows(dst, rows, c.abreast, sum)
	}
	s.Label("one")
	s.VMOVSS(s.fold(sum(1)[0], s.VADDPS), operand.Mem{Base: dst})
	s.ADDQ(operand.U8(4), dst)
	s.DECQ(rows)
	s.JNZ(operand.LabelRef("one"))
	s.Label("end")
	s.finish()
}

// fourRows stores the sums of four rows at a time, as many abreast, and goes on at "one"
// with those that are left, or ends.
func (s *isa) fourRows(dst, rows reg.GPVirtual, abreast int, sum func(n int) [][]reg.VecVirtual) {
	s.SUBQ(operand.U8(4), rows)
	s.JLT(operand.LabelRef("rest"))
	s.Label("four")
	var acc [4][]reg.VecVirtual
	for i := 0; i < 4; i += abreast {
		copy(acc[i:], sum(abreast))
	}
	s.VMOVUPS(s.fold4(acc), operand.Mem{Base: dst})
	s.ADDQ(operand.U8(16), dst)
	s.SUBQ(operand.U8(4), rows)
	s.JGE(operand.LabelRef("four"))
	s.Label("rest")
	s.ADDQ(operand.U8(4), rows)
	s.JZ(operand.LabelRef("end"))
}

// quantizedTokensKernel takes four tokens, so that a row is widened once for all.
func quantizedTokensKernel(s *isa, c quantized) {
	s.function("matVec4"+c.name, c.signature(),
		"computes dst[t, r] = Σ_c w[r, c]·x[t, c] for 4 tokens and cols,", c.multiple())
	dst, w, x := s.argument("dst"), s.argument("w"), s.argument("x")
	rows, cols := s.argument("rows"), s.argument("cols")
	left, stride := s.copyOf(rows), s.copyOf(cols)
	s.SHLQ(operand.U8(2), rows)
	s.SHLQ(operand.U8(2), stride)
	s.Label("row")
	var acc [4][]reg.VecVirtual
	for t := range acc {
		acc[t] = s.zeros(s.parts())
	}
	inputs := []reg.GPVirtual{s.copyOf(x), s.GP64(), s.GP64(), s.GP64()}
	for t := 1; t < 4; t++ {
		s.LEAQ(operand.Mem{Base: inputs[t-1], Index: stride, Scale: 1}, inputs[t])
	}
	s.together(cols, c.columns(), func(offset reg.GPVirtual) {
		s.PREFETCHT0(operand.Mem{Base: w, Disp: 4096})
		read := c.open(w)
		for p := range s.parts() {
			read(p, func(g int, v reg.VecVirtual) {
				for t, from := range inputs {
					product := s.vector()
					s.VMULPS(operand.Mem{Base: from, Index: offset, Scale: 1, Disp: (g*s.parts() + p) * s.bytes()}, v, product)
					s.VADDPS(product, acc[t][p], acc[t][p])
				}
			})
		}
		s.ADDQ(operand.U8(c.size), w)
	})
	sums, to := s.fold4(acc), s.copyOf(dst)
	for t := range 4 {
		s.VEXTRACTPS(operand.U8(t), sums, operand.Mem{Base: to})
		if t < 3 {
			s.ADDQ(rows, to)
		}
	}
	s.ADDQ(operand.U8(4), dst)
	s.DECQ(left)
	s.JNZ(operand.LabelRef("row"))
	s.finish()
}
