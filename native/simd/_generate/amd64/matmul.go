package amd64

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
			matMulKernel(s, rows, width, true)
			matMulKernel(s, rows, width, false)
		}
	}
}

// tileUnroll is how many steps a tile takes at a time.
const tileUnroll = 4

// matMulKernel emits one tile product. a is a panel whose steps, packed or as they lie
// in a matrix, hold a value of each row side by side; or the rows of a matrix, which
// pays when there are few columns of b to share the packing's cost.
func matMulKernel(s *isa, rows, width int, panel bool) {
	name, layout := "matMul", "a panel a[k, r] with aStride bytes between its steps k"
	if !panel {
		name, layout = "matMulRows", "rows a[r, k], aStride bytes apart,"
	}
	s.function(fmt.Sprintf("%s%dx%d", name, rows, width*s.lanes),
		"(dst *float32, stride uintptr, a *float32, aStride uintptr, b *float32, depth, cols int, accumulate bool)",
		fmt.Sprintf("computes the %d x cols tile dst[r, c] (+)= Σ_k a[k, r]·b[k, c] over", rows),
		fmt.Sprintf("%s and a packed panel b [depth, %d], with", layout, 2*s.lanes),
		fmt.Sprintf("stride bytes between rows of dst and cols at most %d.", width*s.lanes))
	dst, stride := s.argument("dst"), s.argument("stride")
	b, depth, cols := s.argument("b"), s.argument("depth"), s.argument("cols")
	a := newTileRows(s, rows, panel)
	sums := make([][]reg.VecVirtual, rows)
	for r := range sums {
		for range width {
			v := s.vector()
			s.zero(v)
			sums[r] = append(sums[r], v)
		}
	}
	bStride := 2 * s.bytes()
	step := func(u int) {
		bs := make([]reg.VecVirtual, width)
		for p := range bs {
			bs[p] = s.vector()
			s.VMOVUPS(operand.Mem{Base: b, Disp: u*bStride + p*s.bytes()}, bs[p])
		}
		for r := range rows {
			ar := s.vector()
			s.VBROADCASTSS(a.at(r, u), ar)
			for p := range bs {
				s.VFMADD231PS(bs[p], ar, sums[r][p])
			}
		}
	}
	s.SUBQ(operand.U8(tileUnroll), depth)
	s.JLT(operand.LabelRef("rest"))
	s.Label("steps")
	for u := range tileUnroll {
		step(u)
	}
	a.advance(tileUnroll)
	s.ADDQ(operand.I32(tileUnroll*bStride), b)
	s.SUBQ(operand.U8(tileUnroll), depth)
	s.JGE(operand.LabelRef("steps"))
	s.Label("rest")
	s.ADDQ(operand.U8(tileUnroll), depth)
	s.JZ(operand.LabelRef("write"))
	s.Label("step")
	step(0)
	a.advance(1)
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

// tileRows addresses the elements of a.
type tileRows struct {
	s      *isa
	panel  bool
	bases  []reg.GPVirtual // of every third row, or of every third step of a panel
	stride reg.GPVirtual
}

func newTileRows(s *isa, rows int, panel bool) tileRows {
	t := tileRows{s: s, panel: panel, bases: []reg.GPVirtual{s.argument("a")}, stride: s.argument("aStride")}
	count := rows
	if panel {
		count = tileUnroll
	}
	for i := 3; i < count; i += 3 {
		next := s.GP64()
		s.LEAQ(operand.Mem{Base: t.bases[len(t.bases)-1], Index: t.stride, Scale: 2}, next)
		s.ADDQ(t.stride, next)
		t.bases = append(t.bases, next)
	}
	return t
}

// at is the element of row r, u steps ahead.
func (t tileRows) at(r, u int) operand.Mem {
	far, near := r, u
	if t.panel {
		far, near = u, r
	}
	m := operand.Mem{Base: t.bases[far/3], Disp: 4 * near}
	if far%3 > 0 {
		m.Index, m.Scale = t.stride, uint8(far%3)
	}
	return m
}

func (t tileRows) advance(steps int) {
	for _, base := range t.bases {
		switch {
		case !t.panel:
			t.s.ADDQ(operand.U8(4*steps), base)
		case steps == 1:
			t.s.ADDQ(t.stride, base)
		default:
			t.s.LEAQ(operand.Mem{Base: base, Index: t.stride, Scale: uint8(steps)}, base)
		}
	}
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
