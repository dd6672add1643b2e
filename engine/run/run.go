package run

import (
	"context"
	"math"
	"time"

	"kvscope/engine/model"
	"kvscope/engine/niah"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// prefillChunk is how many prompt tokens are read between looks at the context.
const prefillChunk = 256

// extraTokens is how many tokens past the expected answer a run may generate, so
// that an answer that goes on too long is seen to.
const extraTokens = 4

// Run answers req and emits what happened to sink. It returns an input.Error when
// the request cannot be, ctx's error when that ends, or sink's.
//
// The prompt is prefilled up to its last token, which is fed as the first decoding
// step: so every answer token, the first too, is produced by a query that the
// method selects for.
func (e *Engine) Run(ctx context.Context, req Request, sink trace.Sink) error {
	m, err := e.Model(req.Model)
	if err != nil {
		return err
	}
	ex, err := e.prompt(req, m.Config().Context)
	if err != nil {
		return err
	}
	cfg, err := req.selection()
	if err != nil {
		return err
	}
	plan, err := sparse.New(cfg, len(ex.Tokens))
	if err != nil {
		return err
	}
	maxNew := req.MaxNew
	if maxNew == 0 {
		maxNew = len(ex.Answer) + extraTokens
	}
	maxNew = min(maxNew, m.Config().Context-len(ex.Tokens)+1)
	if err := sink.Emit(e.header(req, m, ex, plan)); err != nil {
		return err
	}

	c, prompt := m.Config(), len(ex.Tokens)
	rec := &recorder{
		kernels: e.kernels, sink: sink, tally: trace.NewTally(c.Layers, c.Heads),
		prompt: prompt, gold: ex.Gold, rows: map[[2]int]*trace.Selection{},
	}
	opt := model.Options{
		Block: plan.Block, Capacity: prompt + maxNew - 1,
		Observe: rec.observe, ObserveFrom: prompt - 1,
	}
	switch plan.Phase {
	case sparse.PhasePrefill:
		opt.Selector, opt.SelectTo, opt.ObserveFrom = plan.Selector, prompt, 0
	case sparse.PhaseDecode:
		opt.Selector, opt.SelectFrom, opt.SelectTo = plan.Selector, prompt-1, math.MaxInt
	case sparse.PhaseEvict:
		opt.Window = plan.Evictor.Window()
	}
	session, err := m.NewSession(opt)
	if err != nil {
		return err
	}

	started := time.Now()
	for at := 0; at < prompt-1; at += prefillChunk {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := session.Prefill(ex.Tokens[at:min(at+prefillChunk, prompt-1)]); err != nil {
			return err
		}
	}
	if err := rec.flush(c.Layers, c.Heads); err != nil {
		return err
	}
	if plan.Evictor != nil {
		if err := session.Evict(plan.Evictor); err != nil {
			return err
		}
	}
	done := &trace.Done{PrefillMS: milliseconds(started)}
	answer, err := e.decode(ctx, session, ex, maxNew, rec, done)
	if err != nil {
		return err
	}
	done.Answer = e.tok.Decode(answer)
	done.Score = niah.Score(ex.Expected, done.Answer)
	done.ReadFraction, done.Hits = rec.tally.ReadFraction(), rec.tally.Hits()
	return sink.Emit(done)
}

// decode generates the answer greedily, token by token, until the model ends it.
func (e *Engine) decode(ctx context.Context, s *model.Session, ex *niah.Example, maxNew int, rec *recorder, done *trace.Done) ([]int32, error) {
	var answer []int32
	next, started := ex.Tokens[len(ex.Tokens)-1], time.Now()
	for step := 0; step < maxNew; step++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		from := time.Now()
		logits, err := s.Step(next)
		if err != nil {
			return nil, err
		}
		if rec.err != nil {
			return nil, rec.err
		}
		top := e.likeliest(logits)
		next = top[0].Token.ID
		event := &trace.Step{
			Step: step, Position: s.Len() - 1, Token: top[0].Token, Prob: top[0].Prob, Top: top,
			Correct: step < len(ex.Answer) && ex.Answer[step] == next, MS: milliseconds(from),
		}
		if err := rec.sink.Emit(event); err != nil {
			return nil, err
		}
		done.DecodeMS = milliseconds(started) / float64(step+1)
		if next == e.tok.EOS() {
			break
		}
		answer = append(answer, next)
	}
	return answer, nil
}

// alternatives is how many of the likeliest tokens a step reports.
const alternatives = 5

// likeliest returns the tokens of greatest probability, softmax(logits), best
// first, ties to the lower token.
func (e *Engine) likeliest(logits []float32) []trace.Alternative {
	p := append([]float32(nil), logits...)
	e.kernels.Softmax(p, len(p), 1)
	var top []trace.Alternative
	for _, i := range trace.Top(p, alternatives) {
		id := int32(i)
		top = append(top, trace.Alternative{Token: trace.Token{ID: id, Text: e.tok.Text(id)}, Prob: p[i]})
	}
	return top
}

// header says what is about to run.
func (e *Engine) header(req Request, m *model.Model, ex *niah.Example, plan sparse.Plan) *trace.Header {
	c := m.Config()
	h := &trace.Header{
		Model: req.Model, Arch: string(c.Arch), Layers: c.Layers, Heads: c.Heads, HeadDim: c.HeadDim(), Kernels: e.kernels.Name,
		Method: plan.Method, Phase: plan.Phase, Budget: plan.Budget, Block: plan.Block, K: plan.K,
		Task: ex.Task.ID, Seed: req.Seed, Context: ex.Context,
		Tokens: e.tokens(ex.Tokens), Expected: ex.Expected, Answer: e.tokens(ex.Answer), Gold: ex.Gold,
	}
	for _, n := range ex.Needles {
		h.Needles = append(h.Needles, trace.Needle{
			Key: n.Key, Value: n.Value, Queried: n.Queried,
			Span: [2]int{n.Span.Start, n.Span.End}, Values: [2]int{n.ValueSpan.Start, n.ValueSpan.End},
		})
	}
	return h
}

func (e *Engine) tokens(ids []int32) []trace.Token {
	ts := make([]trace.Token, len(ids))
	for i, id := range ids {
		ts[i] = trace.Token{ID: id, Text: e.tok.Text(id)}
	}
	return ts
}

func milliseconds(since time.Time) float64 { return float64(time.Since(since).Microseconds()) / 1000 }
