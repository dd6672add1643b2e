package run

import (
	"context"

	"kvscope/engine/model"
	"kvscope/engine/niah"
	"kvscope/engine/sparse"
	"kvscope/engine/tokenizer"
	"kvscope/engine/trace"
)

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
	reading
	engine  *Engine
	req     Request
	tok     tokenizer.Tokenizer
	of      *loaded
	example *niah.Example
	plan    sparse.Plan
	edit    sparse.Edit
	maxNew  int

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
	j := &job{engine: e, req: req, tok: l.tok, of: l}
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
	intervention, err := req.intervention(m.Config().Memory)
	if err != nil {
		return nil, err
	}
	j.reading = reading{source: source{m, intervention, j.example.Tokens}, dense: j.plan.Dense(prompt), split: prompt - 1}
	if j.plan.Evictor != nil {
		j.split = min(j.split, j.plan.EvictAt)
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
	if j.keep || j.share && (j.dense || j.evictsContext()) {
		opt.Window = everyQuery // another method may vote by any of them
	}
	return opt
}

// everyQuery is more queries than any run has.
const everyQuery = 1 << 30
