package quant

import "encoding/binary"

// Blocks of 32 values with one scale d, and in some a minimum m, both binary16. Low
// halves of the bytes are the first 16 values, high ones the others. A product is rounded
// before something is added to it, on every processor.

// widenQ4_0 is d·(q − 8): d, 16 bytes of two q.
func widenQ4_0(dst []float32, b []byte) {
	d := half(b)
	for j, q := range b[2:18] {
		dst[j] = d * float32(int(q&15)-8)
		dst[j+16] = d * float32(int(q>>4)-8)
	}
}

// widenQ4_1 is d·q + m: d, m, 16 bytes of two q.
func widenQ4_1(dst []float32, b []byte) {
	d, m := half(b), half(b[2:])
	for j, q := range b[4:20] {
		dst[j] = float32(d*float32(q&15)) + m
		dst[j+16] = float32(d*float32(q>>4)) + m
	}
}

// widenQ5_0 is d·(q − 16): d, 32 bits that are the fifth of each q, 16 bytes of two q.
func widenQ5_0(dst []float32, b []byte) {
	d, high := half(b), binary.LittleEndian.Uint32(b[2:])
	for j, q := range b[6:22] {
		dst[j] = d * float32(int(q&15)+fifth(high, j)-16)
		dst[j+16] = d * float32(int(q>>4)+fifth(high, j+16)-16)
	}
}

// widenQ5_1 is d·q + m: d, m, then as widenQ5_0.
func widenQ5_1(dst []float32, b []byte) {
	d, m, high := half(b), half(b[2:]), binary.LittleEndian.Uint32(b[4:])
	for j, q := range b[8:24] {
		dst[j] = float32(d*float32(int(q&15)+fifth(high, j))) + m
		dst[j+16] = float32(d*float32(int(q>>4)+fifth(high, j+16))) + m
	}
}

// fifth is bit j of high as the fifth bit of a number.
func fifth(high uint32, j int) int { return int(high>>j&1) << 4 }

// widenQ8_0 is d·q: d, 32 signed bytes.
func widenQ8_0(dst []float32, b []byte) {
	d := half(b)
	for j, q := range b[2:34] {
		dst[j] = d * float32(int8(q))
	}
}

// steps4 are the values of the non-linear formats of four bits.
var steps4 = [16]float32{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}

// widenIQ4NL is d·steps4[q]: d, 16 bytes of two q.
func widenIQ4NL(dst []float32, b []byte) {
	nonlinear(dst, b[2:18], half(b))
}

// nonlinear widens 16 bytes of two indices each of steps4.
func nonlinear(dst []float32, q []byte, d float32) {
	for j, q := range q {
		dst[j] = d * steps4[q&15]
		dst[j+16] = d * steps4[q>>4]
	}
}
