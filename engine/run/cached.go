package run

import (
	"math"
	"slices"
	"time"

	"kvscope/engine/input"
	"kvscope/engine/lens"
	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// CachedRun keeps a finished run for looking into its heads: the queries and keys of every
// head, and the gates of its memory, as they were when the run used them.
type CachedRun struct {
	Header *trace.Header

	job     *job
	session *model.Session
	prefix  *prefix // its prompt, nil where that was not read densely
	context *prefix // its context, nil where nothing was evicted of it before the question, or another run left it
	gates   *gates

	replay *replay // of a capture, which has none of the above
}

// Head returns the tensors of one head of one layer, [T, Dh] each: rotated queries, the keys
// that attention read, and gates, T being the prompt and the tokens fed after it.
func (k *CachedRun) Head(layer, head int) (*lens.HeadTensors, error) {
	of := k.Header
	if layer < 0 || layer >= of.Layers {
		return nil, input.Errorf("layer", "%d, %s has layers 0 to %d", layer, of.Model, of.Layers-1)
	}
	if head < 0 || head >= of.Heads {
		return nil, input.Errorf("head", "%d, %s has heads 0 to %d", head, of.Model, of.Heads-1)
	}
	if k.replay != nil {
		return k.replay.head(layer, head)
	}
	h := &lens.HeadTensors{Dim: of.HeadDim, Prompt: len(k.Header.Tokens), Q: k.session.Queries(layer, head)}
	cache := k.session.Cache(layer, head)
	h.K = slices.Clone(cache.Keys[:cache.Len*cache.Dim])
	if g := k.gates.head(layer, head); g != nil {
		for t := range g.Rows {
			h.Gate = append(h.Gate, g.Row(t)...)
		}
		h.State, h.Plain = k.session.Plain(layer, head, *g)
	}
	return h, nil
}

// Bytes is about how much memory k holds.
func (k *CachedRun) Bytes() int {
	if k.replay != nil {
		return 0 // queries and keys are the capture's own
	}
	n := k.session.Bytes() + k.gates.bytes()
	if k.prefix != nil {
		n += k.prefix.state.Bytes() // the rest of it is the session's
	}
	switch k.context {
	case nil:
	case k.job.left:
		n += k.context.state.Bytes() + k.context.gates.bytes()
	default:
		n += k.context.bytes // the caches of the run that it is from are kept too
	}
	return n
}

// repeats is how often measure measures, to take the shortest.
const repeats = 3

// measure takes the time, in milliseconds, that the last query's selecting and
// attending takes over all heads, and that of dense attention over the same caches.
func (k *CachedRun) measure() (chosen, dense float64) {
	c, kernels := k.job.model.Config(), k.job.model.Kernels()
	last := k.session.Len() - 1
	out, weights := make([]float32, c.HeadDim), make([]float32, last+1)
	all := []ops.Span{{Start: 0, End: last + 1}}
	scale := float32(1 / math.Sqrt(float64(c.HeadDim)))
	picks := make([]sparse.Selection, c.Heads)
	each := func(read func(l, h int, q []float32) []ops.Span) float64 {
		best := math.Inf(1)
		for range repeats {
			var took time.Duration
			for l := range c.Layers {
				for h := range c.Heads {
					cache := k.session.Cache(l, h)
					q := k.session.Query(l, h, last)
					from := time.Now()
					spans, n := read(l, h, q), 0
					for _, s := range spans {
						n += s.Len()
					}
					kernels.Attend(out, weights[:n], q, cache.Keys, cache.Values, spans, scale, 1)
					took += time.Since(from)
				}
			}
			best = min(best, took.Seconds()*1000)
		}
		return best
	}
	chosen = each(func(l, h int, q []float32) []ops.Span {
		switch {
		case !k.job.plan.Joint.Any():
			k.session.Choose(&picks[h], sparse.Query{Q: q, Position: last, Layer: l, Head: h})
		case h == 0:
			k.session.ChooseLayer(picks, l, last)
		}
		return picks[h].Spans
	})
	return chosen, each(func(int, int, []float32) []ops.Span { return all })
}
