package safetensors

import (
	"fmt"
	"math"
)

// DType names the element type of a tensor as the format spells it.
type DType string

// The element types of the format. C64 is a pair of F32.
const (
	Bool   DType = "BOOL"
	U8     DType = "U8"
	I8     DType = "I8"
	F8E5M2 DType = "F8_E5M2"
	F8E4M3 DType = "F8_E4M3"
	F8E8M0 DType = "F8_E8M0"
	I16    DType = "I16"
	U16    DType = "U16"
	F16    DType = "F16"
	BF16   DType = "BF16"
	I32    DType = "I32"
	U32    DType = "U32"
	F32    DType = "F32"
	C64    DType = "C64"
	F64    DType = "F64"
	I64    DType = "I64"
	U64    DType = "U64"
)

// Size is the number of bytes of one element, or zero for an unknown type.
func (d DType) Size() int {
	switch d {
	case Bool, U8, I8, F8E5M2, F8E4M3, F8E8M0:
		return 1
	case I16, U16, F16, BF16:
		return 2
	case I32, U32, F32:
		return 4
	case C64, F64, I64, U64:
		return 8
	}
	return 0
}

// Bytes is the number of bytes of a tensor of the given type and shape.
func Bytes(d DType, shape []int) (int, error) {
	n := d.Size()
	if n == 0 {
		return 0, fmt.Errorf("unknown dtype %q", string(d))
	}
	// A zero anywhere makes the product zero, however large the others are.
	for _, s := range shape {
		if s < 0 {
			return 0, fmt.Errorf("shape %v has a negative size", shape)
		}
		if s == 0 {
			return 0, nil
		}
	}
	for _, s := range shape {
		if n > math.MaxInt/s {
			return 0, fmt.Errorf("shape %v overflows the address space", shape)
		}
		n *= s
	}
	return n, nil
}
