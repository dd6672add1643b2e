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
	m.scratch = grown(m.scratch, n*to)
	a := ops.Dense(m.scratch, n, to)
	m.kernels.MatMul(a, ops.Dense(h.Q[from*h.Dim:to*h.Dim], n, h.Dim), ops.Dense(h.K[:to*h.Dim], to, h.Dim).T(), false)
	heaviest := make([]int, n)
	for i := range n {
		row, seen := a.Row(i), from+i+1
		for j := seen; j < to; j++ {
			row[j] = float32(math.Inf(-1))
		}
		heaviest[i] = m.best(from+i, row[:seen])
	}
	m.kernels.Softmax(m.scratch[:n*to], to, h.scale())
	for i := range n {
		// The heaviest weight is exp(0) over the sum.
		m.sum[from+i] = 1 / a.Row(i)[heaviest[i]]
		out := dst[i*t : (i+1)*t]
		clear(out[copy(out, a.Row(i)):])
		clear(out[:min(m.skip, t)])
	}
}

// best keeps the largest score of row t and says where it is.
func (m *Map) best(t int, scores []float32) int {
	at := 0
	for j, s := range scores {
		if s > scores[at] {
			at = j
		}
	}
	m.top[t], m.known[t] = scores[at], true
	return at
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
	at := m.best(t, row)
	m.kernels.Softmax(row, t+1, h.scale())
	m.sum[t] = 1 / row[at]
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
