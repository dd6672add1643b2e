package simd

import "kvscope/engine/ops"

func (t *table) matVec(dst, w, x []float32) { t.dotRows(dst, x, w) }

func (t *table) dotRows(dst, q, rows []float32) {
	if len(q) == 0 || len(q)%group != 0 {
		t.plain.DotRows(dst, q, rows)
		return
	}
	ops.CheckRows("DotRows", len(dst), len(q), len(rows))
	dots(at(dst), at(q), at(rows), uint32(len(dst)), uint32(len(q)))
}

func (t *table) boundScores(dst, q, lo, hi []float32) {
	if len(q) == 0 || len(q)%group != 0 {
		t.plain.BoundScores(dst, q, lo, hi)
		return
	}
	ops.CheckRows("BoundScores lo", len(dst), len(q), len(lo))
	ops.CheckRows("BoundScores hi", len(dst), len(q), len(hi))
	bounds(at(dst), at(q), at(lo), at(hi), uint32(len(dst)), uint32(len(q)))
}
