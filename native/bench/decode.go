package bench

import (
	"context"
	"fmt"
	"math"
	"time"

	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// caches are the KV caches of as many heads as fill the memory.
func caches(o Options, tokens int) []*sparse.Head {
	d := o.Sizes.HeadDim
	n := max(1, o.Sizes.Bytes/(8*d*tokens))
	heads := make([]*sparse.Head, n)
	row := make([]float32, 2*d)
	for i := range heads {
		heads[i] = sparse.NewHead(o.Kernels, d, o.Sizes.Block, tokens)
		for t := range tokens {
			fillNoise(row, uint64(i*tokens+t))
			heads[i].Append(row[:d], row[d:])
		}
	}
	return heads
}

// decoder attends with one query to one head at a time.
type decoder struct {
	kernels      *ops.Kernels
	selection    sparse.Selection
	weights, dst []float32
	q            []float32
}

// attend selects and reads, as one head of one layer does for a decoded token.
func (d *decoder) attend(s sparse.Selector, h *sparse.Head) {
	s.Select(&d.selection, sparse.Query{Q: d.q, Position: h.Len - 1}, h)
	scale := float32(1 / math.Sqrt(float64(h.Dim)))
	d.kernels.Attend(d.dst, d.weights[:d.selection.Count()], d.q, h.Keys, h.Values, d.selection.Spans, scale)
}

// measureDecode gives the time of one layer's attention for one decoded token:
// dense, held against reading keys and values, and with Quest and MoBA's scores at
// several budgets, selection included, held against dense. A dense turn, which
// passes all memory, comes before each sparse one.
func measureDecode(ctx context.Context, o Options, add func(Row)) error {
	for _, tokens := range o.Sizes.Tokens {
		if err := measureDecodeAt(ctx, o, tokens, add); err != nil {
			return err
		}
	}
	return nil
}

func measureDecodeAt(ctx context.Context, o Options, tokens int, add func(Row)) error {
	type method struct {
		name     string
		budget   int
		selector sparse.Selector
		times    []time.Duration
	}
	heads := caches(o, tokens)
	d := &decoder{
		kernels: o.Kernels, weights: make([]float32, tokens),
		dst: make([]float32, o.Sizes.HeadDim), q: make([]float32, o.Sizes.HeadDim),
	}
	var methods []method
	for _, budget := range o.Sizes.Budgets {
		k := sparse.BlocksForBudget(1/float64(budget), tokens, o.Sizes.Block)
		methods = append(methods,
			method{"quest", budget, sparse.Quest{Blocks: k}, make([]time.Duration, len(heads))},
			method{"moba", budget, sparse.MoBA{Blocks: k}, make([]time.Duration, len(heads))})
	}
	dense, touched, dotted := make([]time.Duration, len(heads)), make([]time.Duration, len(heads)), make([]time.Duration, len(heads))
	var sink float32
	for r := range max(1, o.Sizes.Rounds/3) {
		for i, m := range methods {
			if err := ctx.Err(); err != nil {
				return err
			}
			fillNoise(d.q, uint64(r*len(methods)+i))
			sweep(dense, func(h int) { d.attend(sparse.Dense{}, heads[h]) })
			sweep(m.times, func(h int) { d.attend(m.selector, heads[h]) })
			sweep(touched, func(h int) { sink += touch(heads[h].Keys) + touch(heads[h].Values) })
			sweep(dotted, func(h int) {
				o.Kernels.DotRows(d.weights, d.q, heads[h].Keys)
				o.Kernels.DotRows(d.weights, d.q, heads[h].Values)
			})
		}
	}
	// Times are given for a layer, whatever number of heads was measured.
	layer := func(times []time.Duration) float64 {
		return sum(times).Seconds() * 1e6 * float64(o.Sizes.Heads) / float64(len(heads))
	}
	shape := fmt.Sprintf("%d tokens, %d heads of %d", tokens, o.Sizes.Heads, o.Sizes.HeadDim)
	read, bytes := min(sum(touched), sum(dotted)), 8*float64(o.Sizes.HeadDim)*float64(tokens)*float64(len(heads))
	add(Row{
		Name: "decode/dense", Size: shape, Value: layer(dense), Unit: "µs/layer",
		Ratio: float64(read) / float64(sum(dense)), Baseline: "decode/read",
	})
	add(Row{Name: "decode/read", Size: shape, Value: perSecond(bytes, read), Unit: "GB/s"})
	for _, m := range methods {
		add(Row{
			Name: "decode/" + m.name, Size: fmt.Sprintf("%s, budget 1/%d, blocks of %d", shape, m.budget, o.Sizes.Block),
			Value: layer(m.times), Unit: "µs/layer", Ratio: float64(sum(dense)) / float64(sum(m.times)), Baseline: "decode/dense",
		})
	}
	return nil
}
