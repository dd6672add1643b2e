package bench

import (
	"context"
	"fmt"
	"time"

	"kvscope/engine/ops"
)

// stream is a kernel that goes through memory once: how many values it reads and
// writes per value of an operand, and a call on operands of equal length, viewed
// as rows of cols where it wants rows.
type stream struct {
	name          string
	read, written float64
	call          func(k *ops.Kernels, v [][]float32)
}

// cols is the length of a row, that of a head.
const cols = 128

func streams() []stream {
	row, other := noise(cols), noise(cols)
	dst := make([]float32, piece/cols)
	step := ops.AdamWStep{LR: 1e-9, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, GradScale: 1, Correction1: 0.5, Correction2: 0.5}
	dense := func(x []float32) ops.Matrix { return ops.Dense(x, len(x)/cols, cols) }
	return []stream{
		{"DotRows", 1, 0, func(k *ops.Kernels, v [][]float32) { k.DotRows(dst[:len(v[0])/cols], row, v[0]) }},
		{"BoundScores", 2, 0, func(k *ops.Kernels, v [][]float32) { k.BoundScores(dst[:len(v[0])/cols], row, v[0], v[1]) }},
		{"MinMax", 1, 0, func(k *ops.Kernels, v [][]float32) { k.MinMax(row, other, v[0]) }},
		{"Add", 2, 1, func(k *ops.Kernels, v [][]float32) { k.Add(v[0], v[1]) }},
		{"RMSNorm", 1, 1, func(k *ops.Kernels, v [][]float32) { k.RMSNorm(v[0], v[1], row, 1e-6) }},
		{"RMSNormBackward", 3, 1, func(k *ops.Kernels, v [][]float32) { k.RMSNormBackward(v[0], other, v[1], v[2], row, 1e-6) }},
		{"Softmax", 1, 1, func(k *ops.Kernels, v [][]float32) { k.Softmax(v[0], cols, 1) }},
		{"SoftmaxBackward", 2, 1, func(k *ops.Kernels, v [][]float32) { k.SoftmaxBackward(v[0], v[1], cols, 1) }},
		{"Sigmoid", 1, 1, func(k *ops.Kernels, v [][]float32) { k.Sigmoid(v[0], v[1]) }},
		{"SiLU", 1, 1, func(k *ops.Kernels, v [][]float32) { k.SiLU(v[0], v[1]) }},
		{"GELU", 1, 1, func(k *ops.Kernels, v [][]float32) { k.GELU(v[0], v[1]) }},
		{"GELUBackward", 2, 1, func(k *ops.Kernels, v [][]float32) { k.GELUBackward(v[0], v[1], v[2]) }},
		{"RoPE", 1, 1, func(k *ops.Kernels, v [][]float32) { k.RoPE(v[0], row[:cols/2], other[:cols/2]) }},
		{"MemoryScan", 2, 1, func(k *ops.Kernels, v [][]float32) { k.MemoryScan(dense(v[0]), row, dense(v[1]), dense(v[2])) }},
		{"MemoryScanBackward", 5, 2, func(k *ops.Kernels, v [][]float32) {
			k.MemoryScanBackward(dense(v[0]), dense(v[1]), dense(v[2]), dense(v[3]), dense(v[4]), dense(v[5]))
		}},
		{"AdamW", 4, 3, func(k *ops.Kernels, v [][]float32) { k.AdamW(v[0], v[1], v[2], v[3], step) }},
	}
}

// operands is the most that a stream takes.
const operands = 6

// measureKernels holds every kernel that goes through memory once against its
// roof: what one core reads from memory, or copies where the kernel writes. Beside
// it stands the rate on operands in the first cache: where that is below the
// roof, arithmetic is the limit.
func measureKernels(ctx context.Context, o Options, add func(Row)) error {
	const small = 2048
	m := newMemory(o.Sizes.Bytes)
	b, places := newBandwidth(m, o.Kernels), len(m)/operands
	if places == 0 {
		return fmt.Errorf("%s, want at least %d pieces", m.size(), operands)
	}
	all := streams()
	far, near := make([][]time.Duration, len(all)), make([]time.Duration, len(all))
	for i := range all {
		far[i] = make([]time.Duration, places)
	}
	v := make([][]float32, operands)
	for range max(1, o.Sizes.Rounds/3) {
		b.turn()
		for i, s := range all {
			if err := ctx.Err(); err != nil {
				return err
			}
			sweep(far[i], func(p int) {
				for j := range v {
					v[j] = m[j*places+p]
				}
				s.call(o.Kernels, v)
			})
			for j := range v {
				v[j] = m[j][:small]
			}
			for range 20 {
				start := time.Now()
				for range 50 {
					s.call(o.Kernels, v)
				}
				keepLeast(&near[i], time.Since(start)/50)
			}
		}
	}
	for i, s := range all {
		roof, name := b.read(), "memory/read"
		if s.written > 0 {
			roof, name = b.copy(), "memory/copy"
		}
		bytes := 4 * (s.read + s.written)
		rate := perSecond(bytes*piece*float64(places), sum(far[i]))
		add(Row{Name: "kernel/" + s.name, Size: "from memory", Value: rate, Unit: "GB/s", Ratio: rate / roof, Baseline: name})
		rate = perSecond(bytes*small, near[i])
		add(Row{Name: "kernel/" + s.name, Size: "from the first cache", Value: rate, Unit: "GB/s", Ratio: rate / roof, Baseline: name})
	}
	return nil
}
