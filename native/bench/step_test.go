package bench

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/train"
	"kvscope/native/simd"
)

// BenchmarkTrainStep is the forward and backward pass of the demo models over one
// batch, as training spends most of its time on it.
func BenchmarkTrainStep(b *testing.B) {
	const vocab, tokens = 1399, 8192
	for _, k := range simd.Tables() {
		for _, arch := range []model.Arch{model.Attention, model.RATPlus} {
			for _, length := range []int{128, 1024} {
				cfg := model.Config{
					Arch: model.Attention, Memory: arch == model.RATPlus, Vocab: vocab, Dim: 128, Heads: 4, KVHeads: 4, HeadDim: 32, Layers: 6, Hidden: 512, Context: length,
					Rope: model.Rope{Base: 10000}, Eps: 1e-6, Tied: true, GateBias: arch == model.RATPlus,
				}
				b.Run(fmt.Sprintf("%s/%s/%d", k.Name, arch, length), func(b *testing.B) {
					benchmarkStep(b, cfg, k, tokens/length)
				})
			}
		}
	}
}

func benchmarkStep(b *testing.B, cfg model.Config, k *ops.Kernels, seqs int) {
	rng := rand.New(rand.NewPCG(1, 2))
	batch := &train.Batch{Seqs: seqs, Length: cfg.Context}
	rows := seqs * cfg.Context
	for i := range rows {
		batch.Tokens = append(batch.Tokens, int32(rng.IntN(cfg.Vocab)))
		batch.Targets = append(batch.Targets, int32(rng.IntN(cfg.Vocab)))
		batch.Weights = append(batch.Weights, float32(i%2)*2/float32(rows))
	}
	team := train.NewDataParallel(cfg, train.Initialise(cfg, 1), k)
	team.Step(batch, train.Mask{}) // allocates
	for b.Loop() {
		team.Step(batch, train.Mask{})
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "tokens/s")
}
