package checkpoint

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"

	"kvscope/engine/checkpoint/safetensors"
	"kvscope/engine/ops/quant"
)

// Tensor is a named array: Data holds the elements of Shape, row-major, each
// little-endian. The Data of a tensor read from a File is the file's own memory:
// it must not be written to, and ends with File.Close.
type Tensor struct {
	Name  string
	DType DType
	Shape []int
	Data  []byte
}

// Len is the number of elements, the product of Shape.
func (t Tensor) Len() int {
	if block := quant.ByName(string(t.DType)); block != nil {
		return len(t.Data) / block.Bytes * block.Len
	}
	return len(t.Data) / max(t.DType.Size(), 1)
}

// Float32 is a copy of the elements of an F32, F64, F16 or BF16 tensor, or one in
// blocks. F64 is rounded to nearest even.
func (t Tensor) Float32() ([]float32, error) {
	out := make([]float32, t.Len())
	switch t.DType {
	case F32:
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Data[4*i:]))
		}
	case F64:
		for i := range out {
			out[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(t.Data[8*i:])))
		}
	case F16:
		for i := range out {
			out[i] = halfToFloat(binary.LittleEndian.Uint16(t.Data[2*i:]))
		}
	case BF16:
		for i := range out {
			out[i] = bfloatToFloat(binary.LittleEndian.Uint16(t.Data[2*i:]))
		}
	default:
		block := quant.ByName(string(t.DType))
		if block == nil {
			return nil, fmt.Errorf("tensor %q is %s, want F32, F64, F16 or BF16%s", t.Name, t.DType, instead(t.DType))
		}
		block.Dequantize(out, t.Data)
	}
	return out, nil
}

// Int64 is a copy of the elements of a tensor of any integer type. A U64 above
// the range of int64 is an error.
func (t Tensor) Int64() ([]int64, error) {
	out := make([]int64, t.Len())
	for i := range out {
		switch t.DType {
		case Bool, U8:
			out[i] = int64(t.Data[i])
		case I8:
			out[i] = int64(int8(t.Data[i]))
		case U16:
			out[i] = int64(binary.LittleEndian.Uint16(t.Data[2*i:]))
		case I16:
			out[i] = int64(int16(binary.LittleEndian.Uint16(t.Data[2*i:])))
		case U32:
			out[i] = int64(binary.LittleEndian.Uint32(t.Data[4*i:]))
		case I32:
			out[i] = int64(int32(binary.LittleEndian.Uint32(t.Data[4*i:])))
		case I64:
			out[i] = int64(binary.LittleEndian.Uint64(t.Data[8*i:]))
		case U64:
			v := binary.LittleEndian.Uint64(t.Data[8*i:])
			if v > math.MaxInt64 {
				return nil, fmt.Errorf("tensor %q holds %d, which is above the range of int64", t.Name, v)
			}
			out[i] = int64(v)
		default:
			return nil, fmt.Errorf("tensor %q is %s, want an integer type", t.Name, t.DType)
		}
	}
	return out, nil
}

// Text is a tensor of one element as text: a number in full, true or false.
func (t Tensor) Text() (string, error) {
	switch {
	case t.Len() != 1:
		return "", fmt.Errorf("tensor %q has shape %v, want one element", t.Name, t.Shape)
	case t.DType == Bool:
		return strconv.FormatBool(t.Data[0] != 0), nil
	case t.DType == U64:
		return strconv.FormatUint(binary.LittleEndian.Uint64(t.Data), 10), nil
	case t.DType == F64:
		return floatText(math.Float64frombits(binary.LittleEndian.Uint64(t.Data)), 64), nil
	}
	if n, err := t.Int64(); err == nil {
		return strconv.FormatInt(n[0], 10), nil
	}
	x, err := t.Float32()
	if err != nil {
		return "", err
	}
	return floatText(float64(x[0]), 32), nil
}

// floatText writes x as people do, with an exponent only where there were more zeros than
// anyone counts.
func floatText(x float64, bits int) string {
	if size := math.Abs(x); size != 0 && (size < 1e-15 || size >= 1e15) {
		return strconv.FormatFloat(x, 'g', -1, bits)
	}
	return strconv.FormatFloat(x, 'f', -1, bits)
}

// Uint8 is a copy of the elements of a U8 or BOOL tensor.
func (t Tensor) Uint8() ([]uint8, error) {
	if t.DType != U8 && t.DType != Bool {
		return nil, fmt.Errorf("tensor %q is %s, want U8 or BOOL", t.Name, t.DType)
	}
	return slices.Clone(t.Data), nil
}

// NewF32 is a tensor of x stored exactly.
func NewF32(name string, shape []int, x []float32) Tensor {
	t := newTensor(name, F32, shape, len(x))
	for i, v := range x {
		binary.LittleEndian.PutUint32(t.Data[4*i:], math.Float32bits(v))
	}
	return t
}

// NewF16 is a tensor of x rounded to binary16, ties to even.
func NewF16(name string, shape []int, x []float32) Tensor {
	t := newTensor(name, F16, shape, len(x))
	for i, v := range x {
		binary.LittleEndian.PutUint16(t.Data[2*i:], floatToHalf(v))
	}
	return t
}

// NewBF16 is a tensor of x rounded to bfloat16, ties to even.
func NewBF16(name string, shape []int, x []float32) Tensor {
	t := newTensor(name, BF16, shape, len(x))
	for i, v := range x {
		binary.LittleEndian.PutUint16(t.Data[2*i:], floatToBfloat(v))
	}
	return t
}

// NewU8 is a tensor holding a copy of x.
func NewU8(name string, shape []int, x []uint8) Tensor {
	t := newTensor(name, U8, shape, len(x))
	copy(t.Data, x)
	return t
}

// NewI8 is a tensor holding a copy of x.
func NewI8(name string, shape []int, x []int8) Tensor {
	t := newTensor(name, I8, shape, len(x))
	for i, v := range x {
		t.Data[i] = byte(v)
	}
	return t
}

// NewI64 is a tensor holding a copy of x.
func NewI64(name string, shape []int, x []int64) Tensor {
	t := newTensor(name, I64, shape, len(x))
	for i, v := range x {
		binary.LittleEndian.PutUint64(t.Data[8*i:], uint64(v))
	}
	return t
}

func newTensor(name string, d DType, shape []int, n int) Tensor {
	size, err := safetensors.Bytes(d, shape)
	if err != nil || size != n*d.Size() {
		panic(fmt.Sprintf("checkpoint: %d values for tensor %q of shape %v", n, name, shape))
	}
	return Tensor{Name: name, DType: d, Shape: slices.Clone(shape), Data: make([]byte, size)}
}
