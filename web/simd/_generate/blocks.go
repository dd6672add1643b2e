package main

import (
	"fmt"
	"strings"
)

// blockFormat is a format of package quant of 32 values a block, of so many bytes, of which
// some come before the numbers.
type blockFormat struct {
	name          string
	bytes, before int
	nibbles       bool // two numbers a byte, of which the low halves come first
	less          float32
	least         bool // a binary16 number after the scale is added to each value
}

// blockFormats lists them by the names that the kernels carry.
var blockFormats = []blockFormat{
	{name: "q8_0", bytes: 34, before: 2},
	{name: "q4_0", bytes: 18, before: 2, nibbles: true, less: 8},
	{name: "q4_1", bytes: 20, before: 4, nibbles: true, least: true},
}

// blocks are the kernels of every format: products and values.
func blocks() string {
	var out strings.Builder
	for _, f := range blockFormats {
		out.WriteString(f.product())
		out.WriteString(f.widen())
	}
	return out.String()
}

// halfLocals declares the local variables that half uses.
const halfLocals = "(local $h i32) (local $f f32) "

// half sets every lane of name to the binary16 number at offset of w: what is no number and
// what is infinite keep the exponent of such, the others are scaled, which is exact.
func half(name string, offset int) string {
	return strings.Join([]string{
		set("h", fmt.Sprintf("(i32.load16_u offset=%d (local.get $w))", offset)),
		set("f", "(f32.reinterpret_i32 (i32.shl (i32.and (local.get $h) (i32.const 0x7fff)) (i32.const 13)))"),
		set("f", `(select (f32.reinterpret_i32 (i32.or (i32.reinterpret_f32 (local.get $f)) (i32.const 0x70000000)))
(f32.mul (local.get $f) (f32.const 0x1p112))
(i32.eq (i32.and (local.get $h) (i32.const 0x7c00)) (i32.const 0x7c00)))`),
		set(name, "(f32x4.splat (f32.copysign (local.get $f) (f32.reinterpret_i32 (i32.shl (local.get $h) (i32.const 16)))))"),
	}, "\n")
}

// read hands the block at w to use, four values at a time: vector k has those from 4k on.
// Vectors of the same lanes come in order.
func (f blockFormat) read(use func(k int, value string) string) string {
	lines := []string{half("scale", 0)}
	if f.least {
		lines = append(lines, half("m", 2))
	}
	value := func(k int, half, numbers string) string {
		v := op("f32x4.convert_i32x4_s", "(i32x4.extend_"+half+"_i16x8_s "+numbers+")")
		if f.less != 0 {
			v = op("f32x4.sub", v, splat(f.less))
		}
		if v = op("f32x4.mul", v, "scale"); f.least {
			v = op("f32x4.add", v, "m")
		}
		return use(k, v)
	}
	eight := func(k int, numbers string) {
		lines = append(lines, value(k, "low", numbers), value(k+1, "high", numbers))
	}
	if !f.nibbles {
		for k := 0; k < 8; k += 2 {
			lines = append(lines, set("q", fmt.Sprintf("(v128.load8x8_s offset=%d (local.get $w))", f.before+4*k)))
			eight(k, get("q"))
		}
		return strings.Join(lines, "\n")
	}
	for k := 0; k < 4; k += 2 {
		lines = append(lines, set("q", fmt.Sprintf("(v128.load8x8_u offset=%d (local.get $w))", f.before+4*k)))
		eight(k, "(v128.and (local.get $q) (v128.const i16x8 "+strings.Repeat("15 ", 8)+"))")
		eight(k+4, "(i16x8.shr_u (local.get $q) (i32.const 4))")
	}
	return strings.Join(lines, "\n")
}

// product: dst[i] = rows[i] · x for n rows of d values, a multiple of 32.
func (f blockFormat) product() string {
	add := f.read(func(k int, value string) string {
		s := lanes[k%4]
		return set(s, op("f32x4.add", s, op("f32x4.mul", load("at", 16*k), value)))
	})
	return function("dots_"+f.name, "(param $dst i32) (param $w i32) (param $x i32) (param $n i32) (param $d i32) "+
		locals("i32", "at", "k")+locals("v128", append(lanes, "q", "m", "scale")...)+halfLocals,
		loop("rows", "n", 1, set("at", get("x")), set("k", get("d")), nothing(),
			loop("columns", "k", 32, add, advance("w", i32(f.bytes)), advance("at", i32(128))),
			fold(), "(f32.store (local.get $dst) (f32x4.extract_lane 0 (local.get $s0)))", advance("dst", i32(4))))
}

// widen: dst of the values of n, a multiple of 32.
func (f blockFormat) widen() string {
	return function("widen_"+f.name, "(param $dst i32) (param $w i32) (param $n i32) "+locals("v128", "q", "m", "scale")+halfLocals,
		loop("values", "n", 32, f.read(func(k int, value string) string { return store("dst", 16*k, value) }),
			advance("w", i32(f.bytes)), advance("dst", i32(128))))
}
