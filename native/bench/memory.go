package bench

import (
	"context"
	"fmt"
	"time"

	"kvscope/engine/ops"
)

// piece is the number of values that one turn goes through: 4 MiB.
const piece = 1 << 20

// memory is more than any cache holds, in pieces.
type memory [][]float32

func newMemory(bytes int) memory {
	x := noise(max(bytes/4, 2*piece))
	var m memory
	for ; len(x) >= piece; x = x[piece:] {
		m = append(m, x[:piece])
	}
	return m
}

func (m memory) size() string { return fmt.Sprintf("%d MiB", len(m)*piece*4>>20) }

// bandwidth times one core reading and copying m; its methods give 1e9 bytes per second. There are
// two ways to read, since which is faster depends on how the processor prefetches
// across pages; the faster counts.
type bandwidth struct {
	m               memory
	kernels         *ops.Kernels
	touched, dotted []time.Duration
	copied          []time.Duration
	q, dst          []float32
	sink            float32
}

func newBandwidth(m memory, k *ops.Kernels) *bandwidth {
	const cols = 128
	return &bandwidth{
		m: m, kernels: k,
		touched: make([]time.Duration, len(m)), dotted: make([]time.Duration, len(m)),
		copied: make([]time.Duration, len(m)/2),
		q:      noise(cols), dst: make([]float32, piece/cols),
	}
}

// turn measures everything once.
func (b *bandwidth) turn() {
	sweep(b.touched, func(p int) { b.sink += touch(b.m[p]) })
	sweep(b.dotted, func(p int) { b.kernels.DotRows(b.dst, b.q, b.m[p]) })
	half := len(b.copied)
	sweep(b.copied, func(p int) { copy(b.m[p], b.m[half+p]) })
}

func (b *bandwidth) read() float64 {
	return perSecond(4*piece*float64(len(b.m)), min(sum(b.touched), sum(b.dotted)))
}

// copy counts what is read and what is written.
func (b *bandwidth) copy() float64 {
	return perSecond(8*piece*float64(len(b.copied)), sum(b.copied))
}

// touch reads one word of each cache line of x.
func touch(x []float32) float32 {
	const line = 16
	var a, b, c, d float32
	for ; len(x) >= 4*line; x = x[4*line:] {
		a += x[0]
		b += x[line]
		c += x[2*line]
		d += x[3*line]
	}
	return a + b + c + d
}

// measureMemory gives the bandwidths that other figures are held against, and the
// scan of the decaying memory, held against copying. The scan runs as in a
// prefill: in place, key and gate being parts of a wider row.
func measureMemory(ctx context.Context, o Options, add func(Row)) error {
	const channels, parts = 2048, 5
	m := newMemory(o.Sizes.Bytes)
	const steps = piece / (channels * parts)
	gate := func(p int) ops.Matrix {
		return ops.Dense(m[p], steps, parts*channels).Slice(0, steps, 4*channels, 5*channels)
	}
	for p := range m {
		for t := range steps {
			o.Kernels.Sigmoid(gate(p).Row(t), gate(p).Row(t))
		}
	}
	b, scans, state := newBandwidth(m, o.Kernels), make([]time.Duration, len(m)), make([]float32, channels)
	for range o.Sizes.Rounds {
		if err := ctx.Err(); err != nil {
			return err
		}
		b.turn()
		sweep(scans, func(p int) {
			key := ops.Dense(m[p], steps, parts*channels).Slice(0, steps, 2*channels, 3*channels)
			o.Kernels.MemoryScan(key, state, gate(p), key)
		})
	}
	scan := perSecond(12*steps*channels*float64(len(m)), sum(scans))
	add(Row{Name: "memory/read", Size: m.size(), Value: b.read(), Unit: "GB/s"})
	add(Row{Name: "memory/copy", Size: m.size(), Value: b.copy(), Unit: "GB/s"})
	add(Row{
		Name: "memory/scan", Size: fmt.Sprintf("%d steps of %d channels, %s", steps, channels, m.size()),
		Value: scan, Unit: "GB/s", Ratio: scan / b.copy(), Baseline: "memory/copy",
	})
	return nil
}
