package bench

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"kvscope/engine/ops"
	"kvscope/engine/ops/quant"
)

// compactSide is a form that weights are kept in.
type compactSide struct {
	name    string
	bytes   float64 // of a weight
	product func(p int)
	best    []time.Duration
}

// blockSides are the formats of package quant that k computes with as they lie, of so many
// pieces of noise each.
func blockSides(k *ops.Kernels, pieces int, x, dst []float32) []compactSide {
	var sides []compactSide
	whole := ops.Rounded(nil).Round(x)
	for _, name := range slices.Sorted(maps.Keys(k.Blocks)) {
		f, w := quant.ByName(name), make([][]byte, pieces)
		for p := range w {
			w[p] = make([]byte, f.Size(piece))
			for i := range w[p] {
				w[p][i] = byte(31*i+p) & 0x3f // scales of binary16 stay finite
			}
		}
		sides = append(sides, compactSide{name: "compact/" + name, bytes: float64(f.Bytes) / float64(f.Len), product: func(p int) {
			k.Blocks[name].MatVec(dst, w[p], whole)
		}})
	}
	return sides
}

// measureQuantized times the product of a matrix that no cache holds with one token
// and with four, in each form that weights are kept in.
func measureQuantized(ctx context.Context, o Options, add func(Row)) error {
	const inputs = 2048
	k, rows := o.Kernels, piece/inputs
	m := newMemory(o.Sizes.Bytes / 4)
	bf16, int8s := make([][]uint16, len(m)), make([][]int8, len(m))
	for p, x := range m {
		bf16[p], int8s[p] = make([]uint16, piece), make([]int8, piece)
		for i, v := range x {
			bf16[p][i], int8s[p][i] = uint16(math.Float32bits(v)>>16), int8(127*v)
		}
	}
	scale, x, dst := noise(rows), noise(4*inputs), make([]float32, 4*rows)
	size := func(tokens int) string {
		return fmt.Sprintf("%dM weights, rows of %d, tokens: %d", len(m)*piece>>20, inputs, tokens)
	}
	for _, tokens := range []int{1, 4} {
		x, dst := x[:tokens*inputs], dst[:tokens*rows]
		sides := []compactSide{
			{name: "compact/float32", bytes: 4, product: func(p int) {
				for t := range tokens {
					k.MatVec(dst[t*rows:(t+1)*rows], m[p], x[t*inputs:(t+1)*inputs])
				}
			}},
			{name: "compact/bfloat16", bytes: 2, product: func(p int) { k.MatVecBF16(dst, bf16[p], x, tokens) }},
			{name: "compact/int8", bytes: 1, product: func(p int) { k.MatVecInt8(dst, int8s[p], scale, x, tokens) }},
		}
		if tokens == 1 {
			sides = append(sides, blockSides(k, len(m), x, dst)...)
		}
		for i := range sides {
			sides[i].best = make([]time.Duration, len(m))
		}
		for range max(1, o.Sizes.Rounds/2) {
			if err := ctx.Err(); err != nil {
				return err
			}
			for _, s := range sides {
				sweep(s.best, s.product)
			}
		}
		for i, s := range sides {
			row := Row{Name: s.name, Size: size(tokens), Value: perSecond(s.bytes*piece*float64(len(m)), sum(s.best)), Unit: "GB/s"}
			if i > 0 {
				row.Ratio, row.Baseline = float64(sum(sides[0].best))/float64(sum(s.best)), sides[0].name
			}
			add(row)
		}
	}
	return nil
}
