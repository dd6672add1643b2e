package lens

import (
	"math"

	"kvscope/engine/ops"
)

// Map is the attention map of a head, [T, T], row t being its query's true attention
// and zero after t. Rows are computed as they are asked for: a long map is larger
// than all that it is made of.
type Map struct {
	head    *HeadTensors
	kernels *ops.Kernels
	skip    int

	top, sum []float32 // of every row that was computed: its largest score, and Σ exp(score − top)
	known    []bool
	scratch  []float32
}

// NewMap returns the map of a head. The first skip columns, the attention sink, are
// left at zero; the other weights stay what they are.
func NewMap(h *HeadTensors, k *ops.Kernels, skip int) *Map {
	n := h.Len()
	return &Map{head: h, kernels: k, skip: skip, top: make([]float32, n), sum: make([]float32, n), known: make([]bool, n)}
}

// Size is the number of rows and of columns.
func (m *Map) Size() (rows, cols int) { return m.head.Len(), m.head.Len() }

// Rows writes rows [from, to) to dst [to−from, T].
func (m *Map) Rows(dst []float32, from, to int) {
	h, n, t := m.head, to-from, m.head.Len()
	if h.Queries > 0 {
		m.Patch(dst, from, to, 0, t)
		return
	}
	a := ops.Dense(dst, n, t).Slice(0, n, 0, to)
	m.kernels.MatMul(a, ops.Dense(h.Q[from*h.Dim:to*h.Dim], n, h.Dim), ops.Dense(h.K[:to*h.Dim], to, h.Dim).T(), false)
	for i := range n {
		row, seen := dst[i*t:(i+1)*t], from+i+1
		m.weigh(from+i, row[:seen])
		clear(row[seen:])
		clear(row[:min(m.skip, t)])
	}
}

// weigh turns the scores of row t into weights, and keeps their maximum and sum.
func (m *Map) weigh(t int, row []float32) {
	m.top[t], m.known[t] = m.largest(row), true
	m.kernels.Softmax(row, len(row), m.head.scale())
	m.sum[t] = 1 / m.largest(row) // the heaviest weight is exp(0) over the sum
}

// largest is the largest of x, sixteen at a time.
func (m *Map) largest(x []float32) float32 {
	var lo, hi [16]float32
	for l := range hi {
		hi[l] = float32(math.Inf(-1))
	}
	whole := len(x) &^ (len(hi) - 1)
	m.kernels.MinMax(lo[:], hi[:], x[:whole])
	top := hi[0]
	for _, v := range hi[1:] {
		top = max(top, v)
	}
	for _, v := range x[whole:] {
		top = max(top, v)
	}
	return top
}

// learn makes row t known.
func (m *Map) learn(t int) {
	if m.known[t] {
		return
	}
	h := m.head
	m.scratch = grown(m.scratch, t+1)
	row := m.scratch[:t+1]
	m.kernels.DotRows(row, h.Q[t*h.Dim:(t+1)*h.Dim], h.K[:(t+1)*h.Dim])
	m.weigh(t, row)
}

// Patch writes the part [r0, r1) x [c0, c1) to dst, row by row.
func (m *Map) Patch(dst []float32, r0, r1, c0, c1 int) {
	h, rows, cols := m.head, r1-r0, c1-c0
	if h.Queries > 0 {
		for i := range rows {
			row := dst[i*cols : (i+1)*cols]
			h.weights(row, r0+i, c0)
			clear(row[:min(max(m.skip-c0, 0), cols)])
		}
		return
	}
	for t := r0; t < r1; t++ {
		m.learn(t)
	}
	m.kernels.MatMul(ops.Dense(dst, rows, cols), ops.Dense(h.Q[r0*h.Dim:r1*h.Dim], rows, h.Dim), ops.Dense(h.K[c0*h.Dim:c1*h.Dim], cols, h.Dim).T(), false)
	scale := h.scale()
	for i := range rows {
		t := r0 + i
		for j := range cols {
			at := &dst[i*cols+j]
			if c := c0 + j; c > t || c < m.skip {
				*at = 0
				continue
			}
			*at = float32(math.Exp(float64(scale*(*at-m.top[t])))) / m.sum[t]
		}
	}
}

func grown(x []float32, n int) []float32 {
	if cap(x) < n {
		return make([]float32, n)
	}
	return x[:n]
}
