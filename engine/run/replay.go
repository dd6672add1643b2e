package run

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"kvscope/engine/capture"
	"kvscope/engine/checkpoint"
	"kvscope/engine/figures"
	"kvscope/engine/input"
	"kvscope/engine/lens"
	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/runfile"
	"kvscope/engine/sparse"
	"kvscope/engine/sparse/apply"
	"kvscope/engine/trace"
)

// ArchCapture is ModelInfo.Arch of queries and keys saved from elsewhere.
const ArchCapture = "capture"

// captured is a capture with the texts of its positions.
type captured struct {
	*capture.Capture
	tokens []trace.Token
	pieces []string
}

// AddCapture lets methods be run on the queries and keys in f, under name, as if they
// were a model: what is asked is replayed on them. They are read as o says. f is closed
// by Close.
func (e *Engine) AddCapture(name string, f *checkpoint.File, o apply.Options) error {
	c, said, err := apply.Capture(f, o)
	if err != nil {
		return err
	}
	end := c.Left + c.Len
	tokens, pieces, err := runfile.Tokens(f, end+c.Right)
	if err != nil {
		return err
	}
	tokens, pieces = tokens[c.Left:end], pieces[c.Left:end]
	of, err := f.ModelName()
	if err != nil {
		return err
	}
	info := ModelInfo{
		Name: name, Arch: ArchCapture, Title: strings.TrimSpace(of + " capture"),
		Layers: c.Layers, Heads: c.Heads, KVHeads: c.KVHeads, HeadDim: c.HeadDim, Context: c.Len,
		Note: "queries and keys, replayed: " + c.String(), Hash: f.Identity(), Says: said,
	}
	return e.add(&loaded{info: info, capture: &captured{c, tokens, pieces}})
}

// mostReplayed is how many steps are replayed where the request does not say, and half of
// the queries at most, so that others are left to vote.
const mostReplayed = 16

// replay is a request on a capture that has been understood. The last steps of its
// queries are fed as steps of decoding, the ones before are the prefill's: to a method
// they come as in a run whose prompt is all but the last steps-1 positions.
type replay struct {
	engine  *Engine
	kernels *ops.Kernels
	of      *captured
	req     Request
	keep    bool
	plan    sparse.Plan
	edit    sparse.Edit
	prompt  int // positions of it
}

// replay understands a request on a capture.
func (e *Engine) replay(of *captured, req Request) (*replay, error) {
	if err := req.replayable(); err != nil {
		return nil, err
	}
	steps := min(max(1, of.Queries/2), mostReplayed)
	if req.MaxNew != nil {
		steps = *req.MaxNew
	}
	if steps < 1 || steps > of.Queries {
		return nil, input.Errorf("max_new", "%d, want 1 to %d: the last queries of %s that are replayed as steps of decoding", steps, of.Queries, req.Model)
	}
	r := &replay{engine: e, kernels: e.kernels, of: of, req: req, prompt: of.Len - steps + 1}
	var err error
	if r.plan, err = sparse.New(req.selection(), r.prompt); err != nil {
		return nil, err
	}
	if err := r.plan.ForTensors(req.Model); err != nil {
		return nil, err
	}
	if _, across := r.plan.Evictor.(sparse.ModelEvictor); across {
		return nil, input.Errorf("whose_budget", "%q, want %s or %s: %s is a capture, which is replayed layer by layer", sparse.WhoseAll, sparse.WhoseHead, sparse.WhoseLayer, req.Model)
	}
	if r.plan.Evictor != nil {
		if n := r.voting(); r.prompt < 2 || r.prompt-1-n < r.first() {
			return nil, input.Errorf("window", "%d queries before the last %d vote, %s holds the last %d only", n, steps, req.Model, of.Queries)
		}
	}
	if r.edit, err = req.edit(r.prompt, r.plan.Block); err != nil {
		return nil, err
	}
	r.plan = r.plan.Edited(r.edit)
	_, err = req.intervention(false)
	return r, err
}

// replayable reports the first field that asks a capture for what it has not.
func (r Request) replayable() error {
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"task", r.Task != ""}, {"text", r.Text != ""}, {"key", r.Key != ""}, {"value", r.Value != ""},
		{"context", r.Context != nil}, {"depth", r.Depth != nil}, {"prose", r.Prose != ""}, {"prompt", r.Prompt != ""},
	} {
		if f.set {
			return input.Errorf(f.name, "%s is a capture, whose prompt is what it was taken of: leave it out", r.Model)
		}
	}
	return nil
}

// first is the position of the first query of the capture.
func (r *replay) first() int { return r.of.Len - r.of.Queries }

// voting is how many of the last queries of the prefill an eviction observes.
func (r *replay) voting() int { return min(r.plan.Evictor.Window(), r.prompt-1) }

// run replays layer after layer, so that no more than one is in memory.
func (r *replay) run(ctx context.Context, sink trace.Sink) (*CachedRun, error) {
	header := r.header()
	if err := sink.Emit(header); err != nil {
		return nil, err
	}
	rec := &recorder{
		kernels: r.kernels, sink: sink, tally: figures.NewTally(r.of.Layers, r.of.Heads),
		prompt: r.prompt, block: r.plan.Block, rows: map[[2]int]*trace.Selection{}, room: lookBytes,
	}
	done := &trace.Done{}
	for l := range r.of.Layers {
		if err := r.layer(ctx, rec, l, done); err != nil {
			return nil, err
		}
	}
	done.DecodeMS /= float64(r.of.Len - r.prompt + 1)
	done.LightFrom = rec.light
	done.ReadFraction, done.Hits = rec.tally.ReadFraction(), rec.hits()
	return &CachedRun{Header: header, replay: r}, sink.Emit(done)
}

// layer replays the heads of a layer, and adds the time it took to done.
func (r *replay) layer(ctx context.Context, rec *recorder, index int, done *trace.Done) error {
	l := &replayedLayer{replay: r, recorder: rec, index: index, sel: make([]sparse.Selection, r.of.Heads)}
	if err := l.load(); err != nil {
		return fmt.Errorf("%s: %w", r.req.Model, err)
	}
	started := time.Now()
	l.grow(r.prompt - 1)
	if err := l.prefill(ctx); err != nil {
		return err
	}
	if e := r.plan.Evictor; e != nil {
		l.kept = make([]sparse.Selection, r.of.Heads)
		sparse.KeepLayer(e, l.kept, l.observing(r.prompt-1-r.voting(), r.prompt-1))
	}
	done.PrefillMS += milliseconds(started)
	started = time.Now()
	for t := r.prompt - 1; t < r.of.Len; t++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		l.grow(t + 1)
		l.ask(0, r.of.Heads, t)
		if l.kept != nil {
			sparse.EvictStep(r.plan.Evictor, l.kept, l.observing(t, t+1))
		}
	}
	done.DecodeMS += milliseconds(started)
	return rec.err
}

// prefill replays the queries of the prompt that are there, head by head where each chooses
// for itself.
func (l *replayedLayer) prefill(ctx context.Context) error {
	each := 1
	if l.plan.Joint.Any() {
		each = l.of.Heads
	}
	for h := range l.of.Heads {
		l.look(h)
	}
	for h := 0; h < l.of.Heads; h += each {
		for t := max(l.first(), l.plan.From); t < min(l.replay.prompt-1, l.plan.To); t++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			l.ask(h, h+each, t)
		}
		for i := range each {
			l.flushHead(l.index, h+i)
		}
	}
	return nil
}

// replayedLayer is a layer that is being replayed.
type replayedLayer struct {
	*replay
	*recorder
	index   int
	queries [][]float32        // by head, [N, Dh]
	keys    [][]float32        // by group, [T, Dh]
	caches  []*sparse.KVCache  // by group, as far as they have been read
	picks   []sparse.Selector  // by head, the method's selector after a look at the prompt
	kept    []sparse.Selection // by head, what an eviction left, nil without one

	sel []sparse.Selection // by head, of the queries asked last
}

// load reads the layer.
func (l *replayedLayer) load() error {
	c := l.of
	for h := range c.Heads {
		q, err := c.Query(l.index, h)
		if err != nil {
			return err
		}
		l.queries = append(l.queries, q)
	}
	for h := 0; h < c.Heads; h += c.Heads / c.KVHeads {
		k, err := c.Keys(l.index, h)
		if err != nil {
			return err
		}
		l.keys = append(l.keys, k)
		l.caches = append(l.caches, sparse.NewKVCache(l.replay.kernels, c.HeadDim, l.plan.Block, c.Len, l.plan.Summaries))
		l.caches[len(l.caches)-1].Scale = float32(c.Scale)
	}
	return nil
}

// grow reads keys up to a length.
func (l *replayedLayer) grow(length int) {
	dim := l.of.HeadDim
	for g, cache := range l.caches {
		for t := cache.Len; t < length; t++ {
			// No method looks at values to select, and nothing is attended to here.
			key := l.keys[g][t*dim : (t+1)*dim]
			cache.Append(key, key)
		}
	}
}

func (l *replayedLayer) cache(head int) *sparse.KVCache {
	return l.caches[head/(l.of.Heads/l.of.KVHeads)]
}

// observing is the layer as an eviction sees it that observes the queries at [from, to).
func (l *replayedLayer) observing(from, to int) sparse.Layer {
	out := sparse.Layer{Index: l.index, Count: l.of.Layers}
	dim, first := l.of.HeadDim, l.first()
	for h, q := range l.queries {
		out.Windows, out.Caches = append(out.Windows, q[(from-first)*dim:(to-first)*dim]), append(out.Caches, l.cache(h))
	}
	return out
}

// look lets the selector see the queries of a head's prompt, as far as they are there.
func (l *replayedLayer) look(head int) {
	n := max(0, l.replay.prompt-1-l.first())
	l.picks = append(l.picks, sparse.Prefill(l.plan.Selector, l.queries[head][:n*l.of.HeadDim], l.cache(head)))
}

// ask lets the queries of the heads [from, to) at t pick what they read, and records it.
func (l *replayedLayer) ask(from, to, t int) {
	dim, selects := l.of.HeadDim, l.plan.From <= t && t < l.plan.To
	queries, caches := make([]sparse.Query, l.of.Heads), make([]*sparse.KVCache, l.of.Heads)
	for h := from; h < to; h++ {
		queries[h] = sparse.Query{Q: l.queries[h][(t-l.first())*dim:][:dim], Position: t, Layer: l.index, Head: h}
		caches[h] = l.cache(h)
		switch {
		case l.kept != nil && t >= l.replay.prompt-1:
			l.sel[h].Since(&l.kept[h], t, t)
			sparse.Narrow(l.plan.Evictor, &l.sel[h], queries[h], caches[h])
		case !selects:
			sparse.Dense{}.Select(&l.sel[h], queries[h], caches[h])
		case !l.plan.Joint.Any():
			l.picks[h].Select(&l.sel[h], queries[h], caches[h])
		}
	}
	if selects && l.plan.Joint.Any() {
		l.plan.Joint.Select(l.plan.Selector, l.sel[from:to], queries[from:to], caches[from:to])
	}
	for h := from; h < to; h++ {
		l.observe(&model.Attended{Query: queries[h], Selection: &l.sel[h], Cache: caches[h]})
	}
}

// header says what is about to be replayed.
func (r *replay) header() *trace.Header {
	c := r.of
	h := &trace.Header{
		Model: r.req.Model, Arch: ArchCapture, Layers: c.Layers, Heads: c.Heads, KVHeads: c.KVHeads, HeadDim: c.HeadDim,
		Kernels: r.kernels.Name, Seed: r.req.Seed, Context: c.Len,
		Tokens: c.tokens[:r.prompt], Pieces: c.pieces[:r.prompt],
		Intervention: interventionOf(r.edit, nil),
	}
	announce(h, r.plan)
	if r.keep {
		h.ID = r.req.ID()
	}
	return h
}

// head is look, while the capture is open.
func (r *replay) head(layer, head int) (h *lens.HeadTensors, err error) {
	err = r.engine.using(r.req.Model, func(*loaded) (err error) {
		h, err = r.look(layer, head)
		return err
	})
	return h, err
}

// look returns the tensors of one head: all queries and keys, or where the first queries
// are missing the attention weights of those there are.
func (r *replay) look(layer, head int) (*lens.HeadTensors, error) {
	q, err := r.of.Query(layer, head)
	if err != nil {
		return nil, err
	}
	k, err := r.of.Keys(layer, head)
	if err != nil {
		return nil, err
	}
	n, t, dim := r.of.Queries, r.of.Len, r.of.HeadDim
	if n == t {
		// A head's weights are of Dh^-1/2.
		if by := float32(r.of.Scale * math.Sqrt(float64(dim))); by != 1 {
			for i := range q {
				q[i] *= by
			}
		}
		return &lens.HeadTensors{Dim: dim, Prompt: r.prompt, Q: q, K: k}, nil
	}
	weights := make([]float32, n*t)
	for i := range n {
		seen := r.first() + i + 1
		row := weights[i*t:][:seen]
		r.kernels.DotRows(row, q[i*dim:(i+1)*dim], k[:seen*dim])
		r.kernels.Softmax(row, seen, float32(r.of.Scale))
	}
	return &lens.HeadTensors{Prompt: r.prompt, Queries: n, Weights: checkpoint.NewF32("attention", []int{n, t}, weights)}, nil
}
