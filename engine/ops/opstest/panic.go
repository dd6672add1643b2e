package opstest

import (
	"fmt"
	"strings"

	"kvscope/engine/ops"
)

// testPanics holds that operands that do not fit together panic and that the
// message has both lengths.
func testPanics(s *suite) {
	k := s.table
	v := func(n int) []float32 { return make([]float32, n) }
	m := func(r, c int) ops.Matrix { return ops.Dense(v(r*c), r, c) }
	causal := func(out, query, keys, values ops.Matrix) ops.CausalAttention {
		return ops.CausalAttention{Out: out, Query: query, Keys: keys, Values: values}
	}
	short := ops.Matrix{Data: v(10), Rows: 3, Cols: 4, RowStride: 4, ColStride: 1}
	for _, c := range []struct {
		name string
		call func()
		says string
	}{
		{"MatMul inner", func() { k.MatMul(m(2, 3), m(2, 4), m(5, 3), false) }, "2x4 5x3"},
		{"MatMul rows", func() { k.MatMul(m(2, 3), m(6, 4), m(4, 3), false) }, "2x3 6x4"},
		{"MatMul cols", func() { k.MatMul(m(2, 3), m(2, 4), m(4, 7), false) }, "2x3 4x7"},
		{"MatMul data", func() { k.MatMul(m(3, 2), short, m(4, 2), false) }, "3x4 10"},
		{"MatMul dst data", func() { k.MatMul(short, m(3, 2), m(2, 4), false) }, "3x4 10"},
		{"MatVec", func() { k.MatVec(v(3), v(11), v(4)) }, "3 4 11"},
		{"MatVecBF16", func() { k.MatVecBF16(v(6), make([]uint16, 11), v(8), 2) }, "6 11 8 2"},
		{"MatVecBF16 tokens", func() { k.MatVecBF16(v(6), make([]uint16, 12), v(8), 0) }, "6 12 8 0"},
		{"MatVecInt8", func() { k.MatVecInt8(v(6), make([]int8, 12), v(3), v(9), 2) }, "6 12 9 2"},
		{"MatVecInt8 scale", func() { k.MatVecInt8(v(6), make([]int8, 12), v(4), v(8), 2) }, "4 3"},
		{"Add", func() { k.Add(v(3), v(4)) }, "3 4"},
		{"RMSNorm", func() { k.RMSNorm(v(7), v(7), v(3), 0) }, "7 3"},
		{"RMSNorm dst", func() { k.RMSNorm(v(3), v(6), v(3), 0) }, "3 6"},
		{"RMSNormBackward dx", func() { k.RMSNormBackward(v(3), v(3), v(6), v(6), v(3), 0) }, "3 6"},
		{"RMSNormBackward dy", func() { k.RMSNormBackward(v(6), v(3), v(9), v(6), v(3), 0) }, "9 6"},
		{"RMSNormBackward dweight", func() { k.RMSNormBackward(v(6), v(2), v(6), v(6), v(3), 0) }, "2 3"},
		{"Softmax", func() { k.Softmax(v(7), 3, 1) }, "7 3"},
		{"Softmax cols", func() { k.Softmax(v(7), 0, 1) }, "7 0"},
		{"SoftmaxBackward", func() { k.SoftmaxBackward(v(6), v(9), 3, 1) }, "6 9"},
		{"Sigmoid", func() { k.Sigmoid(v(5), v(4)) }, "5 4"},
		{"SiLU", func() { k.SiLU(v(5), v(4)) }, "5 4"},
		{"GELU", func() { k.GELU(v(5), v(4)) }, "5 4"},
		{"GELUBackward dx", func() { k.GELUBackward(v(5), v(4), v(4)) }, "5 4"},
		{"GELUBackward dy", func() { k.GELUBackward(v(4), v(5), v(4)) }, "5 4"},
		{"RoPE", func() { k.RoPE(v(10), v(3), v(3)) }, "10 6"},
		{"RoPE sin", func() { k.RoPE(v(12), v(3), v(2)) }, "3 2"},
		{"MemoryScan state", func() { k.MemoryScan(m(2, 3), v(4), m(2, 3), m(2, 3)) }, "2x3 2x4"},
		{"MemoryScan gate", func() { k.MemoryScan(m(2, 3), v(3), m(1, 3), m(2, 3)) }, "1x3 2x3"},
		{"MemoryScan stride", func() { k.MemoryScan(m(3, 3), v(3), m(3, 3).T(), m(3, 3)) }, "3x3 3 1"},
		{"MemoryScan data", func() { k.MemoryScan(short, v(4), m(3, 4), m(3, 4)) }, "3x4 10"},
		{"MemoryScanBackward", func() { k.MemoryScanBackward(m(2, 3), m(2, 3), m(2, 3), m(1, 3), m(2, 3), m(2, 3)) }, "1x3 2x3"},
		{"MinMax", func() { k.MinMax(v(3), v(4), v(6)) }, "3 4"},
		{"MinMax rows", func() { k.MinMax(v(4), v(4), v(6)) }, "6 4"},
		{"BoundScores lo", func() { k.BoundScores(v(2), v(3), v(5), v(6)) }, "5 2 3"},
		{"BoundScores hi", func() { k.BoundScores(v(2), v(3), v(6), v(7)) }, "7 2 3"},
		{"DotRows", func() { k.DotRows(v(2), v(3), v(7)) }, "7 2 3"},
		{"KthLargest none", func() { k.KthLargest(v(7), 0) }, "0 7"},
		{"KthLargest many", func() { k.KthLargest(v(7), 8) }, "8 7"},
		{"Attend dst", func() { k.Attend(v(3), v(1), v(4), v(8), v(8), []ops.Span{{Start: 0, End: 1}}, 1, 1) }, "3 4"},
		{"Attend weights", func() { k.Attend(v(4), v(3), v(4), v(8), v(8), []ops.Span{{Start: 0, End: 2}}, 1, 1) }, "3 2"},
		{"Attend queries", func() { k.Attend(v(4), v(2), v(4), v(8), v(8), []ops.Span{{Start: 0, End: 1}}, 1, 3) }, "3 4"},
		{"Attend keys", func() { k.Attend(v(4), v(3), v(4), v(8), v(12), []ops.Span{{Start: 0, End: 3}}, 1, 1) }, "3 8 12"},
		{"Attend values", func() { k.Attend(v(4), v(3), v(4), v(12), v(8), []ops.Span{{Start: 0, End: 3}}, 1, 1) }, "3 12 8"},
		{"Attend empty span", func() { k.Attend(v(4), v(0), v(4), v(8), v(8), []ops.Span{{Start: 1, End: 1}}, 1, 1) }, "1 1"},
		{"Attend order", func() {
			k.Attend(v(4), v(2), v(4), v(8), v(8), []ops.Span{{Start: 1, End: 2}, {Start: 0, End: 1}}, 1, 1)
		}, "0 1 2"},
		{"AttendCausal out", func() { k.AttendCausal(causal(m(2, 3), m(2, 4), m(5, 4), m(5, 4))) }, "2x3 2x4"},
		{"AttendCausal keys", func() { k.AttendCausal(causal(m(2, 4), m(2, 4), m(5, 3), m(5, 4))) }, "5x3 5x4"},
		{"AttendCausal values", func() { k.AttendCausal(causal(m(2, 4), m(2, 4), m(5, 4), m(4, 4))) }, "4x4 5x4"},
		{"AttendCausal queries", func() { k.AttendCausal(causal(m(6, 4), m(6, 4), m(5, 4), m(5, 4))) }, "6 4 5"},
		{"AttendCausal nothing", func() { k.AttendCausal(causal(m(1, 0), m(1, 0), m(5, 0), m(5, 0))) }, "1 0 5"},
		{"AttendCausal data", func() { k.AttendCausal(causal(m(3, 4), m(3, 4), short, m(3, 4))) }, "3x4 10"},
		{"AttendCausal sums", func() {
			a := causal(m(2, 4), m(2, 4), m(5, 4), m(5, 4))
			a.LogSum = v(3)
			k.AttendCausal(a)
		}, "2 3"},
		{"AttendCausal mask", func() {
			a := causal(m(2, 4), m(2, 4), m(5, 4), m(5, 4))
			a.Mask.Window = -7
			k.AttendCausal(a)
		}, "-7"},
		{"AttendCausalBackward sums", func() {
			k.AttendCausalBackward(m(2, 4), m(5, 4), m(5, 4), m(2, 4), causal(m(2, 4), m(2, 4), m(5, 4), m(5, 4)))
		}, "2 0"},
		{"AttendCausalBackward dkeys", func() {
			a := causal(m(2, 4), m(2, 4), m(5, 4), m(5, 4))
			a.LogSum = v(2)
			k.AttendCausalBackward(m(2, 4), m(4, 4), m(5, 4), m(2, 4), a)
		}, "4x4 5x4"},
		{"AdamW m", func() { k.AdamW(v(3), v(2), v(3), v(3), ops.AdamWStep{}) }, "3 2"},
		{"AdamW v", func() { k.AdamW(v(3), v(3), v(2), v(3), ops.AdamWStep{}) }, "3 2"},
		{"AdamW grad", func() { k.AdamW(v(3), v(3), v(3), v(2), ops.AdamWStep{}) }, "3 2"},
	} {
		message := panicOf(c.call)
		for _, word := range strings.Fields(c.says) {
			if !strings.Contains(message, word) {
				s.Errorf("%s: panic %q does not say %s", c.name, message, word)
			}
		}
	}
}

// panicOf returns what call panics with, or nothing.
func panicOf(call func()) (message string) {
	defer func() {
		if r := recover(); r != nil {
			message = fmt.Sprint(r)
		}
	}()
	call()
	return ""
}
