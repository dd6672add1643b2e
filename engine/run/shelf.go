package run

import (
	"container/list"
	"context"
	"sync"

	"kvscope/engine/trace"
)

// Shelf runs requests and keeps the last of them, so that a page may look into them,
// and so that another method on the same prompt need not read the prompt again. It
// is safe for concurrent use.
type Shelf struct {
	engine *Engine
	limit  int

	mu    sync.Mutex
	byID  map[string]*list.Element
	order *list.List // of *Kept, the last used in front
	bytes int
}

// NewShelf returns a shelf of engine's runs that holds about limit bytes, and the
// last run however large it is.
func NewShelf(engine *Engine, limit int) *Shelf {
	return &Shelf{engine: engine, limit: limit, byID: map[string]*list.Element{}, order: list.New()}
}

// Models lists what can be run.
func (s *Shelf) Models() []ModelInfo { return s.engine.Models() }

// Limit is about how many bytes the runs kept may take.
func (s *Shelf) Limit() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limit
}

// Keep makes limit the limit.
func (s *Shelf) Keep(limit int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = limit
	s.shrink()
}

// Run is Engine.Run, and keeps the run under the ID that its header says.
func (s *Shelf) Run(ctx context.Context, req Request, sink trace.Sink) error {
	a, err := s.engine.understand(req, s)
	if err != nil {
		return err
	}
	kept, err := a.run(ctx, sink)
	if err != nil {
		return err
	}
	s.put(kept)
	return nil
}

// Kept is the run of a request's ID, nil when it is not, or no longer, here.
func (s *Shelf) Kept(id string) *Kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byID[id]
	if e == nil {
		return nil
	}
	s.order.MoveToFront(e)
	return e.Value.(*Kept)
}

// donor is a run that has read the prompt of j already, or nil.
func (s *Shelf) donor(j *job) *Kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.order.Front(); e != nil; e = e.Next() {
		if k := e.Value.(*Kept); k.serves(j) {
			return k
		}
	}
	return nil
}

func (s *Shelf) put(k *Kept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byID[k.Header.ID]; e != nil {
		s.remove(e)
	}
	s.byID[k.Header.ID] = s.order.PushFront(k)
	s.bytes += k.Bytes()
	s.shrink()
}

// shrink forgets the runs used least until the others are within the limit.
func (s *Shelf) shrink() {
	for s.bytes > s.limit && s.order.Len() > 1 {
		s.remove(s.order.Back())
	}
}

func (s *Shelf) remove(e *list.Element) {
	k := s.order.Remove(e).(*Kept)
	delete(s.byID, k.Header.ID)
	s.bytes -= k.Bytes()
}
