package bench

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// caches are the KV caches of as many heads as fill the memory. What earlier
// measurements held goes back to the system first: memory that is used again
// would keep its small pages.
func caches(o Options, tokens int) []*sparse.KVCache {
	debug.FreeOSMemory()
	d := o.Sizes.HeadDim
	n := max(1, o.Sizes.Bytes/(8*d*tokens))
	heads := make([]*sparse.KVCache, n)
	row := make([]float32, 2*d)
	for i := range heads {
		heads[i] = sparse.NewKVCache(o.Kernels, d, o.Sizes.Block, tokens, sparse.Summaries{Bounds: true, Mean: true, Rounded: true})
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

func newDecoder(o Options, tokens int) *decoder {
	return &decoder{
		kernels: o.Kernels, weights: make([]float32, tokens),
		dst: make([]float32, o.Sizes.HeadDim), q: make([]float32, o.Sizes.HeadDim),
	}
}

// attend selects and reads, as one head of one layer does for a decoded token.
func (d *decoder) attend(s sparse.Selector, heads []*sparse.KVCache, head int) {
	h := heads[head]
	s.Select(&d.selection, sparse.Query{Q: d.q, Position: h.Len - 1, Head: head}, h)
	d.read(h)
}

// read attends to what is selected.
func (d *decoder) read(h *sparse.KVCache) {
	scale := float32(1 / math.Sqrt(float64(h.Dim)))
	d.kernels.Attend(d.dst, d.weights[:d.selection.Count()], d.q, h.Keys, h.Values, d.selection.Spans, scale, 1)
}

// measureDecode gives the time of one layer's attention for one decoded token:
// dense, held against reading keys and values, and with Quest and MoBA's scores at
// several budgets, selection included, held against dense; at one length all methods
// at one budget are, and against Quest. A dense turn, which passes all memory, comes before
// each sparse one.
func measureDecode(ctx context.Context, o Options, add func(Row)) error {
	for _, tokens := range o.Sizes.Tokens {
		if err := measureDecodeAt(ctx, o, tokens, add); err != nil {
			return err
		}
	}
	return nil
}

func measureDecodeAt(ctx context.Context, o Options, tokens int, add func(Row)) error {
	heads, cores := caches(o, tokens), runtime.GOMAXPROCS(0)
	decoders := make([]*decoder, cores)
	for i := range decoders {
		decoders[i] = newDecoder(o, tokens)
	}
	selecting := func(s sparse.Selector) func(d *decoder, head int) {
		return func(d *decoder, head int) { d.attend(s, heads, head) }
	}
	sides := []*side{{name: "decode/dense", attend: selecting(sparse.Dense{})}}
	for _, budget := range o.Sizes.Budgets {
		k := sparse.BlocksForBudget(1/float64(budget), tokens, o.Sizes.Block)
		detail := fmt.Sprintf(", budget 1/%d, blocks of %d", budget, o.Sizes.Block)
		sides = append(sides,
			&side{name: "decode/quest", detail: detail, attend: selecting(sparse.Quest{Blocks: k})},
			&side{name: "decode/moba", detail: detail, attend: selecting(sparse.MoBA{Blocks: k})})
	}
	if tokens == o.Sizes.MethodTokens {
		all, err := methodSides(o, heads, o.Sizes.MethodBudget)
		if err != nil {
			return err
		}
		sides = append(sides, all...)
	}
	for _, s := range sides {
		s.one, s.all = make([]time.Duration, len(heads)), make([]time.Duration, len(heads)/cores)
	}
	dense := sides[0]
	touched, dotted := make([]time.Duration, len(heads)), make([]time.Duration, len(heads))
	var sink float32
	for r := range max(1, o.Sizes.Rounds/3) {
		sweep(touched, func(h int) { sink += touch(heads[h].Keys) + touch(heads[h].Values) })
		sweep(dotted, func(h int) {
			o.Kernels.DotRows(decoders[0].weights, decoders[0].q, heads[h].Keys)
			o.Kernels.DotRows(decoders[0].weights, decoders[0].q, heads[h].Values)
		})
		for i, s := range sides[1:] {
			if err := ctx.Err(); err != nil {
				return err
			}
			for _, d := range decoders {
				fillNoise(d.q, uint64(r*len(sides)+i))
			}
			sweep(dense.one, func(h int) { dense.attend(decoders[0], h) })
			sweep(s.one, func(h int) { s.attend(decoders[0], h) })
			if cores > 1 {
				sweep(dense.all, func(g int) { together(decoders, dense, g*cores) })
				sweep(s.all, func(g int) { together(decoders, s, g*cores) })
			}
		}
	}
	shape := fmt.Sprintf("%d tokens, %d heads of %d", tokens, o.Sizes.Heads, o.Sizes.HeadDim)
	read, bytes := min(sum(touched), sum(dotted)), 8*float64(o.Sizes.HeadDim)*float64(tokens)*float64(len(heads))
	add(Row{Name: "decode/read", Size: shape, Value: perSecond(bytes, read), Unit: "GB/s"})
	// Times are given for a layer, whatever number of heads was measured.
	layer := func(times []time.Duration, each int) float64 {
		return sum(times).Seconds() * 1e6 * float64(o.Sizes.Heads) / float64(len(times)*each)
	}
	var quest *side
	for _, s := range sides {
		if s.name == methodPrefix+"quest" {
			quest = s
		}
	}
	for _, s := range sides {
		row := Row{Name: s.name, Size: shape + s.detail, Value: layer(s.one, 1), Unit: "µs/layer", Baseline: "decode/dense"}
		row.Ratio = layer(dense.one, 1) / row.Value
		if s == dense {
			row.Ratio, row.Baseline = float64(read)/float64(sum(s.one)), "decode/read"
		}
		add(row)
		if strings.HasPrefix(s.name, methodPrefix) {
			if s.once > 0 {
				add(Row{Name: s.name + ", once", Size: row.Size, Value: s.once.Seconds() * 1e6 * float64(o.Sizes.Heads), Unit: row.Unit})
			}
			add(Row{Name: s.name + ", to Quest", Size: row.Size, Value: row.Value, Unit: row.Unit, Ratio: layer(quest.one, 1) / row.Value, Baseline: quest.name})
		}
		if len(s.all) > 0 && cores > 1 {
			value := layer(s.all, cores)
			add(Row{Name: row.Name + ", all cores", Size: row.Size, Value: value, Unit: row.Unit, Ratio: row.Value / value, Baseline: row.Name})
		}
	}
	return nil
}

// side is a way to attend, and its shortest times: head by head on one core, and as
// many heads at once as there are cores.
type side struct {
	name, detail string
	attend       func(d *decoder, head int)
	once         time.Duration // what is done for a head before the first step
	one, all     []time.Duration
}

// together lets each decoder attend to a head of its own.
func together(decoders []*decoder, s *side, first int) {
	var others sync.WaitGroup
	for i, d := range decoders[1:] {
		others.Add(1)
		go func() {
			defer others.Done()
			s.attend(d, first+i+1)
		}()
	}
	s.attend(decoders[0], first)
	others.Wait()
}
