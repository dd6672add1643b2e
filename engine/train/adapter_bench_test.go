package train_test

import (
	"math/rand/v2"
	"testing"

	"kvscope/engine/model"
	"kvscope/engine/model/modeltest"
	"kvscope/engine/train"
	"kvscope/native/simd"
)

// BenchmarkSmolLM2Adapter is a step on one sequence of 512 tokens, 128 of them in the
// loss, over SmolLM2, as one core takes it.
func BenchmarkSmolLM2Adapter(b *testing.B) {
	m, err := model.Open(modeltest.SmolLM2(b), simd.Best())
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	const length = 512
	base, err := train.NewFrozen(m, length)
	if err != nil {
		b.Fatal(err)
	}
	a := train.InitialiseAdapter(base.Config, "SmolLM2", 16, 0, true, 1)
	net, grads := train.NewAdapterReplica(base, a, simd.Best()), a.Like()
	rng := rand.New(rand.NewPCG(1, 1))
	batch := &train.Batch{Seqs: 1, Length: length, Weights: make([]float32, length)}
	for i := range length {
		batch.Tokens = append(batch.Tokens, int32(rng.IntN(base.Config.Vocab)))
		batch.Targets = append(batch.Targets, int32(rng.IntN(base.Config.Vocab)))
		if i%4 == 0 {
			batch.Weights[i] = 4. / length
		}
	}
	for b.Loop() {
		net.Step(batch, train.Mask{}, grads)
	}
	b.ReportMetric(float64(b.N*length)/b.Elapsed().Seconds(), "tokens/s")
}
