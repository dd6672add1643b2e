package bench

import (
	"context"
	"fmt"
	"time"

	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// config is the shape of s as one of the two backbones.
func (s Shape) config(arch model.Arch, steps int) model.Config {
	return model.Config{
		Arch: arch, Vocab: s.Vocab, Dim: s.Dim, Heads: s.Heads, Layers: s.Layers, Hidden: 4 * s.Dim,
		Context: s.Prompt + steps, RopeBase: 10000, Eps: 1e-6, GateBias: arch == model.RATPlus,
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
// it: the whole difference, most of which is the projection that makes the gates,
// and the recurrence alone.
func measureTokens(ctx context.Context, o Options, add func(Row)) error {
	for _, s := range o.Sizes.Models {
		if err := s.measure(ctx, o, add); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return nil
}

func (s Shape) measure(ctx context.Context, o Options, add func(Row)) error {
	steps := 2 * o.Sizes.Rounds
	ids := make([]int32, s.Prompt)
	for t := range ids {
		ids[t] = int32(t % s.Vocab)
	}
	archs := []model.Arch{model.Attention, model.RATPlus}
	sessions := make([]*model.Session, len(archs))
	for i, arch := range archs {
		c := s.config(arch, steps)
		m, err := model.New(c, s.weights(c), o.Kernels)
		if err != nil {
			return err
		}
		if sessions[i], err = m.NewSession(model.Options{Block: o.Sizes.Block, Capacity: s.Prompt + steps}); err != nil {
			return err
		}
		if _, err := sessions[i].Prefill(ids); err != nil {
			return err
		}
	}
	recurrence := s.recurrence(o.Kernels)
	best := make([]time.Duration, len(archs))
	var alone time.Duration
	for range steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		for i, session := range sessions {
			start := time.Now()
			if _, err := session.Step(1); err != nil {
				return err
			}
			keepLeast(&best[i], time.Since(start))
		}
		for range 20 {
			start := time.Now()
			recurrence()
			keepLeast(&alone, time.Since(start))
		}
	}
	size := fmt.Sprintf("%s: %d layers of %d, %d tokens before", s.Name, s.Layers, s.Dim, s.Prompt)
	micros := func(d time.Duration) float64 { return d.Seconds() * 1e6 }
	add(Row{Name: "token/attention", Size: size, Value: micros(best[0]), Unit: "µs"})
	add(Row{Name: "token/ratplus", Size: size, Value: micros(best[1]), Unit: "µs", Ratio: float64(best[0]) / float64(best[1]), Baseline: "token/attention"})
	add(Row{
		Name: "token/recurrence", Size: size, Value: micros(alone), Unit: "µs",
		Ratio: float64(best[0]) / float64(alone), Baseline: "token/attention",
	})
	return nil
}

// recurrence is what the memory does for one token once its gates are projected.
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
