package train

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/tokenizer"
)

// Base is the pretrained model that an adapter is trained over.
type Base struct {
	Model     *model.Model
	Tokenizer tokenizer.Tokenizer
	Name      string // for people
	Hash      string // of the weights, so that a run goes on over the same
}

// NewAdapterRun prepares a run over base, reading texts, from its start or from where
// it was.
func NewAdapterRun(cfg Config, base Base, texts []string, k *ops.Kernels, opts RunOptions) (*Trainer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Adapter == nil {
		return nil, input.Errorf("base", "missing, want the model that the adapter is for")
	}
	if size, vocab := base.Tokenizer.Size(), base.Model.Config().Vocab; size > vocab {
		return nil, input.Errorf("base", "its tokenizer has %d tokens, the model %d", size, vocab)
	}
	lessons, err := newReader(base.Tokenizer, texts)
	if err != nil {
		return nil, err
	}
	frozen, err := NewFrozen(base.Model, cfg.Model.Context)
	if err != nil {
		return nil, err
	}
	c := cfg.Adapter
	a := InitialiseAdapter(frozen.Config, base.Name, c.Rank, c.GateRank, c.Gated, cfg.Seed)
	earlier := 0
	if c.Start != "" {
		if earlier, err = startFrom(c.Start, a, base.Hash); err != nil {
			return nil, err
		}
	}
	return newRun(cfg, lessons, &adapting{
		baseHash: base.Hash, ramp: c.Ramp, earlier: earlier, kernels: k, moment1: a.Like(), moment2: a.Like(),
		parallel: &adapterDataParallel{base: frozen, adapter: a, kernels: k},
	}, opts)
}

// adapting is an adapter as a learner. Its optimiser is AdamW (arXiv:1711.05101) without
// decay: a base that is frozen holds the weights where they are.
type adapting struct {
	baseHash         string
	ramp             int // tokens until gates are open
	earlier          int // tokens that the adapter that this began from had been trained on
	kernels          *ops.Kernels
	parallel         *adapterDataParallel
	moment1, moment2 *model.Adapter
}

// Settings of AdamW, and how much faster gates move than deltas: their projections
// start at zero, and a bias is one number for a whole channel.
const (
	adapterBeta1, adapterBeta2, adapterEps = 0.9, 0.95, 1e-8
	adapterClip                            = 1.0
	gateRate, gateBiasRate                 = 3, 10
)

// firstRamp is the factor of the gates at the first token of a run. It is above zero, since
// gates that are shut get no gradient.
const firstRamp = 0.05

// open is the factor of the gates after so many tokens: linear from firstRamp to 1 over the
// ramp.
func (l *adapting) open(tokens int) float32 {
	if tokens >= l.ramp {
		return 1
	}
	return firstRamp + (1-firstRamp)*float32(tokens)/float32(l.ramp)
}

func (l *adapting) learn(b *Batch, mask Mask, t turn) (loss, norm float64, right []bool) {
	loss, grads, right := l.parallel.step(b, mask, l.open(t.tokens))
	return loss, l.update(grads, t), right
}

// update takes the step of the optimiser and returns the norm of the gradient.
func (l *adapting) update(grads *model.Adapter, t turn) float64 {
	gs, m, v := grads.Params(), l.moment1.Params(), l.moment2.Params()
	norm := normOf(dataOf(gs)...)
	h := adamW(t, norm)
	for i, p := range l.parallel.adapter.Params() {
		h.LR = float32(t.lr * adapterRate(p.Name))
		l.kernels.AdamW(p.Data, m[i].Data, v[i].Data, gs[i].Data, h)
	}
	return norm
}

// adamW is a step over a frozen model by a gradient of that norm, but for its rate.
func adamW(t turn, norm float64) ops.AdamWStep {
	return ops.AdamWStep{
		Beta1: adapterBeta1, Beta2: adapterBeta2, Eps: adapterEps, GradScale: float32(min(1, adapterClip/norm)),
		Correction1: float32(1 - math.Pow(adapterBeta1, float64(t.step))),
		Correction2: float32(1 - math.Pow(adapterBeta2, float64(t.step))),
	}
}

// adapterRate is the learning rate of a parameter in those of the deltas.
func adapterRate(name string) float64 {
	switch {
	case !strings.Contains(name, model.GateModule):
		return 1
	case strings.HasSuffix(name, ".bias"):
		return gateBiasRate
	}
	return gateRate
}

func (l *adapting) answer(b *Batch) []bool {
	_, right := l.parallel.evaluate(b, Mask{}, 1)
	return right
}

// eachPart visits the parts of a state with what their tensors' names begin with.
func (l *adapting) eachPart(visit func(prefix string, a *model.Adapter)) {
	visit("", l.parallel.adapter)
	visit("moment1.", l.moment1)
	visit("moment2.", l.moment2)
}

func (l *adapting) state() []checkpoint.Tensor {
	var ts []checkpoint.Tensor
	l.eachPart(func(prefix string, a *model.Adapter) {
		for _, p := range a.Params() {
			ts = append(ts, checkpoint.NewF32(prefix+p.Name, p.Shape, p.Data))
		}
	})
	return ts
}

func (l *adapting) resume(f *checkpoint.File) (err error) {
	if err := sameBase(f, l.baseHash); err != nil {
		return err
	}
	return readParts(f, l.eachPart)
}

// sameBase holds the base that f was made over to the one of that hash.
func sameBase(f *checkpoint.File, hash string) error {
	if got := f.Metadata["base_hash"]; got != hash {
		return fmt.Errorf("it was made over another base, of hash %q, this one has %q", got, hash)
	}
	return nil
}

// readParts reads the parts that each visits from f, which holds nothing else.
func readParts(f *checkpoint.File, each func(visit func(prefix string, a *model.Adapter))) (err error) {
	names := map[string]bool{}
	each(func(prefix string, a *model.Adapter) {
		for _, p := range a.Params() {
			names[prefix+p.Name] = true
			if err == nil {
				err = readInto(p, f, prefix)
			}
		}
	})
	for _, name := range f.Names() {
		if err == nil && !names[name] {
			err = fmt.Errorf("it holds %s, which the config's adapter has not", name)
		}
	}
	return err
}

// readInto reads the tensor of p in f.
func readInto(p model.Param, f *checkpoint.File, prefix string) error {
	t, err := f.Tensor(prefix + p.Name)
	if err != nil {
		return err
	}
	if !slices.Equal(t.Shape, p.Shape) {
		return fmt.Errorf("%s%s has shape %v, the config asks for %v", prefix, p.Name, t.Shape, p.Shape)
	}
	x, err := t.Float32()
	copy(p.Data, x)
	return err
}

func (l *adapting) metadata() map[string]string {
	meta := map[string]string{"base": l.parallel.adapter.Base, "rank": fmt.Sprint(l.parallel.adapter.Rank), "base_hash": l.baseHash}
	if l.earlier > 0 {
		meta[earlierTokens] = strconv.Itoa(l.earlier)
	}
	return meta
}

func (l *adapting) save(path string, metadata map[string]string) error {
	return l.parallel.adapter.Save(path, metadata)
}
