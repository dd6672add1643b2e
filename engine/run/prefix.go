package run

import (
	"container/list"
	"context"
	"reflect"
	"sync"

	"kvscope/engine/model"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// prefix is a prompt up to its last token, as a run has read it densely, or a context up to
// the question, with what was evicted then. Any number of runs on the same may go on from it.
type prefix struct {
	source // the whole prompt, or the context
	state  *model.Prefix
	gates  *gates
	took   float64 // milliseconds of reading it
	loglik float64 // of a free prompt's tokens but the first
	bytes  int     // that it keeps alive

	evictor sparse.Evictor       // of a context, that left kept; else nil
	kept    [][]sparse.Selection // [L][H]
}

// prefixOf is the prompt of j as session has read it.
func (j *job) prefixOf(session *model.Session, gates *gates, took float64) *prefix {
	state := session.Prefix()
	return &prefix{
		source: j.source, state: state, gates: gates, took: took, loglik: j.loglik,
		bytes: session.Bytes() + state.Bytes() + gates.bytes(),
	}
}

// contextOf is the context of j as session has read it and evicted of it.
func (j *job) contextOf(session *model.Session, gates *gates, took float64) *prefix {
	p := j.prefixOf(session, gates.before(session.Len()), took)
	p.source = j.before(session.Len())
	p.evictor, p.kept = j.plan.Evictor, session.Kept()
	return p
}

// begins reports whether p can stand for the context of j.
func (p *prefix) begins(j *job) bool {
	return p != nil && p.evictor != nil && j.evictsContext() && p.equal(j.before(j.split))
}

// evicts reports whether j evicts of the context p what has been evicted of it already.
func (p *prefix) evicts(j *job) bool { return reflect.DeepEqual(p.evictor, j.plan.Evictor) }

// serves reports whether p can stand for the prompt of j.
func (p *prefix) serves(j *job) bool {
	return p != nil && p.evictor == nil && j.dense && p.equal(j.source)
}

// PrefixCache runs requests and keeps the last prompts as they were read, so that another
// method on the same prompt need not read it again (prefix caching). Unlike a Cache it keeps
// nothing of the answers. It is safe for concurrent use.
type PrefixCache struct {
	engine *Engine
	limit  int

	mu    sync.Mutex
	kept  *list.List // of *prefix, the last used in front
	bytes int
}

// NewPrefixCache returns a cache of the prompts of engine's runs that holds about limit
// bytes, and the last prompt however large it is.
func NewPrefixCache(engine *Engine, limit int) *PrefixCache {
	return &PrefixCache{engine: engine, limit: limit, kept: list.New()}
}

// Models lists what can be run.
func (c *PrefixCache) Models() []ModelInfo { return c.engine.Models() }

// Run is Engine.Run, on a prompt that it keeps or has kept.
func (c *PrefixCache) Run(ctx context.Context, req Request, sink trace.Sink) error {
	return c.engine.answering(req, false, func(a answer) error {
		j, ok := a.(*job)
		if ok {
			j.share, j.from, j.context = true, c.find(j), c.findContext(j)
		}
		ran, err := a.run(ctx, sink)
		if err != nil {
			return err
		}
		for _, p := range []*prefix{ran.prefix, ran.context} {
			if p != nil {
				c.put(p)
			}
		}
		return nil
	})
}

// find is the prompt of j as it was read, or nil.
func (c *PrefixCache) find(j *job) *prefix {
	c.mu.Lock()
	defer c.mu.Unlock()
	for e := c.kept.Front(); e != nil; e = e.Next() {
		if p := e.Value.(*prefix); p.serves(j) {
			c.kept.MoveToFront(e)
			return p
		}
	}
	return nil
}

// findContext is the context of j as it was read, or nil; where j's own method has evicted of
// one, that.
func (c *PrefixCache) findContext(j *job) *prefix {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found *list.Element
	for e := c.kept.Front(); e != nil; e = e.Next() {
		if p := e.Value.(*prefix); p.begins(j) && (found == nil || p.evicts(j)) {
			found = e
		}
	}
	if found == nil {
		return nil
	}
	c.kept.MoveToFront(found)
	return found.Value.(*prefix)
}

// put keeps p, and forgets the prompts used least until the others are within the limit.
func (c *PrefixCache) put(p *prefix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept.PushFront(p)
	for c.bytes += p.bytes; c.bytes > c.limit && c.kept.Len() > 1; {
		c.bytes -= c.kept.Remove(c.kept.Back()).(*prefix).bytes
	}
}
