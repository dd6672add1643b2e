package run

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/model"
	"kvscope/engine/niah"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
	"kvscope/engine/tokenizer"
)

// Engine answers requests on the models it was given. It is safe for concurrent use, also
// while models are added.
type Engine struct {
	// Yield, when set, is called between pieces of work of some milliseconds to tens of
	// them, by every run. A host whose goroutines share one thread with an event loop, as in
	// a browser, lets that loop in: otherwise no message, one that cancels the run among them,
	// would arrive before the run is over. Set it before anything runs.
	Yield func()

	kernels *ops.Kernels
	books   []*niah.Book

	mu     sync.RWMutex
	models []*loaded // in the order added
	closed bool

	trainings []*training // whose steps are models that are not listed
}

type loaded struct {
	info    ModelInfo
	model   *model.Model
	tok     tokenizer.Tokenizer // nil where the model came without
	gen     *niah.Generator     // of its examples, nil with tok
	index   *sparse.Index       // that was trained for it, or nil
	trained string              // hash of the file of index, "" without

	probe   *probe
	capture *captured // queries and keys in the place of a model, or nil

	users int // runs that read its files now; Engine.mu guards it
}

// close releases the files of l.
func (l *loaded) close() error {
	if l.capture != nil {
		return l.capture.Close()
	}
	return l.model.Close()
}

// NewEngine returns an engine without models that runs on k. Needles may be hidden in
// books: those of models with a tokenizer of their own in the first.
func NewEngine(k *ops.Kernels, books ...*niah.Book) *Engine { return &Engine{kernels: k, books: books} }

// Add loads the model in f, which says its shape itself, as AddSource does.
func (e *Engine) Add(name, note string, f *checkpoint.File, tok tokenizer.Tokenizer) error {
	src, err := model.NewSource(f)
	if err != nil {
		return fmt.Errorf("model %s: %w", name, err)
	}
	return e.AddSource(name, note, src, tok)
}

// AddSource loads the model in src under name. It reads and writes the tokens of tok, or
// of the demo vocabulary where tok is nil and src says that it was made with it; without
// either it takes no text. The weights are views of src, which Close closes.
func (e *Engine) AddSource(name, note string, src *model.Source, tok tokenizer.Tokenizer) error {
	l, err := e.load(name, note, src, tok)
	if err != nil {
		return err
	}
	return e.add(l)
}

// load makes the model that AddSource adds.
func (e *Engine) load(name, note string, src *model.Source, tok tokenizer.Tokenizer) (*loaded, error) {
	m, err := src.Model(e.kernels)
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", name, err)
	}
	cfg := m.Config()
	if tok, err = owned(tok, src.File().Metadata["tokenizer"], cfg.Vocab); err != nil {
		return nil, fmt.Errorf("model %s: %w", name, err)
	}
	l := &loaded{model: m, tok: tok, probe: newProbe(), info: ModelInfo{
		Name: name, Arch: cfg.Kind(), Base: string(cfg.Arch), Title: cfg.Title(), Memory: cfg.Memory,
		Layers: cfg.Layers, Heads: cfg.Heads, KVHeads: cfg.KVHeads, HeadDim: cfg.HeadDim,
		Context: cfg.Context, Params: m.Weights().Len(cfg), DType: strings.Join(src.DTypes(), ", "), Bytes: m.Weights().Bytes(cfg), Note: note,
	}}
	l.info.content = sync.OnceValues(src.ContentHash)
	l.info.fingerprint = func() (string, error) { return e.fingerprint(l) }
	if l.info.Hash = src.Identity(); l.info.Hash == "" { // in memory
		if l.info.Hash, err = l.info.content(); err != nil {
			return nil, fmt.Errorf("model %s: %w", name, err)
		}
	}
	if tok != nil {
		l.gen, l.info.Prose = niah.NewGenerator(tok, e.books...), e.proseOf(tok)
	}
	return l, nil
}

// add adds l, whose name no other model may have.
func (e *Engine) add(l *loaded) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if slices.ContainsFunc(e.models, func(m *loaded) bool { return m.info.Name == l.info.Name }) {
		return input.Errorf("model", "there is one called %q already", l.info.Name)
	}
	e.models = append(e.models, l)
	return nil
}

// all are the models as they are now.
func (e *Engine) all() []*loaded {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return slices.Clone(e.models)
}

// proseOf is the prose that a model with tok reads where a request names none: that which
// the demo vocabulary was made of, or a book.
func (e *Engine) proseOf(tok tokenizer.Tokenizer) string {
	if len(e.books) == 0 || tok.Fingerprint() == tokenizer.NewDemo().Fingerprint() {
		return niah.Sentences
	}
	return e.books[0].Name
}

// Close takes all models out of e and releases their files: of a model that runs, when
// the last of its runs is over. Nothing runs that is asked for after it.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	var failed error
	for _, l := range e.models {
		if l.users == 0 {
			failed = errors.Join(failed, l.close())
		}
	}
	e.models, e.trainings = nil, nil
	return failed
}

// using has do read the files of the model of that name, which stay open meanwhile.
func (e *Engine) using(name string, do func(*loaded) error) (err error) {
	if step, err := e.step(name); err != nil {
		return err
	} else if step != nil {
		return do(step) // which has no files
	}
	e.mu.Lock()
	l, err := find(e.models, name)
	if err != nil {
		e.mu.Unlock()
		return err
	}
	l.users++
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if l.users--; l.users == 0 && e.closed {
			if failed := l.close(); failed != nil {
				err = errors.Join(err, failed)
			}
		}
	}()
	return do(l)
}

// Models lists what can be run, in the order added.
func (e *Engine) Models() []ModelInfo {
	var infos []ModelInfo
	for _, m := range e.all() {
		infos = append(infos, m.info)
	}
	return infos
}

// Model finds a loaded model by name.
func (e *Engine) Model(name string) (*model.Model, error) {
	l, err := e.find(name)
	if err != nil {
		return nil, err
	}
	if l.model == nil {
		return nil, input.Errorf("model", "%q is a capture of queries and keys, want a model", name)
	}
	return l.model, nil
}

// Tokenizer returns the tokenizer of the model of that name.
func (e *Engine) Tokenizer(name string) (tokenizer.Tokenizer, error) {
	l, err := e.find(name)
	if err != nil {
		return nil, err
	}
	if l.tok == nil {
		return nil, input.Errorf("model", "%q has no tokenizer, so it reads no text, only token numbers", name)
	}
	return l.tok, nil
}

func (e *Engine) find(name string) (*loaded, error) {
	if step, err := e.step(name); step != nil || err != nil {
		return step, err
	}
	return find(e.all(), name)
}

// find is the model of that name among models.
func find(models []*loaded, name string) (*loaded, error) {
	var names []string
	for _, m := range models {
		if m.info.Name == name {
			return m, nil
		}
		names = append(names, m.info.Name)
	}
	if len(names) == 0 {
		return nil, input.Errorf("model", "%q, and none is open", name)
	}
	return nil, input.Errorf("model", "%q, want one of %s", name, strings.Join(names, ", "))
}

// owned is the tokenizer of a model of vocab tokens made with the vocabulary of that
// fingerprint, "" for unknown: tok, or the demo models' own.
func owned(tok tokenizer.Tokenizer, fingerprint string, vocab int) (tokenizer.Tokenizer, error) {
	if tok == nil {
		if demo := tokenizer.NewDemo(); fingerprint == demo.Fingerprint() {
			tok = demo
		}
	}
	switch {
	case tok == nil:
		return nil, nil
	case fingerprint != "" && tok.Fingerprint() != fingerprint:
		return nil, fmt.Errorf("made with vocabulary %q, the tokenizer has %q", fingerprint, tok.Fingerprint())
	case tok.Size() > vocab:
		return nil, fmt.Errorf("has %d tokens, the tokenizer %d: it is another model's", vocab, tok.Size())
	}
	return tok, nil
}
