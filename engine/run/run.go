package run

import (
	"context"
	"math"
	"time"

	"kvscope/engine/figures"
	"kvscope/engine/model"
	"kvscope/engine/sparse"
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

// prefill reads the prompt up to its last token, or takes over what another run
// read. What is evicted before that is evicted here.
func (j *job) prefill(opt model.Options, pace *pace, gates *gates) (*model.Session, error) {
	if j.from != nil {
		return j.model.Resume(j.from.state, opt)
	}
	started := time.Now()
	last, at, chunk := len(j.example.Tokens)-1, j.split, prefillChunk(j.model.Config())
	if j.plan.Whole {
		chunk = last
	}
	session, err := j.begin(opt, pace, at, chunk)
	if err != nil {
		return nil, err
	}
	if j.evictsContext() {
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

func milliseconds(since time.Time) float64 { return float64(time.Since(since).Microseconds()) / 1000 }
