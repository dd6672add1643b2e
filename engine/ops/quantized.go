package ops

import (
	"fmt"
	"math"
)

// Bfloat widens a bfloat16 value, the upper half of a float32.
func Bfloat(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

func matVecBF16(dst []float32, w []uint16, x []float32, tokens int) {
	rows, cols := CheckQuantized("MatVecBF16", len(dst), len(w), len(x), tokens)
	for t := range tokens {
		for r := range rows {
			dst[t*rows+r] = dotDequantized(w[r*cols:][:cols], x[t*cols:][:cols], Bfloat)
		}
	}
}

func matVecInt8(dst []float32, w []int8, scale, x []float32, tokens int) {
	rows, cols := CheckQuantized("MatVecInt8", len(dst), len(w), len(x), tokens)
	CheckSame("MatVecInt8 scale and rows", len(scale), rows)
	for t := range tokens {
		for r := range rows {
			dst[t*rows+r] = dotDequantized(w[r*cols:][:cols], x[t*cols:][:cols], func(v int8) float32 { return float32(v) }) * scale[r]
		}
	}
}

// dotDequantized is dot with the first operand widened as it is read.
func dotDequantized[T uint16 | int8](w []T, x []float32, widen func(T) float32) float32 {
	var s [16]float32
	w = w[:len(x)]
	for len(x) >= 16 {
		a, b := (*[16]T)(w), (*[16]float32)(x)
		for l := range 16 {
			s[l] += float32(widen(a[l]) * b[l])
		}
		w, x = w[16:], x[16:]
	}
	for l := range x {
		s[l] += float32(widen(w[l]) * x[l])
	}
	return fold(&s)
}

// CheckQuantized panics unless dst [tokens, M], w [M, K] and x [tokens, K] fit
// together, given by their lengths; it returns M and K.
func CheckQuantized(kernel string, dst, w, x, tokens int) (rows, cols int) {
	if tokens > 0 && dst%tokens == 0 && x%tokens == 0 && dst/tokens*(x/tokens) == w {
		return dst / tokens, x / tokens
	}
	panic(fmt.Sprintf("ops: %s of %d values for %d weights and %d inputs, %d tokens", kernel, dst, w, x, tokens))
}
