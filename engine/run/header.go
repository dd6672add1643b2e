package run

import (
	"kvscope/engine/sparse"
	"kvscope/engine/tokenizer"
	"kvscope/engine/trace"
)

// header says what is about to run.
func (j *job) header() *trace.Header {
	e, req, ex, c := j.engine, j.req, j.example, j.model.Config()
	h := &trace.Header{
		Model: req.Model, Arch: c.Kind(), Title: c.Title(), Memory: c.Memory,
		Layers: c.Layers, Heads: c.Heads, KVHeads: c.KVHeads, HeadDim: c.HeadDim, Kernels: e.kernels.Name,
		Task: ex.Task.ID, Seed: req.Seed, Context: ex.Context, Question: ex.Question,
		Tokens: j.tokens(ex.Tokens), Pieces: tokenizer.Pieces(j.tok, ex.Tokens), Expected: ex.Expected, Answer: j.tokens(ex.Answer), Gold: ex.Gold,
		Note: note(ex, req.Key), Intervention: interventionOf(j.edit, j.intervention),
	}
	announce(h, j.plan)
	if j.keep {
		h.ID = req.ID()
	}
	if ex.Cut != nil {
		h.Cut = (*trace.Cut)(ex.Cut)
	}
	for _, n := range ex.Needles {
		h.Needles = append(h.Needles, trace.Needle{
			Key: n.Key, Value: n.Value, Queried: n.Queried,
			Span: [2]int{n.Span.Start, n.Span.End}, Values: [2]int{n.ValueSpan.Start, n.ValueSpan.End},
		})
	}
	return h
}

// announce writes into h what a plan selects.
func announce(h *trace.Header, p sparse.Plan) {
	h.Method, h.Phase, h.Budget, h.Block, h.K, h.Ignored = p.Method, p.Phase, p.Budget, p.Block, p.K, p.Ignored
	h.SparseFrom, h.EvictedAt = nil, nil
	if p.Phase == sparse.PhasePrefill || p.Dense(len(h.Tokens)) {
		return // as a reader of the phase expects
	}
	h.SparseFrom = &p.From
	if p.Evictor != nil {
		h.EvictedAt = &p.EvictAt
	}
}

func (j *job) tokens(ids []int32) []trace.Token {
	ts := make([]trace.Token, len(ids))
	for i, id := range ids {
		ts[i] = trace.Token{ID: id, Text: j.tok.Text(id)}
	}
	return ts
}
