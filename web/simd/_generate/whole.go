package main

import (
	"fmt"
	"strings"
)

// An ops.RoundedPart: scale, sum, and of as many values the whole numbers and the rests.
const (
	part      = 32
	sumAt     = 4
	wholeAt   = 32
	restAt    = wholeAt + 2*part
	partBytes = restAt + 2*part
)

// wholeFormat is a format of package quant whose values are whole numbers times a scale, and
// in some plus a minimum, one of each for a part.
type wholeFormat struct {
	name         string // that the kernel carries
	parts, bytes int    // of a block
	least, fine  bool   // has minima; takes the rests of activations too

	// open reads what a block has once, scale what part p has: its scale to a and its minimum
	// to b. words sets q to eight of its whole numbers, from the one at on.
	open  string
	scale func(p int) string
	words func(p, at int) string
}

var wholeFormats = []wholeFormat{
	{"q8_0", 1, 34, false, false, half("a", 0), nothingMore, func(_, at int) string { return set("q", bytes8("s", 2+at)) }},
	{"q4_0", 1, 18, false, false, half("a", 0), nothingMore, func(_, at int) string {
		return nibbleWords(2, at) + set("q", op("i16x8.sub", "q", words(8)))
	}},
	{"q4_1", 1, 20, true, false, half("a", 0) + half("b", 2), nothingMore, func(_, at int) string { return nibbleWords(4, at) }},
	{"q4_k", 8, 144, true, true, half("d", 0) + half("dmin", 2),
		func(p int) string {
			scale, least := superScales(p)
			return set("a", op("f32.mul", "d", scale)) + set("b", op("f32.neg", op("f32.mul", "dmin", least)))
		},
		func(p, at int) string { return set("q", bytes8("u", 16+p/2*32+at)) + set("q", nibbles(p%2 == 0)) },
	},
	{"q6_k", 8, 210, false, true, half("a", 208), nothingMore, sixBitWords},
}

func nothingMore(int) string { return "" }

// nibbleWords sets q to eight numbers of 16 bytes at offset of w, whose low halves come first.
func nibbleWords(offset, at int) string {
	return set("q", bytes8("u", offset+at%16)) + set("q", nibbles(at < 16))
}

// sixBitWords sets q to eight values of a block of Q6_K, times their scale. What is made of
// 16 bytes at once, and their scale, serves two calls.
func sixBitWords(p, at int) string {
	half, turn, g := p/4, p%4, 2*p+at/16 // of the block; of its four times 32 values; of 16 values
	if at%16 > 0 {
		return set("q", op("i16x8.mul", "(i16x8.extend_high_i8x16_s (local.get $bytes))", "own"))
	}
	bytesOf := func(n int) string { return fmt.Sprintf("(v128.const i8x16%s)", strings.Repeat(fmt.Sprint(" ", n), 16)) }
	low, high := load("w", 64*half+turn%2*32+at), load("w", 128+32*half+at)
	if turn >= 2 {
		low = op("i16x8.shr_u", low, i32(4))
	}
	switch shift := 4 - 2*turn; {
	case shift > 0:
		high = op("i16x8.shl", high, i32(shift))
	case shift < 0:
		high = op("i16x8.shr_u", high, i32(-shift))
	}
	return set("bytes", op("i8x16.sub", op("v128.or", op("v128.and", low, bytesOf(15)), op("v128.and", high, bytesOf(0x30))), bytesOf(32))) +
		set("own", fmt.Sprintf("(i16x8.splat (i32.load8_s offset=%d (local.get $w)))", 192+g)) +
		set("q", op("i16x8.mul", "(i16x8.extend_low_i8x16_s (local.get $bytes))", "own"))
}

// product: dst[i] = rows[i] · x for n rows of blocks whose values are cols together, x being
// parts of activations. Lanes of s0 and s1 are those that ops.BlockKernels names.
func (f wholeFormat) product() string {
	lines := []string{f.open}
	for p := range f.parts {
		x := partBytes * p
		lines = append(lines, f.scale(p), spread("factor", op("f32.mul", "a", loadF32("at", x))))
		for i := range 4 {
			lines = append(lines, f.words(p, 8*i))
			lines = append(lines, addDot("i", i, x+wholeAt))
			if f.fine {
				lines = append(lines, addDot("r", i, x+restAt))
			}
		}
		for i := range 2 {
			sum := op("f32x4.convert_i32x4_s", fmt.Sprintf("i%d", i))
			if f.fine {
				rest := op("f32x4.convert_i32x4_s", fmt.Sprintf("r%d", i))
				sum = op("f32x4.add", sum, op("f32x4.mul", rest, splat(1.0/(1<<15))))
			}
			s := lanes[i]
			lines = append(lines, set(s, op("f32x4.add", s, op("f32x4.mul", sum, "factor"))))
		}
		if f.least {
			lines = append(lines, set("less", op("f32.add", "less", op("f32.mul", "b", loadF32("at", x+sumAt)))))
		}
	}
	lines = append(lines, advance("w", i32(f.bytes)), advance("at", i32(partBytes*f.parts)))
	sum := "(f32x4.extract_lane 0 (local.get $s0))"
	if f.least {
		sum = op("f32.add", sum, "less")
	}
	return function("dots_"+f.name, "(param $dst i32) (param $w i32) (param $x i32) (param $n i32) (param $cols i32) "+
		locals("i32", "at", "k", "h")+" "+locals("v128", append(lanes, "q", "bytes", "own", "factor", "i0", "i1", "r0", "r1")...)+" "+locals("f32", "a", "b", "d", "dmin", "less"),
		loop("rows", "n", 1, set("at", get("x")), set("k", get("cols")), nothing(), set("less", "(f32.const 0)"),
			loop("columns", "k", f.parts*part, lines...),
			set("s0", op("f32x4.add", "s0", "s1")), foldFour(), "(f32.store (local.get $dst) "+sum+")", advance("dst", i32(4))))
}

// addDot adds to the sums of that name, of vector i of four, the products of q and the numbers at
// offset of the activations: vectors 0 and 2 make the first four sums, the others the last.
func addDot(name string, i, offset int) string {
	sum := fmt.Sprintf("%s%d", name, i%2)
	value := op("i32x4.dot_i16x8_s", "q", load("at", offset+16*i))
	if i >= 2 {
		value = op("i32x4.add", sum, value)
	}
	return set(sum, value)
}

func loadF32(at string, offset int) string {
	return fmt.Sprintf("(f32.load offset=%d %s)", offset, get(at))
}
