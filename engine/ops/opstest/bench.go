package opstest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"kvscope/engine/ops"
	"kvscope/engine/ops/quant"
)

// measured is one kernel at one size. run does it once on the table; work is
// what it takes, in unit.
type measured struct {
	name string
	work float64
	unit string // "FLOP" or "B"
	run  func(k *ops.Kernels)
}

// Bench measures every kernel at sizes a model meets, the tables in turn for each
// size so that they share the machine's mood. It reports GFLOP/s for products
// and GB/s of operands for the rest.
func Bench(b *testing.B, tables ...*ops.Kernels) {
	var all []measured
	all = append(all, benchMatMul()...)
	all = append(all, benchRows()...)
	all = append(all, benchBlocks()...)
	all = append(all, benchElements()...)
	all = append(all, benchMemory()...)
	all = append(all, benchAttend()...)
	all = append(all, benchCausal()...)
	for _, m := range all {
		for _, k := range tables {
			b.Run(m.name+"/"+k.Name, func(b *testing.B) {
				for b.Loop() {
					m.run(k)
				}
				b.ReportMetric(m.work*float64(b.N)/b.Elapsed().Seconds()/1e9, "G"+m.unit+"/s")
			})
		}
	}
}

func benchValues(n int) []float32 {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	x := make([]float32, n)
	for i := range x {
		x[i] = r.Float32() - 0.5
	}
	return x
}

// benchBlocks covers the product of a matrix of every format that tables have kernels for.
func benchBlocks() []measured {
	const rows, cols = 1024, 768
	var all []measured
	for _, name := range []string{"Q8_0", "Q4_0", "Q4_1", "Q4_K", "Q6_K"} {
		f := quant.ByName(name)
		w, x, dst := make([]byte, f.Size(rows*cols)), rounded(benchValues(cols)), make([]float32, rows)
		all = append(all, measured{fmt.Sprintf("MatVec/%s/%dx%d", name, rows, cols), float64(len(w)), "B", func(k *ops.Kernels) {
			k.Blocks[name].MatVec(dst, w, x)
		}})
	}
	return all
}

// benchMatMul covers a large product, those of a layer forward and backward, and
// those of one head's attention.
func benchMatMul() []measured {
	var all []measured
	for _, c := range []struct {
		m, n, k int
		at, bt  bool // stored transposed
	}{
		{1024, 1024, 1024, false, false},
		{512, 512, 512, false, false},
		{4096, 384, 128, false, true},
		{2048, 1300, 512, false, true},
		{2048, 512, 1300, false, false},
		{512, 128, 4096, true, false},
		{256, 256, 32, false, true},
		{256, 32, 256, false, false},
		{64, 32, 256, false, false},
		{16, 16, 16, false, false},
	} {
		store := func(rows, cols int, transposed bool) ops.Matrix {
			x := benchValues(rows * cols)
			if transposed {
				return ops.Dense(x, cols, rows).T()
			}
			return ops.Dense(x, rows, cols)
		}
		dst, a, b := store(c.m, c.n, false), store(c.m, c.k, c.at), store(c.k, c.n, c.bt)
		name := fmt.Sprintf("MatMul/%dx%dx%d%s%s", c.m, c.n, c.k, map[bool]string{true: "-aT"}[c.at], map[bool]string{true: "-bT"}[c.bt])
		all = append(all, measured{name, 2 * float64(c.m) * float64(c.n) * float64(c.k), "FLOP",
			func(k *ops.Kernels) { k.MatMul(dst, a, b, false) }})
	}
	return all
}

func benchRows() []measured {
	var all []measured
	for _, c := range []struct{ rows, cols int }{{64, 32}, {1024, 64}, {4096, 128}, {2048, 512}, {131072, 128}} {
		q, rows, dst := benchValues(c.cols), benchValues(c.rows*c.cols), make([]float32, c.rows)
		size := fmt.Sprintf("/%dx%d", c.rows, c.cols)
		bytes := 4 * float64(c.rows) * float64(c.cols)
		lo, hi := benchValues(c.cols), benchValues(c.cols)
		all = append(all,
			measured{"MatVec" + size, bytes, "B", func(k *ops.Kernels) { k.MatVec(dst, rows, q) }},
			measured{"BoundScores" + size, 2 * bytes, "B", func(k *ops.Kernels) { k.BoundScores(dst, q, rows, rows) }},
			measured{"MinMax" + size, bytes, "B", func(k *ops.Kernels) { k.MinMax(lo, hi, rows) }},
		)
	}
	return all
}

func benchElements() []measured {
	var all []measured
	for _, c := range []struct{ rows, cols int }{{1, 64}, {64, 300}, {256, 512}} {
		n := c.rows * c.cols
		x, y, z, w, v := benchValues(n), benchValues(n), benchValues(n), benchValues(c.cols), benchValues(c.cols)
		positive := make([]float32, n)
		for i := range positive {
			positive[i] = x[i] * x[i]
		}
		size := fmt.Sprintf("/%dx%d", c.rows, c.cols)
		bytes := 4 * float64(n)
		step := ops.AdamWStep{LR: 1e-9, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, GradScale: 1, Correction1: 0.5, Correction2: 0.5}
		all = append(all,
			measured{"Add" + size, 2 * bytes, "B", func(k *ops.Kernels) { k.Add(x, y) }},
			measured{"Sigmoid" + size, bytes, "B", func(k *ops.Kernels) { k.Sigmoid(x, y) }},
			measured{"GELU" + size, bytes, "B", func(k *ops.Kernels) { k.GELU(x, y) }},
			measured{"GELUBackward" + size, 2 * bytes, "B", func(k *ops.Kernels) { k.GELUBackward(x, y, z) }},
			measured{"Softmax" + size, bytes, "B", func(k *ops.Kernels) { k.Softmax(x, c.cols, 1) }},
			measured{"SoftmaxBackward" + size, 2 * bytes, "B", func(k *ops.Kernels) { k.SoftmaxBackward(x, y, c.cols, 1) }},
			measured{"RMSNorm" + size, bytes, "B", func(k *ops.Kernels) { k.RMSNorm(x, y, w, 1e-6) }},
			measured{"RMSNormBackward" + size, 3 * bytes, "B", func(k *ops.Kernels) { k.RMSNormBackward(x, w, y, z, v, 1e-6) }},
			measured{"RoPE" + size, bytes, "B", func(k *ops.Kernels) { k.RoPE(x, w[:c.cols/2], v[:c.cols/2]) }},
			measured{"AdamW" + size, 4 * bytes, "B", func(k *ops.Kernels) { k.AdamW(x, y, positive, z, step) }},
		)
	}
	return all
}

func benchMemory() []measured {
	var all []measured
	for _, c := range []struct{ steps, channels int }{{1, 128}, {256, 128}, {256, 512}} {
		n := c.steps * c.channels
		view := func() ops.Matrix { return ops.Dense(benchValues(n), c.steps, c.channels) }
		dst, gate, x, dy, y, dgate, state := view(), view(), view(), view(), view(), view(), benchValues(c.channels)
		size := fmt.Sprintf("/%dx%d", c.steps, c.channels)
		all = append(all,
			measured{"MemoryScan" + size, 12 * float64(n), "B", func(k *ops.Kernels) { k.MemoryScan(dst, state, gate, x) }},
			measured{"MemoryScanBackward" + size, 24 * float64(n), "B",
				func(k *ops.Kernels) { k.MemoryScanBackward(dst, dgate, dy, y, gate, x) }},
		)
	}
	return all
}

// benchAttend reads all of a cache, and a sixteenth of it in blocks.
func benchAttend() []measured {
	var all []measured
	for _, c := range []struct{ tokens, dim, block int }{{1024, 32, 16}, {4096, 64, 64}, {32768, 128, 64}} {
		keys, values := benchValues(c.tokens*c.dim), benchValues(c.tokens*c.dim)
		q, dst, weights := benchValues(c.dim), make([]float32, c.dim), make([]float32, c.tokens)
		var sparse []ops.Span
		for start := 0; start < c.tokens; start += 16 * c.block {
			sparse = append(sparse, ops.Span{Start: start, End: start + c.block})
		}
		size := fmt.Sprintf("/%dx%d", c.tokens, c.dim)
		bytes := 8 * float64(c.tokens) * float64(c.dim)
		all = append(all,
			measured{"Attend" + size, bytes, "B", func(k *ops.Kernels) {
				k.Attend(dst, weights, q, keys, values, []ops.Span{{Start: 0, End: c.tokens}}, 0.1, 1)
			}},
			measured{"AttendSparse" + size, bytes / 16, "B", func(k *ops.Kernels) {
				k.Attend(dst, weights[:c.tokens/16], q, keys, values, sparse, 0.1, 1)
			}},
		)
	}
	return all
}

// benchCausal is one head of the demo models in training, and one of a larger model:
// the parts of a projection lie beside each other.
func benchCausal() []measured {
	var all []measured
	for _, c := range []struct{ tokens, dim, width int }{{1024, 32, 512}, {4096, 128, 1024}} {
		view := func() ops.Matrix {
			return ops.Dense(benchValues(c.tokens*c.width), c.tokens, c.width).Slice(0, c.tokens, 0, c.dim)
		}
		a := ops.CausalAttention{Out: view(), Query: view(), Keys: view(), Values: view(), LogSum: make([]float32, c.tokens), Scale: 0.1}
		dquery, dkeys, dvalues, dout := view(), view(), view(), view()
		size := fmt.Sprintf("/%dx%d", c.tokens, c.dim)
		product := float64(c.tokens) * float64(c.tokens) * float64(c.dim) // of half the square
		all = append(all,
			measured{"AttendCausal" + size, 2 * product, "FLOP", func(k *ops.Kernels) { k.AttendCausal(a) }},
			measured{"AttendCausalBackward" + size, 5 * product, "FLOP",
				func(k *ops.Kernels) { k.AttendCausalBackward(dquery, dkeys, dvalues, dout, a) }},
		)
	}
	return all
}
