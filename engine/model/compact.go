package model

import (
	"encoding/binary"
	"fmt"
	"math"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
)

// Compact is a matrix [outputs, inputs] kept in fewer bits than float32: in
// bfloat16, or in whole numbers of 8 bits with a scale for each row, so that element
// (r, c) is Scale[r]·Int8[r, c]. Decoding a token reads every weight once, and takes
// as long as that.
type Compact struct {
	BF16  []uint16
	Int8  []int8
	Scale []float32 // [outputs], of Int8
}

// Widen writes the elements to dst as float32, in rows of the given number of
// inputs.
func (m Compact) Widen(dst []float32, inputs int) {
	for i, v := range m.BF16 {
		dst[i] = ops.Bfloat(v)
	}
	for i, v := range m.Int8 {
		dst[i] = m.Scale[i/inputs] * float32(v)
	}
}

// scaleSuffix names the tensor of the scales beside an I8 matrix: F32, one a row.
const scaleSuffix = "_scale"

// LoadCompact is Load with the matrices that f holds as BF16, or as I8 with scales,
// left as they are: a model that New makes of them computes from that form.
func LoadCompact(f *checkpoint.File) (Config, *Weights, error) {
	c, err := ReadConfig(f, "")
	if err != nil {
		return c, nil, fmt.Errorf("model config: %w", err)
	}
	w := &Weights{Layers: make([]Layer, c.Layers), Compact: map[string]Compact{}}
	var failed error
	w.each(c, func(name string, shape []int, data *[]float32) {
		if failed != nil {
			return
		}
		t, err := f.Tensor(name)
		if err == nil && len(shape) == 2 && (t.DType == checkpoint.BF16 || t.DType == checkpoint.I8) {
			w.Compact[name], err = readCompact(f, t, shape)
		} else if err == nil {
			*data, err = f.Float32(name, shape...)
		}
		failed = err
	})
	if c.Tied {
		w.Head = w.Embedding
	}
	return c, w, failed
}

// readCompact takes the elements of t and, of an I8 matrix, its scales.
func readCompact(f *checkpoint.File, t checkpoint.Tensor, shape []int) (Compact, error) {
	if len(t.Shape) != 2 || t.Shape[0] != shape[0] || t.Shape[1] != shape[1] {
		return Compact{}, fmt.Errorf("tensor %q has shape %v, want %v", t.Name, t.Shape, shape)
	}
	if t.DType == checkpoint.BF16 {
		return Compact{BF16: bfloats(t)}, nil
	}
	m := Compact{Int8: make([]int8, t.Len())}
	for i, b := range t.Data {
		m.Int8[i] = int8(b)
	}
	scale, err := f.Float32(t.Name + scaleSuffix)
	if err == nil && len(scale) != shape[0] {
		err = fmt.Errorf("tensor %q has %d scales, want %d, one for each row of %q", t.Name+scaleSuffix, len(scale), shape[0], t.Name)
	}
	m.Scale = scale
	return m, err
}

func bfloats(t checkpoint.Tensor) []uint16 {
	out := make([]uint16, t.Len())
	for i := range out {
		out[i] = binary.LittleEndian.Uint16(t.Data[2*i:])
	}
	return out
}

// Compress returns the weights of a model of shape c with every matrix in the given
// form, BF16 or I8, rounded to nearest even.
func (w *Weights) Compress(c Config, form checkpoint.DType) (*Weights, error) {
	if form != checkpoint.BF16 && form != checkpoint.I8 {
		return nil, fmt.Errorf("compress to %s, want BF16 or I8", form)
	}
	small := &Weights{Layers: make([]Layer, c.Layers), Compact: map[string]Compact{}}
	source := map[string][]float32{}
	for _, p := range w.Params(c) {
		if !p.IsMatrix() {
			source[p.Name] = p.Data
			continue
		}
		if len(p.Data) != p.Len() {
			return nil, fmt.Errorf("compress %s: %d values in float32, want %d", p.Name, len(p.Data), p.Len())
		}
		if form == checkpoint.BF16 {
			small.Compact[p.Name] = Compact{BF16: bfloats(checkpoint.NewBF16(p.Name, p.Shape, p.Data))}
		} else {
			small.Compact[p.Name] = roundToInt8(p.Data, p.Shape[0])
		}
	}
	small.each(c, func(name string, _ []int, data *[]float32) { *data = source[name] })
	return small, nil
}

// roundToInt8 gives each row the scale that takes its largest element to 127.
func roundToInt8(x []float32, rows int) Compact {
	m, inputs := Compact{Int8: make([]int8, len(x)), Scale: make([]float32, rows)}, len(x)/rows
	for r := range rows {
		row, top := x[r*inputs:(r+1)*inputs], 0.0
		for _, v := range row {
			top = max(top, math.Abs(float64(v)))
		}
		m.Scale[r] = float32(top / 127)
		if m.Scale[r] == 0 {
			continue
		}
		for c, v := range row {
			m.Int8[r*inputs+c] = int8(max(-127, min(127, math.RoundToEven(float64(v)/float64(m.Scale[r])))))
		}
	}
	return m
}

// tensors are m as a checkpoint holds it.
func (m Compact) tensors(name string, shape []int) []checkpoint.Tensor {
	if m.Int8 != nil {
		return []checkpoint.Tensor{
			checkpoint.NewI8(name, shape, m.Int8),
			checkpoint.NewF32(name+scaleSuffix, []int{shape[0], 1}, m.Scale),
		}
	}
	wide := make([]float32, len(m.BF16))
	m.Widen(wide, shape[1])
	return []checkpoint.Tensor{checkpoint.NewBF16(name, shape, wide)}
}
