package model

import (
	"fmt"
	"math"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
	"kvscope/engine/ops/quant"
)

// Matrix is a weight matrix [Rows, Cols] in one of its forms: float32, bfloat16,
// whole numbers of 8 bits with a scale for each row, so that element (r, c) is
// Scale[r]·Int8[r, c], or blocks of a format. Decoding a token reads every weight once
// and takes as long as that, so a matrix is computed with in the form it is stored in.
type Matrix struct {
	Rows, Cols int

	F32    []float32
	BF16   []uint16
	Int8   []int8
	Scale  []float32 // [Rows], of Int8
	Blocks []byte
	Format *quant.Format // of Blocks

	// Delta of an adapter, nil without: what is computed is that of the elements plus
	// B·A. A matrix may have it and no elements, which are zero then.
	Delta *LowRank
}

// Empty reports whether there is no matrix.
func (w *Matrix) Empty() bool { return w.Rows == 0 }

// hollow reports whether w is its delta and nothing else.
func (w *Matrix) hollow() bool {
	return w.Delta != nil && w.F32 == nil && w.BF16 == nil && w.Int8 == nil && w.Blocks == nil
}

// isFloat32 reports whether w is kept in float32.
func (w *Matrix) isFloat32() bool { return w.F32 != nil }

// check holds the matrix called name to its shape.
func (w *Matrix) check(name string, shape []int) error {
	n, scales := len(w.F32), 0
	switch {
	case w.hollow():
		n = size(shape)
	case w.BF16 != nil:
		n = len(w.BF16)
	case w.Int8 != nil:
		n, scales = len(w.Int8), w.Rows
	case w.Blocks != nil:
		n = len(w.Blocks) / w.Format.Bytes * w.Format.Len
	}
	if w.Rows != shape[0] || w.Cols != shape[1] || n != size(shape) || len(w.Scale) != scales {
		return fmt.Errorf("model: %s is %dx%d and holds %d values and %d scales, its shape %v wants %d and %d",
			name, w.Rows, w.Cols, n, len(w.Scale), shape, size(shape), scales)
	}
	return nil
}

// bytes is the size of w without its delta.
func (w *Matrix) bytes() int {
	return 4*len(w.F32) + 2*len(w.BF16) + len(w.Int8) + 4*len(w.Scale) + len(w.Blocks)
}

// rows is the part [lo, hi) of w, without its delta.
func (w *Matrix) rows(lo, hi int) Matrix {
	out := Matrix{Rows: hi - lo, Cols: w.Cols}
	switch {
	case w.BF16 != nil:
		out.BF16 = w.BF16[lo*w.Cols : hi*w.Cols]
	case w.Int8 != nil:
		out.Int8, out.Scale = w.Int8[lo*w.Cols:hi*w.Cols], w.Scale[lo:hi]
	case w.Blocks != nil:
		row := w.Format.Size(w.Cols)
		out.Blocks, out.Format = w.Blocks[lo*row:hi*row], w.Format
	default:
		out.F32 = w.F32[lo*w.Cols : hi*w.Cols]
	}
	return out
}

// column is the matrix of one column that x is.
func column(x []float32) *Matrix { return &Matrix{Rows: len(x), Cols: 1, F32: x} }

// reordered is a copy of w, in its form, whose row r is row from(r) of w, as with its delta.
func (w *Matrix) reordered(from func(r int) int) Matrix {
	out := Matrix{Rows: w.Rows, Cols: w.Cols, Format: w.Format}
	if w.Delta != nil {
		out.Delta = &LowRank{A: w.Delta.A, B: w.Delta.B.reordered(from)}
	}
	for r := range w.Rows {
		row := w.rows(from(r), from(r)+1)
		out.F32, out.BF16 = append(out.F32, row.F32...), append(out.BF16, row.BF16...)
		out.Int8, out.Scale = append(out.Int8, row.Int8...), append(out.Scale, row.Scale...)
		out.Blocks = append(out.Blocks, row.Blocks...)
	}
	return out
}

// Dequantize writes the elements to dst as float32, without the delta.
func (w *Matrix) Dequantize(dst []float32) {
	copy(dst, w.F32)
	for i, v := range w.BF16 {
		dst[i] = ops.Bfloat(v)
	}
	for i, v := range w.Int8 {
		dst[i] = w.Scale[i/w.Cols] * float32(v)
	}
	if w.Blocks != nil {
		w.Format.Dequantize(dst[:w.Rows*w.Cols], w.Blocks)
	}
}

// DequantizeRow writes row r to dst, as float32.
func (w *Matrix) DequantizeRow(dst []float32, r int) {
	row := w.rows(r, r+1)
	row.Dequantize(dst)
}

// scaleSuffix names the tensor of the scales beside an I8 matrix: F32, one a row.
const scaleSuffix = "_scale"

// Tensors are w as a checkpoint holds it: as it is, or where it is in a form that
// checkpoints have no name for, or in float32, as encode makes it.
func (w *Matrix) tensors(name string, encode func(name string, shape []int, x []float32) checkpoint.Tensor) []checkpoint.Tensor {
	shape := []int{w.Rows, w.Cols}
	if w.Int8 != nil {
		return []checkpoint.Tensor{
			checkpoint.NewI8(name, shape, w.Int8),
			checkpoint.NewF32(name+scaleSuffix, []int{w.Rows, 1}, w.Scale),
		}
	}
	wide := w.F32
	if wide == nil {
		wide = make([]float32, w.Rows*w.Cols)
		w.Dequantize(wide)
	}
	if w.BF16 != nil {
		return []checkpoint.Tensor{checkpoint.NewBF16(name, shape, wide)}
	}
	return []checkpoint.Tensor{encode(name, shape, wide)}
}

// Compress returns the weights of a model of shape c with every matrix in the given
// form, F32, BF16 or I8, rounded to nearest even, and no rows paired.
func (w *Weights) Compress(c Config, form checkpoint.DType) (*Weights, error) {
	if form != checkpoint.F32 && form != checkpoint.BF16 && form != checkpoint.I8 {
		return nil, fmt.Errorf("compress to %s, want F32, BF16 or I8", form)
	}
	small := &Weights{Layers: make([]Layer, c.Layers)}
	from := w.Unpaired(c).tensors(c)
	for i, to := range small.tensors(c) {
		if to.vector != nil {
			*to.vector = *from[i].vector
			continue
		}
		m := from[i].matrix
		if m.Empty() {
			return nil, fmt.Errorf("compress %s: it is missing", to.own)
		}
		if m.Delta != nil {
			return nil, fmt.Errorf("compress %s: an adapter lies over it, want the model without", to.own)
		}
		wide := make([]float32, m.Rows*m.Cols)
		m.Dequantize(wide)
		*to.matrix = compress(wide, m.Rows, form)
	}
	small.tie(c)
	return small, nil
}

// compress rounds a matrix of so many rows to a form.
func compress(x []float32, rows int, form checkpoint.DType) Matrix {
	m := Matrix{Rows: rows, Cols: len(x) / rows}
	if form == checkpoint.F32 {
		m.F32 = x
		return m
	}
	if form == checkpoint.BF16 {
		t := checkpoint.NewBF16("", []int{len(x)}, x)
		m.BF16 = checkpoint.View[uint16](t)
		return m
	}
	m.Int8, m.Scale = roundToInt8(x, rows)
	return m
}

// roundToInt8 gives each row the scale that takes its largest element to 127.
func roundToInt8(x []float32, rows int) (whole []int8, scale []float32) {
	whole, scale = make([]int8, len(x)), make([]float32, rows)
	cols := len(x) / rows
	for r := range rows {
		row, top := x[r*cols:(r+1)*cols], 0.0
		for _, v := range row {
			top = max(top, math.Abs(float64(v)))
		}
		scale[r] = float32(top / 127)
		if scale[r] == 0 {
			continue
		}
		for c, v := range row {
			whole[r*cols+c] = int8(max(-127, min(127, math.RoundToEven(float64(v)/float64(scale[r])))))
		}
	}
	return whole, scale
}
