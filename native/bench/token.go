package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"kvscope/engine/checkpoint"
	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// config is the shape of s as one of the two backbones.
func (s Shape) config(memory bool, steps int) model.Config {
	return model.Config{
		Arch: model.Attention, Memory: memory, Vocab: s.Vocab, Dim: s.Dim, Heads: s.Heads, KVHeads: s.Heads, HeadDim: s.Dim / s.Heads,
		Layers: s.Layers, Hidden: 4 * s.Dim,
		Context: s.Prompt + steps, Rope: model.Rope{Base: 10000}, Eps: 1e-6, GateBias: memory,
	}
}

// weights are noise of a size that keeps activations in range.
func (s Shape) weights(c model.Config) *model.Weights {
	w := model.NewWeights(c)
	for i, p := range w.Params(c) {
		fillNoise(p.Data, uint64(i))
		for j := range p.Data {
			p.Data[j] /= 32
		}
	}
	return w
}

// measureTokens times a decoded token of each backbone and what the memory adds to
// it: the whole difference, and what it is made of. Then it keeps the matrices of the second in fewer bits.
func measureTokens(ctx context.Context, o Options, add func(Row)) error {
	for _, s := range o.Sizes.Models {
		if err := s.measure(ctx, o, add); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return nil
}

// session reads the prompt with a model of weights w, kept in form.
func (s Shape) session(o Options, c model.Config, w *model.Weights, form checkpoint.DType) (*model.Session, error) {
	if form != checkpoint.F32 {
		var err error
		if w, err = w.Compress(c, form); err != nil {
			return nil, err
		}
	}
	m, err := model.New(c, w, o.Kernels)
	if err != nil {
		return nil, err
	}
	session, err := m.NewSession(model.Options{Block: o.Sizes.Block, Capacity: c.Context})
	if err != nil {
		return nil, err
	}
	ids := make([]int32, s.Prompt)
	for t := range ids {
		ids[t] = int32(t % s.Vocab)
	}
	_, err = session.Prefill(ids)
	return session, err
}

func (s Shape) measure(ctx context.Context, o Options, add func(Row)) error {
	steps := 2 * o.Sizes.Rounds
	plain, memory := s.config(false, steps), s.config(true, 3*steps)
	w := s.weights(memory)
	name := "token/" + memory.Kind()
	size := fmt.Sprintf("%s: %d layers of %d, %d tokens before", s.Name, s.Layers, s.Dim, s.Prompt)
	baseline, err := s.session(o, memory, w, checkpoint.F32)
	if err != nil {
		return err
	}
	for _, c := range []struct {
		name    string
		config  model.Config
		weights *model.Weights
		form    checkpoint.DType
	}{
		{"token/" + plain.Kind(), plain, s.weights(plain), checkpoint.F32},
		{name + " in bfloat16", memory, w, checkpoint.BF16},
		{name + " in int8", memory, w, checkpoint.I8},
	} {
		session, err := s.session(o, c.config, c.weights, c.form)
		if err != nil {
			return err
		}
		// Two at a time: more would drive a small model out of the cache.
		best, err := race(ctx, steps, baseline, session)
		if err != nil {
			return err
		}
		ours, theirs := best[0].Seconds()*1e6, best[1].Seconds()*1e6
		if !c.config.Memory {
			add(Row{Name: c.name, Size: size, Value: theirs, Unit: "µs"})
			add(Row{Name: name, Size: size, Value: ours, Unit: "µs", Ratio: theirs / ours, Baseline: c.name})
			if err := s.split(ctx, o, add, size, ours, theirs); err != nil {
				return err
			}
			continue
		}
		add(Row{Name: c.name, Size: size, Value: theirs, Unit: "µs", Ratio: ours / theirs, Baseline: name})
	}
	return nil
}

// race steps sessions in turn and returns the shortest step of each.
func race(ctx context.Context, steps int, sessions ...*model.Session) ([]time.Duration, error) {
	best := make([]time.Duration, len(sessions))
	for range steps {
		for i, session := range sessions {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			start := time.Now()
			if _, err := session.Step(1); err != nil {
				return nil, err
			}
			keepLeast(&best[i], time.Since(start))
		}
	}
	return best, nil
}

// split says what the token of RAT+, which takes ours, costs beyond that of attention,
// theirs, both in microseconds: the recurrence and the product that makes the gates,
// each measured alone, and what is left, noise of the others included.
func (s Shape) split(ctx context.Context, o Options, add func(Row), size string, ours, theirs float64) error {
	alone, err := turns(ctx, 20*o.Sizes.Rounds, s.recurrence(o.Kernels), s.projection(o.Kernels))
	if err != nil {
		return err
	}
	recurrence, gates := alone[0].Seconds()*1e6, alone[1].Seconds()*1e6
	for _, part := range []struct {
		name string
		took float64
	}{{"recurrence", recurrence}, {"gate projection", gates}, {"rest of the difference", ours - theirs - recurrence - gates}} {
		add(Row{Name: "token/" + part.name, Size: size, Value: part.took, Unit: "µs"})
		add(Row{Name: "token/" + part.name, Size: size + ", of attention's token", Value: 100 * part.took / theirs, Unit: "%"})
	}
	return nil
}

// matrices is how many of the width squared a layer of RAT+ has: five parts of the input
// projection, one that leads out, and eight of the feed-forward layer.
const matrices = 14

// projection makes the gates of one token: in each layer a matrix of its own, others every
// time, so that they come from as far away as they do in a token.
func (s Shape) projection(k *ops.Kernels) func() {
	weights, gate, h := make([][]float32, matrices*s.Layers), make([]float32, s.Dim), noise(s.Dim)
	for i, values := 0, noise(s.Dim*s.Dim); i < len(weights); i++ {
		weights[i] = slices.Clone(values)
	}
	next := 0
	return func() {
		for range s.Layers {
			k.MatVec(gate, weights[next], h)
			next = (next + 1) % len(weights)
		}
	}
}

// recurrence returns the work of the memory for one token, in all layers, once its gates are
// projected.
func (s Shape) recurrence(k *ops.Kernels) func() {
	view := func() ops.Matrix { return ops.Dense(noise(s.Dim), 1, s.Dim) }
	gate, key, value := view(), view(), view()
	bias, keyState, valueState := noise(s.Dim), noise(s.Dim), noise(s.Dim)
	return func() {
		for range s.Layers {
			k.Add(gate.Row(0), bias)
			k.Sigmoid(gate.Row(0), gate.Row(0))
			k.MemoryScan(key, keyState, gate, key)
			k.MemoryScan(value, valueState, gate, value)
		}
	}
}
