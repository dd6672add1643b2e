package quant

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Format is a way to store values in blocks of equal length.
type Format struct {
	Name  string // as GGUF and safetensors spell it
	Len   int    // values in a block
	Bytes int    // bytes in a block

	widen func(dst []float32, block []byte)
	part  func(dst *Part, block []byte, p int)
}

// formats lists the known formats in the order that messages have.
var formats = []*Format{
	{"F16", 1, 2, func(dst []float32, b []byte) { dst[0] = half(b) }, nil},
	{"BF16", 1, 2, func(dst []float32, b []byte) {
		dst[0] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16)
	}, nil},
	{"Q8_0", 32, 34, widenQ8_0, partQ8_0},
	{"Q4_0", 32, 18, widenQ4_0, partQ4_0},
	{"Q4_1", 32, 20, widenQ4_1, partQ4_1},
	{"Q5_0", 32, 22, widenQ5_0, nil},
	{"Q5_1", 32, 24, widenQ5_1, nil},
	{"IQ4_NL", 32, 18, widenIQ4NL, nil},
	{"Q2_K", superLen, 84, widenQ2K, nil},
	{"Q3_K", superLen, 110, widenQ3K, nil},
	{"Q4_K", superLen, 144, widenQ4K, partQ4K},
	{"Q5_K", superLen, 176, widenQ5K, nil},
	{"Q6_K", superLen, 210, widenQ6K, partQ6K},
	{"IQ4_XS", superLen, 136, widenIQ4XS, nil},
}

// ByName is the format of that name, nil when there is none.
func ByName(name string) *Format {
	for _, f := range formats {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// Names lists the formats.
func Names() []string {
	var out []string
	for _, f := range formats {
		out = append(out, f.Name)
	}
	return out
}

// Size is the number of bytes of n values, which must fill whole blocks.
func (f *Format) Size(n int) int {
	if n%f.Len != 0 {
		panic(fmt.Sprintf("quant: %d values of %s, whose blocks hold %d", n, f.Name, f.Len))
	}
	return n / f.Len * f.Bytes
}

// Dequantize writes the values of the blocks in src to dst, len(src) being
// Size(len(dst)).
func (f *Format) Dequantize(dst []float32, src []byte) {
	if f.Size(len(dst)) != len(src) {
		panic(fmt.Sprintf("quant: %d values from %d bytes of %s", len(dst), len(src), f.Name))
	}
	for ; len(dst) > 0; dst, src = dst[f.Len:], src[f.Bytes:] {
		f.widen(dst[:f.Len], src[:f.Bytes])
	}
}

// half reads a little-endian IEEE 754 binary16 value; every value is exact.
func half(b []byte) float32 {
	h := binary.LittleEndian.Uint16(b)
	sign, exp, frac := uint32(h&0x8000)<<16, uint32(h>>10)&0x1f, uint32(h&0x3ff)
	switch exp {
	case 0: // zero or subnormal: frac · 2^-24
		return math.Float32frombits(sign | math.Float32bits(float32(frac)*0x1p-24))
	case 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
}
