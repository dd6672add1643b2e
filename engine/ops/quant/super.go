package quant

import "encoding/binary"

// Blocks of 256 values in parts of 16 or 32, whose scales, and in some minima, are whole
// numbers times a binary16 d, and dmin.

// superLen is the number of values in a block.
const superLen = 256

// widenQ2K is d·s·q − dmin·m of parts of 16: 16 bytes of s and, in the high half, m; 64
// bytes of four q; d, dmin.
func widenQ2K(dst []float32, b []byte) {
	d, dmin := half(b[80:]), half(b[82:])
	twoBits(b[16:80], func(at, part int, q []byte, shift int) {
		scale, low := d*float32(b[part]&15), dmin*float32(b[part]>>4)
		for l, v := range q {
			dst[at+l] = float32(scale*float32(v>>shift&3)) - low
		}
	})
}

// twoBits visits the 16 parts of a block whose values are two bits each: where a part
// begins, the bytes it lies in, and by how much they are to be shifted.
func twoBits(q []byte, visit func(at, part int, q []byte, shift int)) {
	for part := range 16 {
		// Eight parts share 32 bytes, two at a time.
		from := part/8*32 + part%2*16
		visit(16*part, part, q[from:from+16], part%8/2*2)
	}
}

// widenQ3K is d·(s − 32)·(q − 4), the third bit of q being apart: 32 bytes of those bits,
// 64 bytes of four q, 12 bytes of 16 s, d.
func widenQ3K(dst []float32, b []byte) {
	d, high, s := half(b[108:]), b[:32], b[96:108]
	twoBits(b[32:96], func(at, part int, q []byte, shift int) {
		low := s[part%8] >> (part / 8 * 4) & 15
		top := s[8+part%4] >> (part / 4 * 2) & 3
		scale := d * float32(int(low|top<<4)-32)
		third := part / 2 // whose bit of high, of the byte at the same place of 32
		for l, v := range q {
			dst[at+l] = scale * float32(int(v>>shift&3)+int(high[part%2*16+l]>>third&1)<<2-4)
		}
	})
}

// scaleMin is scale and minimum of part j of eight, six bits each, of 12 bytes: four
// scales, four minima, and the low halves of the others, whose high bits are on top of
// the first.
func scaleMin(s []byte, j int) (scale, low float32) {
	if j < 4 {
		return float32(s[j] & 63), float32(s[j+4] & 63)
	}
	return float32(s[j+4]&15 | s[j-4]>>6<<4), float32(s[j+4]>>4 | s[j]>>6<<4)
}

// widenQ4K is d·s·q − dmin·m of parts of 32: d, dmin, 12 bytes of s and m, 128 bytes of
// two q, whose halves are parts that follow each other.
func widenQ4K(dst []float32, b []byte) {
	d, dmin := half(b), half(b[2:])
	for j := range 8 {
		s, m := scaleMin(b[4:16], j)
		scale, low := d*s, dmin*m
		for l, v := range b[16+j/2*32:][:32] {
			dst[32*j+l] = float32(scale*float32(v>>(j%2*4)&15)) - low
		}
	}
}

// widenQ5K is as widenQ4K with 32 bytes of fifth bits before the q, one bit a part.
func widenQ5K(dst []float32, b []byte) {
	d, dmin, high := half(b), half(b[2:]), b[16:48]
	for j := range 8 {
		s, m := scaleMin(b[4:16], j)
		scale, low := d*s, dmin*m
		for l, v := range b[48+j/2*32:][:32] {
			dst[32*j+l] = float32(scale*float32(v>>(j%2*4)&15|high[l]>>j&1<<4)) - low
		}
	}
}

// widenQ6K is d·s·(q − 32) of parts of 16: 128 bytes of low halves of q, 64 bytes of two
// more bits each, 16 signed s, d.
func widenQ6K(dst []float32, b []byte) {
	d, scales := half(b[208:]), b[192:208]
	for j := range 8 { // of 32 values, two parts
		for l := range 32 {
			dst[32*j+l] = d * float32(int8(scales[2*j+l/16])) * float32(sixBits(b, j, l))
		}
	}
}

// sixBits is q − 32 of value l of part j of 32 values of a block of Q6_K.
func sixBits(b []byte, j, l int) int16 {
	low, high := b[j/4*64+j%2*32+l], b[128+j/4*32+l]
	return int16(low>>(j%4/2*4)&15|high>>(j%4*2)&3<<4) - 32
}

// widenIQ4XS is d·(s − 32)·steps4[q] of parts of 32: d, 16 bits of two high bits of each
// s, 4 bytes of their low halves, 128 bytes of two q.
func widenIQ4XS(dst []float32, b []byte) {
	d, top := half(b), binary.LittleEndian.Uint16(b[2:])
	for j := range 8 {
		s := int(b[4+j/2]>>(j%2*4)&15) | int(top>>(2*j)&3)<<4
		nonlinear(dst[32*j:], b[8+16*j:][:16], d*float32(s-32))
	}
}
