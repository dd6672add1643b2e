package simd

import (
	_ "embed"
	"syscall/js"
	"unsafe"

	"kvscope/engine/ops"
)

//go:generate sh -c "GOOS= GOARCH= go run ./_generate | wat2wasm -o kernels.wasm -"
//go:generate sh -c "GOOS= GOARCH= go run ./_generate -fused | wat2wasm --enable-relaxed-simd -o fused.wasm -"

//go:embed kernels.wasm
var module []byte

//go:embed fused.wasm
var fusedModule []byte

// The kernels, as _generate has them.

//go:wasmimport kvscope tile_fused
//go:noescape
func tileFused(dst unsafe.Pointer, stride uint32, a unsafe.Pointer, across, along uint32, b unsafe.Pointer, depth, rows, add uint32)

//go:wasmimport kvscope tile
//go:noescape
func tile(dst unsafe.Pointer, stride uint32, a unsafe.Pointer, across, along uint32, b unsafe.Pointer, depth, rows, add uint32)

//go:wasmimport kvscope transpose
//go:noescape
func transpose(dst, src unsafe.Pointer, stride, depth uint32)

//go:wasmimport kvscope columns
//go:noescape
func columns(dst, src unsafe.Pointer, stride, depth uint32)

//go:wasmimport kvscope dots
//go:noescape
func dots(dst, q, rows unsafe.Pointer, n, d uint32)

//go:wasmimport kvscope bounds
//go:noescape
func bounds(dst, q, lo, hi unsafe.Pointer, n, d uint32)

//go:wasmimport kvscope weigh
//go:noescape
func weigh(dst, w, rows unsafe.Pointer, n, d uint32)

//go:wasmimport kvscope step
//go:noescape
func step(row unsafe.Pointer, count uint32, scale float32, state unsafe.Pointer) float32

//go:wasmimport kvscope sigmoid
//go:noescape
func sigmoid(dst, src unsafe.Pointer, count uint32)

//go:wasmimport kvscope silu
//go:noescape
func silu(dst, src unsafe.Pointer, count uint32)

//go:wasmimport kvscope gelu
//go:noescape
func gelu(dst, src unsafe.Pointer, count uint32)

//go:wasmimport kvscope dots_q8_0
//go:noescape
func dotsQ8_0(dst, w, x unsafe.Pointer, n, d uint32)

//go:wasmimport kvscope widen_q8_0
//go:noescape
func widenQ8_0(dst, w unsafe.Pointer, n uint32)

//go:wasmimport kvscope dots_q4_0
//go:noescape
func dotsQ4_0(dst, w, x unsafe.Pointer, n, d uint32)

//go:wasmimport kvscope widen_q4_0
//go:noescape
func widenQ4_0(dst, w unsafe.Pointer, n uint32)

//go:wasmimport kvscope dots_q4_1
//go:noescape
func dotsQ4_1(dst, w, x unsafe.Pointer, n, d uint32)

//go:wasmimport kvscope widen_q4_1
//go:noescape
func widenQ4_1(dst, w unsafe.Pointer, n uint32)

//go:wasmimport kvscope dots_q4_k
//go:noescape
func dotsQ4K(dst, w, x unsafe.Pointer, n, d uint32)

//go:wasmimport kvscope widen_q4_k
//go:noescape
func widenQ4K(dst, w unsafe.Pointer, n uint32)

//go:wasmimport kvscope dots_q6_k
//go:noescape
func dotsQ6K(dst, w, x unsafe.Pointer, n, d uint32)

//go:wasmimport kvscope widen_q6_k
//go:noescape
func widenQ6K(dst, w unsafe.Pointer, n uint32)

// Best is the fastest table that the browser has.
func Best() *ops.Kernels { return Tables()[0] }

// Tables are all that the browser has, the fastest first: that of relaxed vector instructions,
// whose products of matrices may be fused, that of vector instructions, and the plain one.
func Tables() []*ops.Kernels {
	plain := ops.Reference()
	if !link(module) {
		return []*ops.Kernels{plain}
	}
	tables := []*ops.Kernels{newTable("wasm-simd", table{plain: plain}), plain}
	if link(fusedModule) {
		tables = append([]*ops.Kernels{newTable("wasm-relaxed-simd", table{plain: plain, fused: true})}, tables...)
	}
	return tables
}

// link makes the kernels of a module those that the program imports, and reports whether the
// browser has its instructions.
func link(module []byte) bool {
	bytes := js.Global().Get("Uint8Array").New(len(module))
	js.CopyBytesToJS(bytes, module)
	return js.Global().Call("kvscopeKernels", bytes).Bool()
}

// newTable names every kernel, so that a new one is wired here or chosen to stay the plain one.
func newTable(name string, working table) *ops.Kernels {
	t, plain := &working, working.plain
	return &ops.Kernels{
		Name:                 name,
		MatMul:               t.matMul,
		MatVec:               t.matVec,
		MatVecBF16:           plain.MatVecBF16,
		MatVecInt8:           plain.MatVecInt8,
		Add:                  plain.Add,
		RMSNorm:              plain.RMSNorm,
		RMSNormBackward:      plain.RMSNormBackward,
		Softmax:              t.softmax,
		SoftmaxBackward:      plain.SoftmaxBackward,
		Sigmoid:              onVectors("Sigmoid", sigmoid, plain.Sigmoid),
		SiLU:                 onVectors("SiLU", silu, plain.SiLU),
		GELU:                 onVectors("GELU", gelu, plain.GELU),
		GELUBackward:         plain.GELUBackward,
		RoPE:                 plain.RoPE,
		MemoryScan:           plain.MemoryScan,
		MemoryScanBackward:   plain.MemoryScanBackward,
		MinMax:               plain.MinMax,
		BoundScores:          t.boundScores,
		DotRows:              t.dotRows,
		KthLargest:           plain.KthLargest,
		Attend:               t.attend,
		AttendCausal:         t.attendCausal,
		AttendCausalBackward: plain.AttendCausalBackward,
		AdamW:                plain.AdamW,
		Blocks: map[string]ops.BlockKernels{
			"Q8_0": blockKernels("Q8_0", dotsQ8_0, widenQ8_0),
			"Q4_0": blockKernels("Q4_0", dotsQ4_0, widenQ4_0),
			"Q4_1": blockKernels("Q4_1", dotsQ4_1, widenQ4_1),
			"Q4_K": blockKernels("Q4_K", dotsQ4K, widenQ4K),
			"Q6_K": blockKernels("Q6_K", dotsQ6K, widenQ6K),
		},
	}
}

// table holds the working memory of the kernels: a program in WebAssembly has one thread,
// and no kernel lets another goroutine run.
type table struct {
	plain  *ops.Kernels
	fused  bool                          // tiles are tileFused
	panels []float32                     // of a product's second operand
	edge   [blockRows * tileCols]float32 // columns of a product that do not lie as a kernel writes them
	row    []float32                     // of scores, filled up to whole groups
	scores []float32                     // [queryTile, keyTile]
}

// group is how many values sums go through at a time.
const group = 16

// at is where x begins.
func at(x []float32) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(x)) }

// room is n values of held, or of a longer one in its place.
func room(held *[]float32, n int) []float32 {
	if len(*held) < n {
		*held = make([]float32, n)
	}
	return (*held)[:n]
}

// onVectors is a kernel that leaves what is not a whole vector to the plain one.
func onVectors(name string, kernel func(dst, src unsafe.Pointer, count uint32), rest func(dst, x []float32)) func(dst, x []float32) {
	return func(dst, x []float32) {
		ops.CheckSame(name, len(dst), len(x))
		whole := len(x) &^ 3
		kernel(at(dst), at(x), uint32(whole))
		rest(dst[whole:], x[whole:])
	}
}
