package run

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/model"
	"kvscope/engine/niah"
	"kvscope/engine/ops"
	"kvscope/engine/tokenizer"
)

// Engine answers requests on the models it was given. It is safe for concurrent
// use once the models are added.
type Engine struct {
	kernels *ops.Kernels
	models  []loaded
}

type loaded struct {
	info  ModelInfo
	model *model.Model
	tok   tokenizer.Tokenizer // nil where the model came without
	gen   *niah.Generator     // of its examples, nil with tok
}

// NewEngine returns an engine without models that runs on k.
func NewEngine(k *ops.Kernels) *Engine { return &Engine{kernels: k} }

// Add loads the model in f under name. It reads and writes the tokens of tok, or of the
// demo vocabulary where tok is nil and f says that it was made with it; without either it
// takes no text. The weights are views of f, which must stay open.
func (e *Engine) Add(name, note string, f *checkpoint.File, tok tokenizer.Tokenizer) error {
	m, err := model.Open(f, e.kernels)
	if err != nil {
		return fmt.Errorf("model %s: %w", name, err)
	}
	cfg, w := m.Config(), m.Weights()
	if tok, err = owned(tok, f.Metadata["tokenizer"], cfg.Vocab); err != nil {
		return fmt.Errorf("model %s: %w", name, err)
	}
	sum, params := sha256.New(), 0
	for _, p := range w.Params(cfg) {
		params += p.Len()
		sum.Write([]byte(p.Name))
		t, err := f.Tensor(p.Name)
		if err != nil {
			return fmt.Errorf("model %s: %w", name, err)
		}
		sum.Write(t.Data)
	}
	l := loaded{model: m, tok: tok, info: ModelInfo{
		Name: name, Arch: cfg.Kind(), Title: cfg.Title(), Memory: cfg.Memory,
		Layers: cfg.Layers, Heads: cfg.Heads, KVHeads: cfg.KVHeads, HeadDim: cfg.HeadDim,
		Context: cfg.Context, Params: params, Note: note, Hash: hex.EncodeToString(sum.Sum(nil)[:8]),
	}}
	if tok != nil {
		l.gen = niah.NewGenerator(tok)
	}
	e.models = append(e.models, l)
	return nil
}

// Models lists what can be run, in the order added.
func (e *Engine) Models() []ModelInfo {
	var infos []ModelInfo
	for _, m := range e.models {
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
	return l.model, nil
}

// Tokenizer is that of the model of that name.
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
	var names []string
	for i := range e.models {
		if e.models[i].info.Name == name {
			return &e.models[i], nil
		}
		names = append(names, e.models[i].info.Name)
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
