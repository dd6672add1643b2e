package simd

import (
	"math"

	"kvscope/engine/ops"
)

// lowest fills up the last group of a row: a score whose weight is zero.
var lowest = float32(math.Inf(-1))

func (t *table) softmax(x []float32, cols int, scale float32) {
	if !(scale > 0) {
		t.plain.Softmax(x, cols, scale)
		return
	}
	for r := range ops.CheckWhole("Softmax", len(x), cols) {
		t.softmaxRow(x[r*cols:][:cols], scale)
	}
}

// softmaxRow works on a copy that is filled up to whole groups, so that sums are in the
// order of the reference.
func (t *table) softmaxRow(row []float32, scale float32) {
	whole := (len(row) + group - 1) &^ (group - 1)
	filled := room(&t.row, whole)
	for i := copy(filled, row); i < whole; i++ {
		filled[i] = lowest
	}
	state := [2]float32{-math.MaxFloat32, 0}
	step(at(filled), uint32(whole), scale, at(state[:]))
	inv := float32(1)
	if state[1] > 1 || state[1] != state[1] {
		inv = 1 / state[1]
	}
	for i := range row {
		row[i] = filled[i] * inv
	}
}

func (t *table) attend(dst, weights, q, keys, values []float32, spans []ops.Span, scale float32, queries int) {
	if d := len(q) / max(1, queries); d == 0 || d%group != 0 || !(scale > 0) {
		t.plain.Attend(dst, weights, q, keys, values, spans, scale, queries)
		return
	}
	ops.CheckAttend(dst, weights, q, keys, values, spans, queries)
	ops.EachQuery(dst, weights, q, queries, func(dst, weights, q []float32) { t.attendOne(dst, weights, q, keys, values, spans, scale) })
}

func (t *table) attendOne(dst, weights, q, keys, values []float32, spans []ops.Span, scale float32) {
	d, from := len(q), 0
	for _, s := range spans {
		dots(at(weights[from:]), at(q), at(keys[s.Start*d:]), uint32(s.Len()), uint32(d))
		from += s.Len()
	}
	t.softmaxRow(weights, scale)
	clear(dst)
	from = 0
	for _, s := range spans {
		weigh(at(dst), at(weights[from:]), at(values[s.Start*d:]), uint32(s.Len()), uint32(d))
		from += s.Len()
	}
}
