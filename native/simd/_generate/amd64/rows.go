package amd64

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// rowKernels emits the sums over rows.
func rowKernels(s *isa) {
	dotRowsKernel(s)
	boundScoresKernel(s)
	dotKernel(s)
	dot3Kernel(s)
	countFromKernel(s)
	minMaxKernel(s)
	weightedSumKernel(s)
}

func dotRowsKernel(s *isa) {
	s.function("dotRows", "(dst, q, rows *float32, n, cols int, ahead uintptr)", "computes dst[i] = Σ_c q[c]·rows[i, c].", prefetches)
	rowSums(s, []string{"rows"}, func(q reg.VecVirtual, at []operand.Mem, m mask) reg.VecVirtual {
		v := s.vector()
		s.load(at[0], v, m)
		s.VMULPS(q, v, v)
		return v
	})
}

func boundScoresKernel(s *isa) {
	s.function("boundScores", "(dst, q, lo, hi *float32, n, cols int, ahead uintptr)",
		"computes dst[b] = Σ_c max(q[c]·lo[b, c], q[c]·hi[b, c]).", prefetches)
	rowSums(s, []string{"lo", "hi"}, func(q reg.VecVirtual, at []operand.Mem, m mask) reg.VecVirtual {
		a, b := s.vector(), s.vector()
		s.load(at[0], a, m)
		s.load(at[1], b, m)
		s.VMULPS(q, a, a)
		s.VMULPS(q, b, b)
		s.VMAXPS(b, a, a)
		return a
	})
}

// prefetches says what the parameter ahead of a kernel is.
const prefetches = "It prefetches what lies ahead bytes beyond what it reads."

// prefetch asks for what lies ahead bytes beyond at, once for each cache line. The
// processor's own prefetching stops at the end of a page and knows nothing of the
// block that is read next.
func (s *isa) prefetch(at operand.Mem, ahead reg.Register, part int, m mask) {
	if m != nil || part%s.parts() != 0 {
		return
	}
	if at.Index != nil {
		panic("prefetch beyond an indexed operand")
	}
	at.Index, at.Scale = ahead, 1
	s.PREFETCHT0(at)
}

// rowSums emits a function that writes to each dst[i] the sum of term over q and
// row i of the operands. Rows are read one after the other, for that is the order
// in which the processor expects memory; four share the work of folding.
func rowSums(s *isa, operands []string, term func(q reg.VecVirtual, at []operand.Mem, m mask) reg.VecVirtual) {
	dst, n := s.argument("dst"), s.argument("n")
	e := s.extentOf(s.argument("cols"))
	bases := s.arguments(operands...)
	first, q, ahead := s.argument("q"), s.GP64(), s.argument("ahead")

	sum := func() []reg.VecVirtual {
		s.MOVQ(first, q)
		acc := s.zeros(s.parts())
		s.stream(e, append([]reg.GPVirtual{q}, bases...), func(p int, m mask) {
			var at []operand.Mem
			for _, b := range bases {
				at = append(at, s.at(b, p))
				s.prefetch(s.at(b, p), ahead, p, m)
			}
			s.VADDPS(term(s.read(q, p, m), at, m), acc[p], acc[p])
		})
		for _, b := range bases {
			s.LEAQ(operand.Mem{Base: b, Index: e.tail, Scale: 4}, b)
		}
		return acc
	}

	s.SUBQ(operand.U8(4), n)
	s.JLT(operand.LabelRef("rest"))
	s.Label("four")
	var acc [4][]reg.VecVirtual
	for r := range acc {
		acc[r] = sum()
	}
	s.VMOVUPS(s.fold4(acc), operand.Mem{Base: dst})
	s.ADDQ(operand.U8(16), dst)
	s.SUBQ(operand.U8(4), n)
	s.JGE(operand.LabelRef("four"))
	s.Label("rest")
	s.ADDQ(operand.U8(4), n)
	s.JZ(operand.LabelRef("end"))
	s.Label("one")
	s.VMOVSS(s.fold(sum(), s.VADDPS), operand.Mem{Base: dst})
	s.ADDQ(operand.U8(4), dst)
	s.DECQ(n)
	s.JNZ(operand.LabelRef("one"))
	s.Label("end")
	s.finish()
}

func dotKernel(s *isa) {
	s.function("dot", "(x, y *float32, n int) float32", "returns Σ x∘y.")
	x, y := s.argument("x"), s.argument("y")
	e := s.extentOf(s.argument("n"))
	acc := s.zeros(s.parts())
	s.stream(e, []reg.GPVirtual{x, y}, func(p int, m mask) {
		a, b := s.read(x, p, m), s.read(y, p, m)
		s.VMULPS(b, a, a)
		s.VADDPS(a, acc[p], acc[p])
	})
	s.Store(s.fold(acc, s.VADDPS), s.ReturnIndex(0))
	s.finish()
}

func dot3Kernel(s *isa) {
	s.function("dot3", "(x, y, z *float32, n int) float32", "returns Σ (x∘y)∘z.")
	x, y, z := s.argument("x"), s.argument("y"), s.argument("z")
	e := s.extentOf(s.argument("n"))
	acc := s.zeros(s.parts())
	s.stream(e, []reg.GPVirtual{x, y, z}, func(p int, m mask) {
		a, b, c := s.read(x, p, m), s.read(y, p, m), s.read(z, p, m)
		s.VMULPS(b, a, a)
		s.VMULPS(c, a, a)
		s.VADDPS(a, acc[p], acc[p])
	})
	s.Store(s.fold(acc, s.VADDPS), s.ReturnIndex(0))
	s.finish()
}

func countFromKernel(s *isa) {
	s.function("countFrom", "(x *float32, n int, least float32) int", "returns the number of x[i] >= least.")
	const notBelow = 29 // false for NaN
	x := s.argument("x")
	e := s.extentOf(s.argument("n"))
	least, total := s.spread("least"), s.GP64()
	s.XORQ(total, total)
	s.stream(e, []reg.GPVirtual{x}, func(p int, m mask) {
		v, count := s.read(x, p, m), s.GP64()
		if s.avx512() {
			k := s.K()
			if m == nil {
				s.VCMPPS(operand.U8(notBelow), least, v, k)
			} else {
				s.VCMPPS(operand.U8(notBelow), least, v, m, k)
			}
			s.KMOVW(k, count.As32())
		} else {
			s.VCMPPS(operand.U8(notBelow), least, v, v)
			s.only(v, m)
			s.VMOVMSKPS(v, count.As32())
		}
		s.POPCNTQ(count, count)
		s.ADDQ(count, total)
	})
	s.Store(total, s.ReturnIndex(0))
	s.finish()
}

// chunkSizes are the groups to hold at once when each takes regs registers.
func (s *isa) chunkSizes(regs int) []int {
	n := 8
	for n > 1 && n*s.parts()*regs > len(s.fixed)*2/3 {
		n /= 2
	}
	if n == 1 {
		return []int{1}
	}
	return []int{n, 1}
}

func minMaxKernel(s *isa) {
	s.function("minMax", "(lo, hi, rows *float32, n, cols int)",
		"folds rows into the bounds lo and hi. The operands of min and max are such",
		"that a bound stays unless a value is beyond it.")
	lo, hi, rows := s.argument("lo"), s.argument("hi"), s.argument("rows")
	n, cols := s.argument("n"), s.argument("cols")
	row := s.copyOf(cols)
	s.SHLQ(operand.U8(2), row)
	offset := s.GP64()
	s.chunks(cols, offset, s.chunkSizes(2), func(ms []mask) {
		at := func(base reg.Register, i int) operand.Mem {
			return operand.Mem{Base: base, Index: offset, Scale: 1, Disp: i * s.bytes()}
		}
		lows, highs := make([]reg.VecVirtual, len(ms)), make([]reg.VecVirtual, len(ms))
		for i, m := range ms {
			lows[i], highs[i] = s.vector(), s.vector()
			s.load(at(lo, i), lows[i], m)
			s.load(at(hi, i), highs[i], m)
		}
		from, left := s.copyOf(rows), s.copyOf(n)
		loop := s.label("row")
		s.Label(loop)
		for i, m := range ms {
			v := s.vector()
			s.load(at(from, i), v, m)
			s.VMINPS(lows[i], v, lows[i])
			s.VMAXPS(highs[i], v, highs[i])
		}
		s.ADDQ(row, from)
		s.DECQ(left)
		s.JNZ(operand.LabelRef(loop))
		for i, m := range ms {
			s.store(lows[i], at(lo, i), m)
			s.store(highs[i], at(hi, i), m)
		}
	})
	s.finish()
}

func weightedSumKernel(s *isa) {
	s.function("weightedSum", "(dst, weights, rows *float32, n, cols int, ahead uintptr)",
		"computes dst[c] += Σ_i weights[i]·rows[i, c].", prefetches)
	dst, weights, rows, ahead := s.argument("dst"), s.argument("weights"), s.argument("rows"), s.argument("ahead")
	n, cols := s.argument("n"), s.argument("cols")
	row := s.copyOf(cols)
	s.SHLQ(operand.U8(2), row)
	offset := s.GP64()
	s.chunks(cols, offset, s.chunkSizes(1), func(ms []mask) {
		acc := make([]reg.VecVirtual, len(ms))
		at := func(i int) operand.Mem {
			return operand.Mem{Base: dst, Index: offset, Scale: 1, Disp: i * s.bytes()}
		}
		for i, m := range ms {
			acc[i] = s.vector()
			s.load(at(i), acc[i], m)
		}
		from, weight, left := s.copyOf(rows), s.copyOf(weights), s.copyOf(n)
		s.ADDQ(offset, from)
		loop := s.label("row")
		s.Label(loop)
		w := s.vector()
		s.VBROADCASTSS(operand.Mem{Base: weight}, w)
		for i, m := range ms {
			s.prefetch(s.at(from, i), ahead, i, m)
			v := s.vector()
			s.load(s.at(from, i), v, m)
			s.VMULPS(w, v, v)
			s.VADDPS(v, acc[i], acc[i])
		}
		s.ADDQ(row, from)
		s.ADDQ(operand.U8(4), weight)
		s.DECQ(left)
		s.JNZ(operand.LabelRef(loop))
		for i, m := range ms {
			s.store(acc[i], at(i), m)
		}
	})
	s.finish()
}
