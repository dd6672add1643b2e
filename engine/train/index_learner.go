package train

import (
	"fmt"
	"math"
	"math/rand/v2"

	"kvscope/engine/checkpoint"
	"kvscope/engine/index"
	"kvscope/engine/input"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
	"kvscope/engine/tokenizer"
)

// NewIndexRun prepares the run of an index over base, from its start or from where it was.
// What it learns on are the lessons of the demo models.
func NewIndexRun(cfg Config, base Base, k *ops.Kernels, opts RunOptions) (*Trainer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Index == nil {
		return nil, input.Errorf("index", "missing, want the model that the index is for")
	}
	tok, ok := base.Tokenizer.(*tokenizer.Demo)
	if !ok {
		return nil, input.Errorf("index", "%s has a vocabulary of its own, want a model of the demo vocabulary, which the lessons are written in", base.Name)
	}
	c := base.Model.Config()
	for i := range cfg.Stages {
		if longest := cfg.Stages[i].longest(); longest > c.Context {
			return nil, fmt.Errorf("stage %d: %w", i+1, input.Errorf("context", "%d, want at most the model's %d", longest, c.Context))
		}
	}
	x := sparse.NewIndex(c.Layers, c.Heads, c.HeadDim, cfg.Index.Dim, cfg.Index.Block)
	initialiseIndex(x, cfg.Seed)
	like := func() *sparse.Index {
		return sparse.NewIndex(c.Layers, c.Heads, c.HeadDim, cfg.Index.Dim, cfg.Index.Block)
	}
	return newRun(cfg, newWriter(tok), &indexing{base: base, kernels: k, index: x, grads: like(), moment1: like(), moment2: like()}, opts)
}

// initialiseIndex lets every score begin about as q·mean(keys of the block)/√Dh through d
// random channels: of every two parts one reads it where it is positive, the other where it
// is negative, and each two with other channels.
func initialiseIndex(x *sparse.Index, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	dh := x.HeadDim
	scale := 1 / math.Sqrt(math.Sqrt(float64(dh))*float64(x.Dim)*sparse.IndexParts/2)
	for at := range x.Layers * x.Heads {
		query, key, weight := x.Part(at/x.Heads, at%x.Heads)
		for d := range x.Dim {
			for c := range dh {
				v := rng.NormFloat64() * scale
				key[d*3*dh+2*dh+c] = float32(v)
				for j := 0; j < sparse.IndexParts; j += 2 {
					turned := float32(v + indexNoise*scale*rng.NormFloat64())
					query[(j*x.Dim+d)*dh+c], query[((j+1)*x.Dim+d)*dh+c] = turned, -turned
				}
			}
		}
		for j := range weight {
			weight[j] = float32(1 - j%2*2)
		}
	}
}

// indexNoise tells the parts of an index apart at first, in the size of their channels.
const indexNoise = 0.3

// indexing is an index as a learner; its optimiser is that of adapters.
type indexing struct {
	base    Base
	kernels *ops.Kernels

	index, grads, moment1, moment2 *sparse.Index
}

// params are the numbers of an index in the order of its file.
func params(x *sparse.Index) [][]float32 { return [][]float32{x.Query, x.Key, x.Weight} }

func (l *indexing) learn(b *Batch, _ Mask, t turn) (loss, norm float64, right []bool) {
	for _, g := range params(l.grads) {
		clear(g)
	}
	loss, right = l.distil(b, l.grads)
	return loss, l.update(t), right
}

// update takes a step of AdamW and returns the norm of the gradient.
func (l *indexing) update(t turn) float64 {
	m, v, g := params(l.moment1), params(l.moment2), params(l.grads)
	norm := normOf(g...)
	step := adamW(t, norm)
	step.LR = float32(t.lr)
	for i, p := range params(l.index) {
		l.kernels.AdamW(p, m[i], v[i], g[i], step)
	}
	return norm
}

func (l *indexing) answer(b *Batch) []bool {
	_, right := l.distil(b, nil)
	return right
}

// eachPart visits the parts of a state with what their tensors' names begin with.
func (l *indexing) eachPart(visit func(prefix string, x *sparse.Index)) {
	visit("", l.index)
	visit("moment1.", l.moment1)
	visit("moment2.", l.moment2)
}

func (l *indexing) state() []checkpoint.Tensor {
	var ts []checkpoint.Tensor
	l.eachPart(func(prefix string, x *sparse.Index) { ts = append(ts, index.Tensors(x, prefix, checkpoint.NewF32)...) })
	return ts
}

func (l *indexing) resume(f *checkpoint.File) (err error) {
	if err := sameBase(f, l.base.Hash); err != nil {
		return err
	}
	l.eachPart(func(prefix string, x *sparse.Index) {
		for i, t := range index.Tensors(x, prefix, checkpoint.NewF32) {
			data, failed := f.Float32(t.Name, t.Shape...)
			if failed != nil && err == nil {
				err = failed
			}
			copy(params(x)[i], data)
		}
	})
	return err
}

func (l *indexing) metadata() map[string]string {
	m := index.Metadata(l.index)
	m["base"], m["base_hash"] = l.base.Name, l.base.Hash
	return m
}

func (l *indexing) save(path string, metadata map[string]string) error {
	return checkpoint.Save(path, metadata, index.Tensors(l.index, "", checkpoint.NewBF16))
}
