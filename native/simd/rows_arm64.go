//go:build !noasm

package simd

import "kvscope/engine/ops"

// groups is how many of n values are in whole groups of 16, which the assembly
// takes; what is left goes to the reference.
func groups(n int) int { return n &^ 15 }

// onGroups is a kernel that leaves what is not a whole group to the reference.
func onGroups(name string, kernel func(dst, x *float32, n int), rest func(dst, x []float32)) func(dst, x []float32) {
	return func(dst, x []float32) {
		ops.CheckSame(name, len(dst), len(x))
		most := groups(len(x))
		if most > 0 {
			kernel(&dst[0], &x[0], most)
		}
		rest(dst[most:], x[most:])
	}
}

func (n neon) minMax(lo, hi, rows []float32) {
	if len(lo) == 0 || len(lo)%16 != 0 {
		n.reference.MinMax(lo, hi, rows)
		return
	}
	ops.CheckSame("MinMax lo and hi", len(lo), len(hi))
	if count := ops.CheckWhole("MinMax rows", len(rows), len(lo)); count > 0 {
		minMaxNEON(&lo[0], &hi[0], &rows[0], count, len(lo))
	}
}

func (n neon) rope(x, cos, sin []float32) {
	if len(cos) == 0 || len(cos)%8 != 0 {
		n.reference.RoPE(x, cos, sin)
		return
	}
	ops.CheckSame("RoPE cos and sin", len(cos), len(sin))
	if rows := ops.CheckWhole("RoPE", len(x), 2*len(cos)); rows > 0 {
		ropeNEON(&x[0], &cos[0], &sin[0], rows, len(cos))
	}
}

func (n neon) rmsNorm(dst, x, weight []float32, eps float32) {
	d := len(weight)
	if d == 0 || d%16 != 0 {
		n.reference.RMSNorm(dst, x, weight, eps)
		return
	}
	ops.CheckSame("RMSNorm dst and x", len(dst), len(x))
	for t := range ops.CheckWhole("RMSNorm", len(x), d) {
		row, squares := &x[t*d], float32(0)
		dotRowsNEON(&squares, row, row, 1, d)
		normRowNEON(&dst[t*d], row, &weight[0], d, ops.InverseRMS(squares, d, eps))
	}
}

func countFrom(x []float32, least float32) (count int) {
	most := groups(len(x))
	if most > 0 {
		count = countFromNEON(&x[0], most, least)
	}
	for _, v := range x[most:] {
		if v >= least {
			count++
		}
	}
	return count
}
