package run

import (
	"context"
	"math"
	"slices"
	"time"

	"kvscope/engine/figures"
	"kvscope/engine/model"
	"kvscope/engine/niah"
	"kvscope/engine/sparse"
	"kvscope/engine/tokenizer"
	"kvscope/engine/trace"
)

// A prompt is read in chunks: of as many tokens at most, and of fewer, but at least so many,
// where a matrix is so large that its product with them would take more multiplications.
// A run is stopped between two products.
const (
	mostChunk    = 256
	leastChunk   = 64
	mostProducts = 3_000_000_000 // a tenth of a second of one core
)

// prefillChunk is how many prompt tokens of a model of shape c are read at once.
func prefillChunk(c model.Config) int {
	largest := c.Dim * max(c.Hidden, c.Heads*c.HeadDim, 1)
	return max(leastChunk, min(mostChunk, mostProducts/largest/leastChunk*leastChunk))
}

// extraTokens is how many tokens past the expected answer a run may generate, so
// that an answer that goes on too long is seen to.
const extraTokens = 4

// freeTokens is how many tokens follow a free prompt where a request does not say.
const freeTokens = 32

// Run answers req and emits what happened to sink. It returns an input.Error when
// the request cannot be, ctx's error when that ends, or sink's.
//
// The prompt is prefilled up to its last token, which is fed as the first decoding
// step: so every answer token, the first too, is produced by a query that the
// method selects for.
func (e *Engine) Run(ctx context.Context, req Request, sink trace.Sink) error {
	return e.answering(req, false, func(a answer) error {
		_, err := a.run(ctx, sink)
		return err
	})
}

// answer is a request that has been understood: a job for a model or the replay of a
// capture.
type answer interface {
	run(ctx context.Context, sink trace.Sink) (*CachedRun, error)
}

// answering understands a request and hands the answer to do, while its model is open.
// Its run leaves what a CachedRun is made of if it is to be kept.
func (e *Engine) answering(req Request, keep bool, do func(answer) error) error {
	return e.using(req.Model, func(l *loaded) error {
		a, err := e.understand(l, req, keep)
		if err != nil {
			return err
		}
		return do(a)
	})
}

func (e *Engine) understand(l *loaded, req Request, keep bool) (answer, error) {
	if l.capture != nil {
		r, err := e.replay(l.capture, req)
		if err != nil {
			return nil, err
		}
		r.keep = keep
		return r, nil
	}
	j, err := e.prepare(l, req)
	if err != nil {
		return nil, err
	}
	j.keep = keep
	return j, nil
}

// job is a request that has been understood.
type job struct {
	engine       *Engine
	req          Request
	model        *model.Model
	tok          tokenizer.Tokenizer
	of           *loaded
	example      *niah.Example
	plan         sparse.Plan
	dense        bool // the prompt is read so; others look at it while the run rates its plan
	edit         sparse.Edit
	intervention *model.Intervention
	maxNew       int

	loglik float64 // of a free prompt's tokens but the first, as they are read

	keep  bool    // remember what a CachedRun is made of
	share bool    // leave the prompt for other runs, where it is read densely
	from  *prefix // the prompt as another run has read it already, or nil

	context    *prefix // the context as another run has read it and evicted of it, or nil
	compressed *trace.Compressed
	left       *prefix // the context as this run leaves it for others, or nil
}

// prepare understands a request on a model.
func (e *Engine) prepare(l *loaded, req Request) (*job, error) {
	var err error
	m := l.model
	j := &job{engine: e, req: req, model: m, tok: l.tok, of: l}
	if j.example, err = l.prompt(req, m.Config().Context); err != nil {
		return nil, err
	}
	prompt := len(j.example.Tokens)
	asked := sparse.Prompt{Tokens: prompt}
	if at := j.example.QuestionSpan.Start; at < prompt { // a free prompt asks nothing
		asked.Question = at
	}
	plan, err := asked.Plan(req.selection())
	if err != nil {
		return nil, err
	}
	if j.edit, err = req.edit(prompt, plan.Block); err != nil {
		return nil, err
	}
	if err := plan.UseIndex(l.index); err != nil {
		return nil, err
	}
	j.plan = plan.Edited(j.edit)
	j.dense = j.plan.Dense(prompt)
	if j.intervention, err = req.intervention(m.Config().Memory); err != nil {
		return nil, err
	}
	j.maxNew = len(j.example.Answer) + extraTokens
	if j.example.Most > 0 {
		j.maxNew = j.example.Most
	}
	if req.Prompt != "" {
		j.maxNew = freeTokens
	}
	if req.MaxNew != nil {
		j.maxNew = *req.MaxNew
	}
	j.maxNew = min(j.maxNew, m.Config().Context-prompt+1)
	return j, nil
}

// options are those of the session that runs j at a pace, whose gates go to gates.
func (j *job) options(rec *recorder, gates *gates, pace *pace) model.Options {
	prompt := len(j.example.Tokens)
	opt := model.Options{
		Block: j.plan.Block, Summaries: j.plan.Summaries, Capacity: min(prompt-1+max(j.maxNew, len(j.example.Answer)), j.model.Config().Context), Memory: j.intervention,
		Observe: rec.observe, ObserveFrom: min(prompt-1, j.plan.From), Tap: gates.tap, Pause: pace.pause,
	}
	opt.Selector, opt.SelectFrom, opt.SelectTo = j.plan.Selector, j.plan.From, j.plan.To
	opt.Joint = j.plan.Joint
	if e := j.plan.Evictor; e != nil {
		opt.Window, opt.EvictFrom = e.Window(), j.plan.From
	}
	if j.keep || j.share && (j.dense || j.split() < prompt-1) {
		opt.Window = everyQuery // another method may vote by any of them
	}
	return opt
}

// everyQuery is more queries than any run has.
const everyQuery = 1 << 30

// run runs j and returns what is left of it when it is kept.
func (j *job) run(ctx context.Context, sink trace.Sink) (*CachedRun, error) {
	plan, rates, err := j.engine.rated(ctx, j.of, j.plan)
	if err != nil {
		return nil, err
	}
	j.plan = plan
	header := j.header()
	header.Rates = rates
	if err := sink.Emit(header); err != nil {
		return nil, err
	}
	c, prompt := j.model.Config(), j.example.Tokens
	rec := &recorder{
		kernels: j.engine.kernels, sink: sink, tally: figures.NewTally(c.Layers, c.Heads),
		prompt: len(prompt), block: j.plan.Block, gold: j.example.Gold, rows: map[[2]int]*trace.Selection{}, room: lookBytes,
	}
	gates := newGates(c)
	for _, p := range []*prefix{j.from, j.context} {
		if p != nil {
			gates = p.gates.before(p.state.Len())
		}
	}
	pace := newPace(ctx, j, sink)
	opt := j.options(rec, gates, pace)
	started := time.Now()
	session, err := j.prefill(opt, pace, gates)
	if err != nil {
		return nil, err
	}
	if err := rec.flush(c.Layers, c.Heads); err != nil {
		return nil, err
	}
	kept := &CachedRun{Header: header, job: j, session: session, gates: gates, context: j.left}
	took := milliseconds(started)
	switch {
	case j.context != nil:
		took += j.context.took
	case j.from != nil:
		took, j.loglik = j.from.took, j.from.loglik // taking a prompt over says nothing of what reading it costs
	}
	if j.dense && (j.keep || j.share && j.from == nil) {
		kept.prefix = j.prefixOf(session, gates, took)
	}
	started = time.Now()
	if j.plan.Evictor != nil && j.plan.EvictAt == session.Len() {
		if err := session.Evict(j.plan.Evictor); err != nil {
			return nil, err
		}
	}
	done := &trace.Done{PrefillMS: took + milliseconds(started), Compressed: j.compressed}
	answer, err := j.decode(session, rec, done)
	if err != nil {
		return nil, err
	}
	done.Answer = j.tok.Decode(answer)
	done.Score = j.example.Score(done.Answer)
	done.ReadFraction, done.Hits = rec.tally.ReadFraction(), rec.hits()
	if n := len(prompt) - 1; j.req.Prompt != "" && n > 0 {
		done.Perplexity = new(math.Exp(-j.loglik / float64(n)))
	}
	done.LightFrom = rec.light
	gates.lengths(done.Hits, len(prompt)-1)
	if j.keep {
		done.SparseMS, done.DenseMS = kept.measure()
		// A run that is kept computes no more. It keeps neither its buffers nor the run
		// that it took its prompt from, which would keep its own in turn.
		session.ReleaseBuffers()
		j.from, j.context = nil, nil
	}
	return kept, sink.Emit(done)
}

// split is the position at which the method evicts before the question, and else that of the
// prompt's last token.
func (j *job) split() int {
	last := len(j.example.Tokens) - 1
	if j.plan.Evictor == nil {
		return last
	}
	return min(last, j.plan.EvictAt)
}

// prefill reads the prompt up to its last token, or takes over what another run
// read. What is evicted before that is evicted here.
func (j *job) prefill(opt model.Options, pace *pace, gates *gates) (*model.Session, error) {
	if j.from != nil {
		return j.model.Resume(j.from.state, opt)
	}
	started := time.Now()
	last, at, chunk := len(j.example.Tokens)-1, j.split(), prefillChunk(j.model.Config())
	if j.plan.Whole {
		chunk = last
	}
	session, err := j.begin(opt, pace, at, chunk)
	if err != nil {
		return nil, err
	}
	if at < last {
		if err := j.compress(session, gates, started); err != nil {
			return nil, err
		}
		if _, steps := j.plan.Evictor.(sparse.StepEvictor); steps {
			chunk = 1 // each token evicts
		}
		if err := j.read(session, pace, at, last, chunk); err != nil {
			return nil, err
		}
	}
	pace.reads(last+1, last+1)
	return session, nil
}

// begin reads the prompt's tokens before a position, or takes them over.
func (j *job) begin(opt model.Options, pace *pace, at, chunk int) (*model.Session, error) {
	if j.context != nil {
		pace.reads(at, at)
		return j.model.Resume(j.context.state, opt)
	}
	session, err := j.model.NewSession(opt)
	if err != nil {
		return nil, err
	}
	return session, j.read(session, pace, 0, at, chunk)
}

// read reads the prompt's tokens [from, to), so many at once.
func (j *job) read(s *model.Session, pace *pace, from, to, chunk int) error {
	for at := from; at < to; at += chunk {
		end := min(at+chunk, to)
		pace.reads(at, end)
		if j.req.Prompt == "" {
			if _, err := s.Prefill(j.example.Tokens[at:end]); err != nil {
				return err
			}
			continue
		}
		scores, err := s.PrefillScored(j.example.Tokens[at:end], j.example.Tokens[at+1:end+1])
		if err != nil {
			return err
		}
		for _, v := range scores {
			j.loglik += v
		}
	}
	return nil
}

// decode generates the answer greedily, token by token, until the model ends it.
func (j *job) decode(s *model.Session, rec *recorder, done *trace.Done) ([]int32, error) {
	var answer []int32
	prompt, expected := j.example.Tokens, j.example.Answer
	next, started, loglik := prompt[len(prompt)-1], time.Now(), 0.0
	wanted, right := 0.0, true // ln p of the expected tokens so far, all of which came
	for step := 0; step < j.maxNew; step++ {
		from := time.Now()
		logits, err := s.Step(next)
		if err != nil {
			return nil, err
		}
		if rec.err != nil {
			return nil, rec.err
		}
		p := append([]float32(nil), logits...)
		j.engine.kernels.Softmax(p, len(p), 1)
		event := &trace.Step{Step: step, Position: s.Len() - 1, Top: j.likeliest(p, logits)}
		event.Token, event.Prob = event.Top[0].Token, event.Top[0].Prob
		loglik += math.Log(float64(event.Prob))
		next = event.Token.ID
		if step < len(expected) {
			want := int(expected[step])
			event.Correct = expected[step] == next
			event.Want = &trace.Want{Prob: p[want], Logit: logits[want], Rank: figures.Rank(p, want)}
			if right {
				wanted += model.LogLikelihood(logits, expected[step])
			}
		}
		event.MS = milliseconds(from)
		if right && step < len(expected) && (!event.Correct || step == len(expected)-1 || step == j.maxNew-1) {
			right = false
			aside := time.Now()
			rest, err := s.Foresee(expected[step:])
			if err != nil {
				return nil, err
			}
			for _, v := range rest {
				wanted += v
			}
			done.ExpectedLogLik = &wanted
			started = started.Add(time.Since(aside))
		}
		if err := rec.sink.Emit(event); err != nil {
			return nil, err
		}
		done.LogLik = &loglik
		done.DecodeMS = milliseconds(started) / float64(step+1)
		if slices.Contains(j.tok.Ends(), next) {
			break
		}
		answer = append(answer, next)
	}
	return answer, nil
}

// alternatives is how many of the likeliest tokens a step reports.
const alternatives = 5

// likeliest returns the tokens of greatest probability, best first, ties to the
// lower token.
func (j *job) likeliest(p, logits []float32) []trace.Alternative {
	var top []trace.Alternative
	for _, i := range figures.Top(p, alternatives) {
		id := int32(i)
		top = append(top, trace.Alternative{Token: trace.Token{ID: id, Text: j.tok.Text(id)}, Prob: p[i], Logit: logits[i]})
	}
	return top
}

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

func milliseconds(since time.Time) float64 { return float64(time.Since(since).Microseconds()) / 1000 }
