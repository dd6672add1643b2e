package run

import (
	"container/list"
	"context"
	"sync"

	"kvscope/engine/trace"
)

// Cache runs requests and keeps the last of them, so that a page may look into them,
// and so that another method on the same prompt need not read the prompt again. It
// is safe for concurrent use.
type Cache struct {
	engine *Engine
	limit  int

	mu    sync.Mutex
	byID  map[string]*list.Element
	order *list.List // of *CachedRun, the last used in front
	bytes int

	reading map[*job]chan struct{} // runs that read a prompt now, closed when each is over
}

// NewCache returns a cache of engine's runs that holds about limit bytes, and the
// last run however large it is.
func NewCache(engine *Engine, limit int) *Cache {
	return &Cache{engine: engine, limit: limit, byID: map[string]*list.Element{}, order: list.New(), reading: map[*job]chan struct{}{}}
}

// Models lists what can be run.
func (s *Cache) Models() []ModelInfo { return s.engine.Models() }

// Limit is about how many bytes the runs kept may take.
func (s *Cache) Limit() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limit
}

// SetLimit makes limit the limit.
func (s *Cache) SetLimit(limit int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = limit
	s.shrink()
}

// Run is Engine.Run, and keeps the run under the ID that its header says. A run whose
// prompt another one is reading waits for that and takes it over.
func (s *Cache) Run(ctx context.Context, req Request, sink trace.Sink) error {
	return s.share(ctx, req, true, sink)
}

// Answer is Run for whom the result will do: it takes over prompts too, and keeps nothing, since
// a run of a large model takes as much memory again as its prompt. But a context that a method
// has evicted of is kept for the next question.
func (s *Cache) Answer(ctx context.Context, req Request, sink trace.Sink) error {
	return s.share(ctx, req, false, sink)
}

func (s *Cache) share(ctx context.Context, req Request, keep bool, sink trace.Sink) error {
	return s.engine.answering(req, keep, func(a answer) error {
		if j, ok := a.(*job); ok {
			over, err := s.sharePrefix(ctx, j)
			if err != nil {
				return err
			}
			defer over()
			keep = keep || j.evictsContext()
			j.keep = keep
		}
		kept, err := a.run(ctx, sink)
		if err == nil && keep {
			s.put(kept)
		}
		return err
	})
}

// Cached is the run of a request's ID, nil when it is not, or no longer, here.
func (s *Cache) Cached(id string) *CachedRun {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byID[id]
	if e == nil {
		return nil
	}
	s.order.MoveToFront(e)
	return e.Value.(*CachedRun)
}

// sharePrefix gives j the prompt as another run has read it, waiting for one that reads it now.
// Where there is none, j is the one to wait for until over is called.
func (s *Cache) sharePrefix(ctx context.Context, j *job) (over func(), err error) {
	for {
		s.mu.Lock()
		j.from, j.context = s.prefixFor(j), s.contextFor(j)
		other, taken := s.runReading(j), j.from != nil || j.context != nil
		if taken || other == nil {
			done := make(chan struct{})
			if !taken {
				s.reading[j] = done
			}
			s.mu.Unlock()
			return func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				delete(s.reading, j)
				close(done)
			}, nil
		}
		s.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// runReading is the channel of a run that reads the prompt of j now, or nil.
func (s *Cache) runReading(j *job) chan struct{} {
	for other, done := range s.reading {
		if other.shares(j.reading) {
			return done
		}
	}
	return nil
}

// prefixFor is the prompt of j as another run has read it already, or nil.
func (s *Cache) prefixFor(j *job) *prefix {
	for e := s.order.Front(); e != nil; e = e.Next() {
		if p := e.Value.(*CachedRun).prefix; p.serves(j) {
			return p
		}
	}
	return nil
}

// contextFor is the context of j as another run has read it already, or nil; where j's own
// method has evicted of one, that.
func (s *Cache) contextFor(j *job) *prefix {
	var found *prefix
	for e := s.order.Front(); e != nil; e = e.Next() {
		if p := e.Value.(*CachedRun).context; p.begins(j) && (found == nil || p.evicts(j)) {
			found = p
		}
	}
	return found
}

func (s *Cache) put(k *CachedRun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byID[k.Header.ID]; e != nil {
		if was := e.Value.(*CachedRun); k.context == nil {
			k.context = was.context // which k has taken over: the next question does too
		}
		s.remove(e)
	}
	s.byID[k.Header.ID] = s.order.PushFront(k)
	s.bytes += k.Bytes()
	s.shrink()
}

// shrink forgets the runs used least until the others are within the limit.
func (s *Cache) shrink() {
	for s.bytes > s.limit && s.order.Len() > 1 {
		s.remove(s.order.Back())
	}
}

func (s *Cache) remove(e *list.Element) {
	k := s.order.Remove(e).(*CachedRun)
	delete(s.byID, k.Header.ID)
	s.bytes -= k.Bytes()
}
