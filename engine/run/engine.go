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
	tok     *tokenizer.Tokenizer
	gen     *niah.Generator
	kernels *ops.Kernels
	models  []loaded
}

type loaded struct {
	info  ModelInfo
	model *model.Model
}

// NewEngine returns an engine without models that runs on k.
func NewEngine(tok *tokenizer.Tokenizer, k *ops.Kernels) *Engine {
	return &Engine{tok: tok, gen: niah.NewGenerator(tok), kernels: k}
}

// Add loads the model in f under name. It must have been made with the engine's
// vocabulary. The weights are views of f, which must stay open.
func (e *Engine) Add(name, note string, f *checkpoint.File) error {
	m, err := model.Open(f, e.kernels)
	if err != nil {
		return fmt.Errorf("model %s: %w", name, err)
	}
	cfg, w := m.Config(), m.Weights()
	if got := f.Metadata["tokenizer"]; got != e.tok.Fingerprint() {
		return fmt.Errorf("model %s: made with vocabulary %q, this program has %q", name, got, e.tok.Fingerprint())
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
	e.models = append(e.models, loaded{model: m, info: ModelInfo{
		Name: name, Arch: cfg.Kind(), Title: cfg.Title(), Memory: cfg.Memory,
		Layers: cfg.Layers, Heads: cfg.Heads, KVHeads: cfg.KVHeads, HeadDim: cfg.HeadDim,
		Context: cfg.Context, Params: params, Note: note, Hash: hex.EncodeToString(sum.Sum(nil)[:8]),
	}})
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
	var names []string
	for _, m := range e.models {
		if m.info.Name == name {
			return m.model, nil
		}
		names = append(names, m.info.Name)
	}
	return nil, input.Errorf("model", "%q, want one of %s", name, strings.Join(names, ", "))
}

// Tokenizer is the vocabulary of the engine's models.
func (e *Engine) Tokenizer() *tokenizer.Tokenizer { return e.tok }
