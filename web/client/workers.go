package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"kvscope/engine/input"
	"kvscope/engine/lens"
	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/web/api"
)

// Port is the way to one worker.
type Port interface {
	// Post asks; the answers come to the Listener that the port was made with.
	Post(ask api.Ask)
	// Close ends the worker.
	Close()
}

// Listener hears what a worker says, in order, and when it is gone.
type Listener interface {
	Reply(reply api.Reply, data []byte)
	Gone(why error)
}

// Workers is the Engine in the browser itself: as many workers as there are runs at
// once, up to a bound, each with models of its own.
type Workers struct {
	start func(Listener) Port
	meta  func(context.Context) (api.Meta, error)
	most  int

	mu      sync.Mutex
	files   []api.SiteFile  // of the models that can be run
	opened  []run.ModelInfo // those among them that people brought
	workers []*worker
	kept    map[string]*worker // that ran the request of an ID last, or one that differs in its key
	asks    int                // so far, the IDs of them
}

// NewWorkers returns an engine of at most so many workers, which start starts, and of
// those models that meta tells of whose files are given.
func NewWorkers(most int, start func(Listener) Port, meta func(context.Context) (api.Meta, error), files []api.SiteFile) *Workers {
	return &Workers{start: start, meta: meta, most: max(1, most), files: files, kept: map[string]*worker{}}
}

// worker is one of them. Its fields are the pool's to lock.
type worker struct {
	pool   *Workers
	port   Port
	models map[api.SiteFile]bool // that it was asked to run
	asks   map[int]*answers
}

// Meta says what can be run.
func (w *Workers) Meta(ctx context.Context) (api.Meta, error) {
	m, err := w.meta(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	m.Models = slices.DeleteFunc(m.Models, func(info run.ModelInfo) bool { _, ok := w.file(info.Name); return !ok })
	for i := range m.Models {
		if file, _ := w.file(m.Models[i].Name); file.History == "" {
			m.Models[i].Steps = nil // their weights are the server's
		}
	}
	for _, info := range w.opened {
		m.Models = append(slices.DeleteFunc(m.Models, func(other run.ModelInfo) bool { return other.Name == info.Name }), info)
	}
	return m, err
}

// file is that of the model of a name or, of a step of a training, of the model that was
// trained.
func (w *Workers) file(name string) (api.SiteFile, bool) {
	at := slices.IndexFunc(w.files, func(f api.SiteFile) bool { return f.Name == name })
	if at >= 0 {
		return w.files[at], true
	}
	if of, _, step := run.CutStep(name); step {
		file, ok := w.file(of)
		return file, ok && file.History != ""
	}
	return api.SiteFile{}, false
}

// Open adds a model that lies in a file at an address of the browser's own, instead of
// one of the same name, and says what it is.
func (w *Workers) Open(ctx context.Context, file api.SiteFile) (*run.ModelInfo, error) {
	info, err := w.load(ctx, file)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files = append(slices.DeleteFunc(slices.Clone(w.files), func(f api.SiteFile) bool { return f.Name == file.Name }), file)
	w.opened = append(slices.DeleteFunc(w.opened, func(m run.ModelInfo) bool { return m.Name == info.Name }), *info)
	return info, nil
}

// Run runs req in a worker.
func (w *Workers) Run(ctx context.Context, req run.Request, sink trace.Sink) error {
	return w.ask(ctx, api.Ask{Kind: api.AskRun, Request: &req}, func(a answer) error {
		switch a.reply.Kind {
		case api.ReplyProgress:
			if s, ok := sink.(ProgressSink); ok {
				s.Progress(*a.reply.Progress)
			}
		case api.ReplyFrame:
			e, err := trace.Decode(a.data)
			if err != nil {
				return fmt.Errorf("read frame: %w", err)
			}
			return sink.Emit(e)
		case api.ReplyEnd:
			if a.reply.Failure != nil {
				return sink.Emit(a.reply.Failure)
			}
		}
		return nil
	})
}

// Head implements Engine.
func (w *Workers) Head(ctx context.Context, req run.Request, layer, head int) (*lens.HeadTensors, error) {
	var out *lens.HeadTensors
	err := w.ask(ctx, api.Ask{Kind: api.AskHead, Request: &req, Layer: layer, Head: head}, func(a answer) (err error) {
		switch a.reply.Kind {
		case api.ReplyHead:
			out, err = lens.Decode(a.data)
		case api.ReplyEnd:
			err = failed(a.reply.Failure)
		}
		return err
	})
	return out, err
}

// Load makes a worker ready for a model before anything is asked of it.
func (w *Workers) Load(ctx context.Context, model string) error {
	w.mu.Lock()
	file, _ := w.file(model)
	w.mu.Unlock()
	_, err := w.load(ctx, file)
	return err
}

func (w *Workers) load(ctx context.Context, file api.SiteFile) (info *run.ModelInfo, err error) {
	err = w.ask(ctx, api.Ask{Kind: api.AskLoad, File: file}, func(a answer) error {
		info = a.reply.Model
		if a.reply.Kind == api.ReplyEnd {
			return failed(a.reply.Failure)
		}
		return nil
	})
	return info, err
}

// failed is a failure as an error, nil for none.
func failed(f *trace.Failure) error {
	switch {
	case f == nil:
		return nil
	case f.Field != "":
		return input.Errorf(f.Field, "%s", f.Message)
	}
	return errors.New(f.Message)
}

// ask asks a worker and hands what it says to hear, until it has said all, ctx ends or
// hear returns an error: then the worker is told to stop.
func (w *Workers) ask(ctx context.Context, ask api.Ask, hear func(answer) error) error {
	worker, reply, err := w.post(&ask)
	if err != nil {
		return hear(answer{reply: api.Reply{Kind: api.ReplyEnd, Failure: api.FailureOf(err)}})
	}
	for {
		a, err := reply.next(ctx)
		if err == nil {
			err = hear(a)
		}
		if err == nil && a.reply.Kind != api.ReplyEnd {
			continue
		}
		if err != nil && !IsLost(err) && a.reply.Kind != api.ReplyEnd {
			worker.port.Post(api.Ask{ID: ask.ID, Kind: api.AskCancel})
		}
		return err
	}
}

// post picks a worker for an ask, which gets its ID and the file of its model, and posts
// it.
func (w *Workers) post(ask *api.Ask) (*worker, *answers, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	id, context := "", ""
	if ask.Request != nil {
		id = ask.Request.ID()
		if ask.Request.Key != "" {
			context = contextID(*ask.Request)
		}
		file, ok := w.file(ask.Request.Model)
		if _, _, step := run.CutStep(ask.Request.Model); step && !ok {
			return nil, nil, input.Errorf("model", "%q is a step of a training whose history is not here for the engine in the browser; kvscope serve has those of the demo models", ask.Request.Model)
		}
		if !ok {
			return nil, nil, input.Errorf("model", "%q is not among those that run in the browser", ask.Request.Model)
		}
		ask.File = file
	}
	at := w.kept[context]
	if ask.Kind == api.AskHead && w.kept[id] != nil {
		at = w.kept[id]
	}
	if at == nil {
		at = w.pick(ask.File)
	}
	if ask.Kind == api.AskAnswer {
		id = "" // nothing is kept to be looked into
	}
	for _, id := range []string{id, context} {
		if id != "" {
			w.kept[id] = at
		}
	}
	w.asks++
	ask.ID = w.asks
	reply := &answers{added: make(chan struct{}, 1)}
	if ask.Kind == api.AskLoad {
		reply.loads = ask.File
	}
	at.models[ask.File], at.asks[ask.ID] = true, reply
	at.port.Post(*ask)
	return at, reply, nil
}

// contextID names what questions that differ in their key alone have in common: they go to one
// worker, which has the context, and where entries are evicted before the question one cache.
func contextID(req run.Request) string {
	req.Key = ""
	return req.ID()
}

// pick is the worker to ask for a model: one that has nothing to do and has the model, a
// new one while there may be more, or the one that has least to do, rather with the model.
// One that loads the model is as good as one that has it.
func (w *Workers) pick(model api.SiteFile) *worker {
	var best *worker
	for _, at := range w.workers {
		if best == nil || at.before(model) < best.before(model) || at.before(model) == best.before(model) && at.models[model] && !best.models[model] {
			best = at
		}
	}
	if best != nil && (len(w.workers) >= w.most || best.before(model) == 0 && best.models[model]) {
		return best
	}
	at := &worker{pool: w, models: map[api.SiteFile]bool{}, asks: map[int]*answers{}}
	at.port = w.start(at)
	w.workers = append(w.workers, at)
	return at
}

// before counts what a worker has to do before it can do something with a model, other than
// loading that.
func (w *worker) before(model api.SiteFile) int {
	n := 0
	for _, a := range w.asks {
		if a.loads != model {
			n++
		}
	}
	return n
}

// Reply implements Listener.
func (w *worker) Reply(reply api.Reply, data []byte) {
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	a := w.asks[reply.ID]
	if a == nil {
		return
	}
	if reply.Kind == api.ReplyEnd {
		delete(w.asks, reply.ID) // the worker is free, whether or not anybody still listens
	}
	a.add(answer{reply: reply, data: data})
}

// Gone implements Listener: what was asked is lost, and the next ask starts a new worker.
func (w *worker) Gone(why error) {
	w.port.Close()
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	for _, a := range w.asks {
		a.add(answer{err: &LostError{why}})
	}
	for id, at := range w.pool.kept {
		if at == w {
			delete(w.pool.kept, id)
		}
	}
	for i, at := range w.pool.workers {
		if at == w {
			w.pool.workers = append(w.pool.workers[:i:i], w.pool.workers[i+1:]...)
			break
		}
	}
}

// answer is something that a worker said, or why it says nothing more.
type answer struct {
	reply api.Reply
	data  []byte
	err   error
}

// answers keeps what was said until it is heard. Adding never waits: it happens in a
// turn of the browser's own.
type answers struct {
	loads api.SiteFile // what was asked to be loaded, nothing for other asks
	mu    sync.Mutex
	list  []answer
	added chan struct{} // something was, since the last look
}

func (q *answers) add(a answer) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, a)
	select {
	case q.added <- struct{}{}:
	default:
	}
}

// next waits for the next answer.
func (q *answers) next(ctx context.Context) (answer, error) {
	for {
		if err := ctx.Err(); err != nil {
			return answer{}, context.Cause(ctx)
		}
		q.mu.Lock()
		if len(q.list) > 0 {
			a := q.list[0]
			q.list = q.list[1:]
			q.mu.Unlock()
			return a, a.err
		}
		q.mu.Unlock()
		select {
		case <-q.added:
		case <-ctx.Done():
		}
	}
}
