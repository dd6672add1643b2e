package train

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kvscope/engine/checkpoint"
	"kvscope/engine/index"
	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
	"kvscope/engine/tokenizer"
)

const smallIndex = `
index = tiny # a random model
dim = 3
block = 8
seed = 5
[stage]
context = 128
batch = 256
tokens = 2K
lr = 0.01
warmup = 2
mix = associations 1
`

// indexRun is a run over a small random model with a memory.
func indexRun(t *testing.T, dir string, config string) *Trainer {
	t.Helper()
	r, err := newIndexRun(t, dir, config)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func newIndexRun(t *testing.T, dir string, config string) (*Trainer, error) {
	t.Helper()
	cfg, err := ParseConfig(strings.NewReader(config))
	if err != nil {
		t.Fatal(err)
	}
	tok := tokenizer.NewDemo()
	shape := model.Config{Arch: model.Attention, Memory: true, GateBias: true, Layers: 2, Heads: 2, KVHeads: 2, HeadDim: 8, Dim: 16, Hidden: 32, Context: 256, Rope: model.Rope{Base: 10000}, Eps: 1e-6, Tied: true, Vocab: tok.Size()}
	m, err := model.New(shape, Initialise(shape, 3), ops.Reference())
	if err != nil {
		t.Fatal(err)
	}
	return NewIndexRun(*cfg, Base{Model: m, Tokenizer: tok, Name: "tiny", Hash: "h"}, ops.Reference(), RunOptions{
		Dir: dir, Resume: true, SaveEvery: time.Hour, LogEvery: 1, EvalEvery: 1000, Report: func(Point) {},
	})
}

// TestIndexContext: an index is trained within its model's context.
func TestIndexContext(t *testing.T) {
	longer := strings.Replace(smallIndex, "context = 128\nbatch = 256", "context = 512\nbatch = 512", 1)
	if _, err := newIndexRun(t, t.TempDir(), longer); err == nil || err.Error() != "stage 1: context: 512, want at most the model's 256" {
		t.Errorf("%v", err)
	}
}

// TestIndexGradients holds the gradients of an index to differences of its loss.
func TestIndexGradients(t *testing.T) {
	r := indexRun(t, t.TempDir(), smallIndex)
	l := r.learner.(*indexing)
	rng := rand.New(rand.NewPCG(2, 2))
	for _, p := range params(l.index) {
		for i := range p {
			p[i] += float32(0.3 * rng.NormFloat64()) // nothing is at the corner of a rectifier
		}
	}
	b, _, err := draw(r.lessons, rng, &r.cfg.Stages[0])
	if err != nil {
		t.Fatal(err)
	}
	l.distil(b, l.grads)
	checked := 0
	for part, p := range params(l.index) {
		for range 12 {
			i := rng.IntN(len(p))
			const step = 2e-3
			at := func(d float32) float64 {
				was := p[i]
				defer func() { p[i] = was }()
				p[i] += d
				loss, _ := l.distil(b, nil)
				return loss
			}
			want, got := (at(step)-at(-step))/(2*step), float64(params(l.grads)[part][i])
			if math.Abs(want-got) > 2e-2*math.Max(0.02, math.Abs(want)) {
				t.Errorf("part %d, number %d: gradient %g, by differences %g", part, i, got, want)
			}
			if want != 0 {
				checked++
			}
		}
	}
	if checked < 20 {
		t.Errorf("%d numbers of 36 change the loss", checked)
	}
}

// TestIndexLearns: the divergence falls, what is saved is the index, which a plan takes, and
// a run that was stopped goes on with the same bits.
func TestIndexLearns(t *testing.T) {
	whole := t.TempDir()
	r := indexRun(t, whole, smallIndex)
	var losses []float64
	r.opts.Report = func(p Point) { losses = append(losses, p.Loss) }
	if err := r.Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(losses); losses[n-1] > 0.9*losses[0] {
		t.Errorf("the loss went from %g to %g", losses[0], losses[n-1])
	}
	f, err := checkpoint.Open(filepath.Join(whole, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	x, err := index.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Fits(2, 2, 8); err != nil || x.Block != 8 || f.Metadata["base_hash"] != "h" {
		t.Errorf("%v, blocks of %d, metadata %v", err, x.Block, f.Metadata)
	}
	p, err := sparse.New(sparse.Config{Method: "indexer", Values: sparse.Values{"budget": "1/4", "block": "8"}}, 100)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.UseIndex(x); err != nil {
		t.Error(err)
	}

	parts := t.TempDir()
	first := indexRun(t, parts, smallIndex)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	first.opts.Report = func(p Point) {
		if p.Step == 3 {
			stop()
		}
	}
	if err := first.Train(ctx); err == nil {
		t.Fatal("it was not stopped")
	}
	if err := indexRun(t, parts, smallIndex).Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	a, b := openState(t, whole), openState(t, parts)
	for _, name := range a.Names() {
		x, errX := a.Tensor(name)
		y, errY := b.Tensor(name)
		if errX != nil || errY != nil || !slices.Equal(x.Data, y.Data) {
			t.Errorf("%s differs where the run was stopped: %v %v", name, errX, errY)
		}
	}
}

func TestIndexConfigErrors(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"index = tiny", "", "index: missing"},
		{"dim = 3", "dim = 0", "dim: 0"},
		{"block = 8", "block = 4K", "block: 4000"},
		{"seed = 5", "heads = 4", "index: a model has its own"},
		{"seed = 5", "base = other", "index: an adapter is trained with base"},
		{"mix = associations 1", "mix = prose 1", "mix: prose"},
	} {
		_, err := ParseConfig(strings.NewReader(strings.Replace(smallIndex, c.from, c.to, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.to, err, c.want)
		}
	}
}
