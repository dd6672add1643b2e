package simd

import (
	"math"

	"kvscope/engine/ops"
)

// A tile of attention is that many queries by keys, as in the reference, so that the
// bits are the same.
const (
	queryTile = 64
	keyTile   = 128
)

func (t *table) attendCausal(a ops.CausalAttention) {
	n, length := ops.CheckCausal(a)
	if !(a.Scale > 0) {
		t.plain.AttendCausal(a)
		return
	}
	scores := room(&t.scores, queryTile*keyTile)
	for i := 0; i < n; i += queryTile {
		rows := min(queryTile, n-i)
		query, out := part(a.Query, i, i+rows), part(a.Out, i, i+rows)
		first := length - n + i
		var state [queryTile][2]float32 // top and sum of every query
		for r := range state {
			state[r][0] = -math.MaxFloat32
		}
		for j := 0; j < first+rows; j += keyTile {
			end := min(j+keyTile, first+rows)
			whole := (end - j + group - 1) &^ (group - 1)
			p := ops.Matrix{Data: scores, Rows: rows, Cols: end - j, RowStride: keyTile, ColStride: 1}
			t.matMul(p, query, part(a.Keys, j, end).T(), false)
			for r := range rows {
				row := scores[r*keyTile:][:whole]
				a.Mask.Hide(row[:end-j], first+r, j)
				for c := end - j; c < whole; c++ {
					row[c] = lowest
				}
				if shrink := step(at(row), uint32(whole), a.Scale, at(state[r][:])); j > 0 {
					scaleBy(out.Row(r), shrink)
				}
			}
			t.matMul(out, p, part(a.Values, j, end), j > 0)
		}
		for r := range rows {
			inv, logSum := ops.SoftmaxEnd(state[r][0], state[r][1])
			scaleBy(out.Row(r), inv)
			if a.LogSum != nil {
				a.LogSum[i+r] = logSum
			}
		}
	}
}

// part is the rows [from, to) of m.
func part(m ops.Matrix, from, to int) ops.Matrix { return m.Slice(from, to, 0, m.Cols) }

func scaleBy(x []float32, by float32) {
	if by == 1 {
		return
	}
	for i := range x {
		x[i] *= by
	}
}
