// Command generate prints the kernels of package simd in WebAssembly's text format, those that
// every browser with vector instructions has, or by -fused the one that needs the relaxed ones:
//
//	go run ./_generate | wat2wasm -o kernels.wasm -
//	go run ./_generate -fused | wat2wasm --enable-relaxed-simd -o fused.wasm -
package main

import (
	"flag"
	"fmt"
	"math"
	"strconv"
	"strings"
)

func main() {
	fused := flag.Bool("fused", false, "print the kernel of relaxed vector instructions")
	flag.Parse()
	kernels := []func() string{tile, transpose, columns, dots, weigh, bounds, step, sigmoid, silu, gelu, blocks}
	if *fused {
		kernels = []func() string{fusedTile}
	}
	fmt.Println(`(module
(import "env" "memory" (memory 1))`)
	for _, kernel := range kernels {
		fmt.Print(kernel())
	}
	fmt.Println(")")
}

// function is an exported function whose body is made of lines.
func function(name, head string, body ...string) string {
	return fmt.Sprintf("(func (export %q) %s\n%s\n)\n", name, head, strings.Join(body, "\n"))
}

func set(name, value string) string { return fmt.Sprintf("(local.set $%s %s)", name, value) }

func get(name string) string { return "(local.get $" + name + ")" }

// op is an instruction of operands; names stand for locals.
func op(name string, operands ...string) string {
	for i, o := range operands {
		if !strings.HasPrefix(o, "(") {
			operands[i] = get(o)
		}
	}
	return "(" + name + " " + strings.Join(operands, " ") + ")"
}

func i32(n int) string { return fmt.Sprintf("(i32.const %d)", n) }

// splat is a vector constant of float32 numbers.
func splat(v float32) string {
	s := strconv.FormatFloat(float64(v), 'g', -1, 32)
	return "(v128.const f32x4 " + strings.Repeat(s+" ", 4) + ")"
}

func load(at string, offset int) string {
	return fmt.Sprintf("(v128.load offset=%d %s)", offset, get(at))
}

func store(at string, offset int, value string) string {
	return fmt.Sprintf("(v128.store offset=%d %s %s)", offset, get(at), value)
}

// advance adds bytes to a pointer.
func advance(name string, by string) string { return set(name, op("i32.add", name, by)) }

// loop repeats its body and then takes step from a counter while anything is left of it;
// it is passed over when nothing is at first.
func loop(label, counter string, step int, body ...string) string {
	return fmt.Sprintf("(block $%s_end (br_if $%s_end (i32.eqz %s)) (loop $%s\n%s\n(br_if $%s (local.tee $%s (i32.sub %s %s)))))",
		label, label, get(counter), label, strings.Join(body, "\n"), label, counter, get(counter), i32(step))
}

func locals(kind string, names ...string) string {
	var out []string
	for _, n := range names {
		out = append(out, fmt.Sprintf("(local $%s %s)", n, kind))
	}
	return strings.Join(out, " ")
}

// Tiles are tileRows by two vectors: their sums, a row of b, a value of a and products fit into
// the sixteen registers of amd64, of which a browser keeps one for itself.
const tileRows = 4

// tile is a product of tiles whose products are rounded before they are added.
func tile() string {
	return tileOf("tile", func(sum, x, b string) string { return op("f32x4.add", sum, op("f32x4.mul", x, b)) })
}

// fusedTile is tile with products that are added whole where the processor can.
func fusedTile() string {
	return tileOf("tile_fused", func(sum, x, b string) string { return op("f32x4.relaxed_madd", x, b, sum) })
}

// tileOf: dst [rows, 8] = a · b, or += with add, for rows of a that are across bytes apart
// and its columns along, and b packed [depth][8], tile by tile. Every sum is one chain in the
// order of depth.
func tileOf(name string, multiplyAdd func(sum, x, b string) string) string {
	var sums, offsets, stores []string
	body := []string{set("at", get("a")), set("panel", get("b")), set("k", get("depth"))}
	steps := []string{set("b0", load("panel", 0)), set("b1", load("panel", 16))}
	for r := range tileRows {
		offset := fmt.Sprintf("o%d", r)
		offsets = append(offsets, offset)
		// Rows that are not there are computed as the last one, and not stored.
		body = append(body, set(offset, op("i32.mul", "across", op("select", i32(r), op("i32.sub", "rows", i32(1)), op("i32.lt_u", i32(r), "rows")))))
		steps = append(steps, set("x", op("v128.load32_splat", op("i32.add", "at", offset))))
		for c := range 2 {
			sum := fmt.Sprintf("s%d%d", r, c)
			sums = append(sums, sum)
			body = append(body, set(sum, splat(0)))
			steps = append(steps, set(sum, multiplyAdd(sum, "x", fmt.Sprintf("b%d", c))))
			stores = append(stores, fmt.Sprintf("(if (local.get $add) (then %s))", set(sum, op("f32x4.add", load("dst", 16*c), sum))), store("dst", 16*c, get(sum)))
		}
		stores = append(stores, fmt.Sprintf("(br_if $done %s)", op("i32.eq", "rows", i32(r+1))), advance("dst", "stride"))
	}
	steps = append(steps, advance("at", "along"), advance("panel", i32(32)))
	body = append(body, loop("depths", "k", 1, steps...))
	body = append(body, stores...)
	body = append(body, set("rows", op("i32.sub", "rows", i32(tileRows))), advance("a", op("i32.mul", "across", i32(tileRows))), "(br $tiles)")
	head := "(param $dst i32) (param $stride i32) (param $a i32) (param $across i32) (param $along i32) (param $b i32) (param $depth i32) (param $rows i32) (param $add i32) "
	return function(name, head+locals("v128", sums...)+locals("i32", append(offsets, "at", "panel", "k")...)+locals("v128", "b0", "b1", "x"),
		"(block $done (loop $tiles", strings.Join(body, "\n"), "))")
}

// transpose: dst [depth][8] of 8 rows of src, stride bytes apart; depth is a multiple of 4.
func transpose() string {
	var body, rows []string
	for half := range 2 {
		for r := range 4 {
			name := fmt.Sprintf("r%d", r)
			body = append(body, set(name, op("v128.load", "at")), advance("at", "stride"))
			if half == 0 {
				rows = append(rows, name)
			}
		}
		pair := func(a, b, lanes string) string { return fmt.Sprintf("(i8x16.shuffle %s %s %s)", lanes, get(a), get(b)) }
		const low, high = "0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23", "8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31"
		const first, second = "0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23", "8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31"
		body = append(body, set("t0", pair("r0", "r1", low)), set("t1", pair("r2", "r3", low)), set("t2", pair("r0", "r1", high)), set("t3", pair("r2", "r3", high)))
		for k, v := range []string{pair("t0", "t1", first), pair("t0", "t1", second), pair("t2", "t3", first), pair("t2", "t3", second)} {
			body = append(body, store("dst", 32*k+16*half, v))
		}
	}
	body = append([]string{set("at", get("src"))}, body...)
	body = append(body, advance("src", i32(16)), advance("dst", i32(128)))
	return function("transpose", "(param $dst i32) (param $src i32) (param $stride i32) (param $depth i32) (local $at i32) "+locals("v128", append(rows, "t0", "t1", "t2", "t3")...),
		loop("steps", "depth", 4, body...))
}

// columns: dst [depth][8] of 8 columns side by side, whose rows are stride bytes apart.
func columns() string {
	return function("columns", "(param $dst i32) (param $src i32) (param $stride i32) (param $depth i32)",
		loop("steps", "depth", 1, store("dst", 0, load("src", 0)), store("dst", 16, load("src", 16)), advance("src", "stride"), advance("dst", i32(32))))
}

var lanes = []string{"s0", "s1", "s2", "s3"}

// fold is the sum of the sixteen lanes in s0 to s3, folded in halves.
func fold() string {
	return strings.Join([]string{
		set("s0", op("f32x4.add", op("f32x4.add", "s0", "s2"), op("f32x4.add", "s1", "s3"))),
		foldFour(),
	}, "\n")
}

// foldFour is the sum of the four lanes in s0, folded in halves.
func foldFour() string {
	const half, pair = "8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7", "4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11"
	return strings.Join([]string{
		set("s0", op("f32x4.add", "s0", fmt.Sprintf("(i8x16.shuffle %s %s %s)", half, get("s0"), get("s0")))),
		set("s0", op("f32x4.add", "s0", fmt.Sprintf("(i8x16.shuffle %s %s %s)", pair, get("s0"), get("s0")))),
	}, "\n")
}

// nothing clears the lanes.
func nothing() string {
	var out []string
	for _, s := range lanes {
		out = append(out, set(s, splat(0)))
	}
	return strings.Join(out, "\n")
}

// reduce is a kernel that adds up term over the columns of n rows of d, a multiple of 16.
// Operands begin at the same place in q, again for every row, and go on in the others.
func reduce(name string, operands []string, term func(c int) string) string {
	body := []string{set("x", get("q")), set("k", get("d")), nothing()}
	var steps []string
	for c, s := range lanes {
		steps = append(steps, set(s, op("f32x4.add", s, term(16*c))))
	}
	steps = append(steps, advance("x", i32(64)))
	params := ""
	for _, o := range operands {
		steps = append(steps, advance(o, i32(64)))
		params += fmt.Sprintf("(param $%s i32) ", o)
	}
	body = append(body, loop("columns", "k", 16, steps...), fold(),
		"(f32.store (local.get $dst) (f32x4.extract_lane 0 (local.get $s0)))", advance("dst", i32(4)))
	return function(name, "(param $dst i32) (param $q i32) "+params+"(param $n i32) (param $d i32) "+locals("i32", "x", "k")+locals("v128", lanes...), loop("rows", "n", 1, body...))
}

// dots: dst[i] = q · rows[i].
func dots() string {
	return reduce("dots", []string{"rows"}, func(c int) string { return op("f32x4.mul", load("x", c), load("rows", c)) })
}

// bounds: dst[i] = Σ max(q∘lo[i], q∘hi[i]).
func bounds() string {
	return reduce("bounds", []string{"lo", "hi"}, func(c int) string {
		return op("f32x4.pmax", op("f32x4.mul", load("x", c), load("hi", c)), op("f32x4.mul", load("x", c), load("lo", c)))
	})
}

// weigh: dst [d] += Σ_j w[j]·rows[j], in the order of j; d is a multiple of 16.
func weigh() string {
	var first, steps, last []string
	for c, s := range lanes {
		first = append(first, set(s, load("dst", 16*c)))
		steps = append(steps, set(s, op("f32x4.add", s, op("f32x4.mul", "x", load("at", 16*c)))))
		last = append(last, store("dst", 16*c, get(s)))
	}
	first = append(first, set("at", get("rows")), set("weight", get("w")), set("j", get("n")))
	steps = append([]string{set("x", op("v128.load32_splat", "weight"))}, steps...)
	steps = append(steps, advance("at", "stride"), advance("weight", i32(4)))
	body := append(first, loop("rows", "j", 1, steps...))
	body = append(body, append(last, advance("dst", i32(64)), advance("rows", i32(64)))...)
	return function("weigh", "(param $dst i32) (param $w i32) (param $rows i32) (param $n i32) (param $d i32) "+locals("i32", "at", "weight", "j", "stride")+locals("v128", append(lanes, "x")...),
		set("stride", op("i32.mul", "d", i32(4))), loop("columns", "d", 16, body...))
}

// exp sets y to e^x for the vector x <= 0, as ops has it.
func exp() string {
	const shift = 3 << 22
	lines := []string{
		set("t", op("f32x4.add", op("f32x4.mul", "x", splat(math.Log2E)), splat(shift))),
		set("n", op("f32x4.sub", "t", splat(shift))),
		set("r", op("f32x4.sub", "x", op("f32x4.mul", "n", splat(0.693359375)))),
		set("r", op("f32x4.sub", "r", op("f32x4.mul", "n", splat(-2.12194440e-4)))),
		set("y", splat(0.0013814570847898722)),
	}
	for _, c := range []float32{0.008368730545043945, 0.04166838899254799, 0.1666652113199234, 0.4999999403953552} {
		lines = append(lines, set("y", op("f32x4.add", op("f32x4.mul", "y", "r"), splat(c))))
	}
	lines = append(lines,
		set("y", op("f32x4.add", op("f32x4.mul", "y", op("f32x4.mul", "r", "r")), "r")),
		set("y", op("f32x4.add", "y", splat(1))),
		set("y", op("f32x4.mul", "y", op("i32x4.add", op("i32x4.shl", "t", i32(23)), splat(1)))),
		set("y", op("v128.andnot", "y", op("f32x4.lt", "x", splat(-87.336544)))))
	return strings.Join(lines, "\n")
}

var expLocals = []string{"x", "y", "t", "n", "r"}

// step is ops.SoftmaxStep of a row of count scores, a multiple of 16, with top and total
// in state.
func step() string {
	const half, pair = "8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7", "4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11"
	shuffled := func(lanes string) string {
		return fmt.Sprintf("(i8x16.shuffle %s %s %s)", lanes, get("peak"), get("peak"))
	}
	var steps []string
	for c, s := range lanes {
		steps = append(steps, set("x", op("f32x4.sub", op("f32x4.mul", load("at", 16*c), "by"), "peak")), exp(), store("at", 16*c, get("y")), set(s, op("f32x4.add", s, "y")))
	}
	return function("step", "(param $row i32) (param $count i32) (param $scale f32) (param $state i32) (result f32) "+locals("i32", "at", "k")+locals("v128", append(append(expLocals, lanes...), "by", "peak", "old")...),
		set("by", op("f32x4.splat", "scale")), set("old", op("v128.load32_splat", "state")), set("peak", get("old")),
		set("at", get("row")), set("k", get("count")),
		loop("peaks", "k", 4, set("peak", op("f32x4.pmax", "peak", op("f32x4.mul", load("at", 0), "by"))), advance("at", i32(16))),
		set("peak", op("f32x4.pmax", "peak", shuffled(half))), set("peak", op("f32x4.pmax", "peak", shuffled(pair))),
		nothing(), set("at", get("row")), set("k", get("count")),
		loop("exps", "k", 16, append(steps, advance("at", i32(64)))...),
		fold(), set("x", op("f32x4.sub", "old", "peak")), exp(),
		"(f32.store (local.get $state) (f32x4.extract_lane 0 (local.get $peak)))",
		"(f32.store offset=4 (local.get $state) (f32.add (f32.mul (f32.load offset=4 (local.get $state)) (f32x4.extract_lane 0 (local.get $y))) (f32x4.extract_lane 0 (local.get $s0))))",
		"(f32x4.extract_lane 0 (local.get $y))")
}

// each is a kernel of one vector at a time: dst = y of v = x; count is a multiple of 4.
func each(name string, more []string, body ...string) string {
	return function(name, "(param $dst i32) (param $src i32) (param $count i32) "+locals("v128", append(append(expLocals, "v"), more...)...),
		loop("values", "count", 4, append(append([]string{set("v", load("src", 0))}, body...), store("dst", 0, get("y")), advance("src", i32(16)), advance("dst", i32(16)))...))
}

// bySign chooses negative where the sign of v is set, else positive.
func bySign(negative, positive string) string {
	return op("v128.bitselect", negative, positive, op("i32x4.shr_s", "v", i32(31)))
}

func logistic() string {
	return strings.Join([]string{
		set("x", op("f32x4.neg", op("f32x4.abs", "v"))), exp(),
		set("y", op("f32x4.div", bySign("y", splat(1)), op("f32x4.add", splat(1), "y"))),
	}, "\n")
}

func sigmoid() string { return each("sigmoid", nil, logistic()) }

func silu() string { return each("silu", nil, logistic(), set("y", op("f32x4.mul", "v", "y"))) }

// gelu is v·Φ(v), Φ as ops has it.
func gelu() string {
	body := []string{
		set("z", op("f32x4.abs", "v")), set("x", op("f32x4.mul", splat(-0.5), op("f32x4.mul", "z", "z"))), exp(),
		set("r", op("f32x4.div", splat(1), op("f32x4.add", splat(1), op("f32x4.mul", splat(0.2316), "z")))),
		set("t", op("f32x4.add", op("f32x4.mul", splat(-0.0709983819), "r"), splat(0.250310092))),
	}
	for _, c := range []float32{-0.206237432, 0.229570043, 0.0111762744, 0.103390453, 0.0902743376, 0.0925146672} {
		body = append(body, set("t", op("f32x4.add", op("f32x4.mul", "t", "r"), splat(c))))
	}
	body = append(body,
		set("t", op("f32x4.mul", op("f32x4.mul", "t", "r"), "y")),
		set("y", op("f32x4.mul", "v", bySign("t", op("f32x4.sub", splat(1), "t")))))
	return each("gelu", []string{"z"}, body...)
}
