package main

import (
	"fmt"
	"strings"
)

// blockFormat is a format of package quant.
type blockFormat struct {
	name          string // that the kernels carry
	values, bytes int    // of a block

	// read hands the block at w to use, four values at a time: vector k has those from 4k
	// on. Vectors of the same lanes come in order. It returns the lines of all of it.
	read func(use use) string
}

// use makes a line of vector k.
type use func(k int, value string) string

// blockFormats lists them.
var blockFormats = []blockFormat{
	{"q8_0", 32, 34, readQ8_0},
	{"q4_0", 32, 18, readQ4_0},
	{"q4_1", 32, 20, readQ4_1},
	{"q4_k", 256, 144, readQ4K},
	{"q6_k", 256, 210, readQ6K},
}

// blocks are the kernels of every format: products and values.
func blocks() string {
	var out strings.Builder
	for _, f := range blockFormats {
		out.WriteString(f.widen())
	}
	for _, f := range wholeFormats {
		out.WriteString(f.product())
	}
	return out.String()
}

// blockLocals declares the local variables that reading a block uses.
var blockLocals = locals("v128", "q", "scale", "less", "high") + " " + locals("i32", "h") + " " + locals("f32", "d", "dmin")

// widen: dst of the values of n, a multiple of the block's.
func (f blockFormat) widen() string {
	return function("widen_"+f.name, "(param $dst i32) (param $w i32) (param $n i32) "+blockLocals,
		loop("values", "n", f.values, f.read(func(k int, value string) string { return store("dst", 16*k, value) }),
			advance("w", i32(f.bytes)), advance("dst", i32(4*f.values))))
}

// half sets name to the binary16 number at offset of w: what is no number and what is
// infinite keep the exponent of such, the others are scaled, which is exact.
func half(name string, offset int) string {
	return strings.Join([]string{
		set("h", fmt.Sprintf("(i32.load16_u offset=%d (local.get $w))", offset)),
		set(name, "(f32.reinterpret_i32 (i32.shl (i32.and (local.get $h) (i32.const 0x7fff)) (i32.const 13)))"),
		set(name, fmt.Sprintf(`(select (f32.reinterpret_i32 (i32.or (i32.reinterpret_f32 %s) (i32.const 0x70000000)))
(f32.mul %s (f32.const 0x1p112))
(i32.eq (i32.and (local.get $h) (i32.const 0x7c00)) (i32.const 0x7c00)))`, get(name), get(name))),
		set(name, fmt.Sprintf("(f32.copysign %s (f32.reinterpret_i32 (i32.shl (local.get $h) (i32.const 16))))", get(name))),
	}, "\n")
}

// spread sets every lane of a vector to a number.
func spread(name, number string) string { return set(name, op("f32x4.splat", number)) }

// eight hands the eight numbers of 16 bits to use, as float32 and finished, as vectors k and
// k+1.
func eight(k int, numbers string, finish func(v string) string, use use) []string {
	var out []string
	for i, part := range []string{"low", "high"} {
		out = append(out, use(k+i, finish(op("f32x4.convert_i32x4_s", "(i32x4.extend_"+part+"_i16x8_s "+numbers+")"))))
	}
	return out
}

// bytes8 is eight bytes at offset of w as numbers of 16 bits.
func bytes8(sign string, offset int) string {
	return fmt.Sprintf("(v128.load8x8_%s offset=%d (local.get $w))", sign, offset)
}

// words is n in every 16 bits.
func words(n int) string {
	return "(v128.const i16x8 " + strings.Repeat(fmt.Sprint(n, " "), 8) + ")"
}

// nibbles are the low or the high halves of the bytes in q.
func nibbles(low bool) string {
	if low {
		return op("v128.and", "q", words(15))
	}
	return op("i16x8.shr_u", "q", i32(4))
}

func readQ8_0(use use) string {
	lines := []string{half("d", 0), spread("scale", "d")}
	for k := 0; k < 8; k += 2 {
		lines = append(lines, set("q", bytes8("s", 2+4*k)))
		lines = append(lines, eight(k, get("q"), func(v string) string { return op("f32x4.mul", v, "scale") }, use)...)
	}
	return strings.Join(lines, "\n")
}

func readQ4_0(use use) string {
	return strings.Join(append([]string{half("d", 0), spread("scale", "d")},
		halves(2, func(v string) string { return op("f32x4.mul", op("f32x4.sub", v, splat(8)), "scale") }, use)...), "\n")
}

func readQ4_1(use use) string {
	return strings.Join(append([]string{half("d", 0), spread("scale", "d"), half("dmin", 2), spread("less", "dmin")},
		halves(4, func(v string) string { return op("f32x4.add", op("f32x4.mul", v, "scale"), "less") }, use)...), "\n")
}

// halves are 16 bytes at offset of w, whose low halves are the first 16 numbers.
func halves(offset int, finish func(v string) string, use use) []string {
	var lines []string
	for k := 0; k < 4; k += 2 {
		lines = append(lines, set("q", bytes8("u", offset+4*k)))
		lines = append(lines, eight(k, nibbles(true), finish, use)...)
		lines = append(lines, eight(k+4, nibbles(false), finish, use)...)
	}
	return lines
}

// superScales are the scale and the minimum, of six bits, of a part of a block of Q4_K.
func superScales(part int) (scale, least string) {
	byteAt := func(i int) string { return fmt.Sprintf("(i32.load8_u offset=%d (local.get $w))", 4+i) }
	// six is a number whose low bits are those of byte i, or else of four bits of byte i+4
	// and the top two of byte i−4, or i for minima.
	six := func(part, first, shift int) string {
		if part < 4 {
			return op("i32.and", byteAt(first+part), i32(63))
		}
		low := byteAt(4 + part)
		if shift > 0 {
			low = op("i32.shr_u", low, i32(shift))
		}
		return op("i32.or", op("i32.and", low, i32(15)), op("i32.shl", op("i32.shr_u", byteAt(first+part-4), i32(6)), i32(4)))
	}
	return op("f32.convert_i32_s", six(part, 0, 0)), op("f32.convert_i32_s", six(part, 4, 4))
}

// readQ4K reads parts of 32 values, with scales and minima.
func readQ4K(use use) string {
	lines := []string{half("d", 0), half("dmin", 2)}
	for part := range 8 {
		scale, least := superScales(part)
		lines = append(lines, spread("scale", op("f32.mul", "d", scale)), spread("less", op("f32.mul", "dmin", least)))
		for k := 0; k < 8; k += 2 {
			lines = append(lines, set("q", bytes8("u", 16+part/2*32+4*k)))
			lines = append(lines, eight(8*part+k, nibbles(part%2 == 0), func(v string) string {
				return op("f32x4.sub", op("f32x4.mul", v, "scale"), "less")
			}, use)...)
		}
	}
	return strings.Join(lines, "\n")
}

// readQ6K reads groups of 16 values, with a signed scale each.
func readQ6K(use use) string {
	lines := []string{half("d", 208)}
	for g := range 16 {
		lines = append(lines, spread("scale", op("f32.mul", "d", fmt.Sprintf("(f32.convert_i32_s (i32.load8_s offset=%d (local.get $w)))", 192+g))))
		for k := 0; k < 4; k += 2 {
			lines = append(lines, sixBits(g, 4*k))
			lines = append(lines, eight(4*g+k, get("q"), func(v string) string { return op("f32x4.mul", v, "scale") }, use)...)
		}
	}
	return strings.Join(lines, "\n")
}

// sixBits sets q to eight numbers, from the one at on, of group g of 16 of a block of Q6_K.
func sixBits(g, at int) string {
	half, turn := g/8, g/2%4 // of the block, and of its four times 32 values
	at += g % 2 * 16
	top := op("i16x8.shl", "high", i32(4-2*turn))
	if turn > 2 {
		top = op("i16x8.shr_u", "high", i32(2*turn-4))
	}
	return strings.Join([]string{
		set("q", bytes8("u", 64*half+turn%2*32+at)), set("high", bytes8("u", 128+32*half+at)),
		set("q", op("i16x8.sub", op("v128.or", nibbles(turn < 2), op("v128.and", top, words(0x30))), words(32))),
	}, "\n")
}
