package train

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/tokenizer"
)

// TestTeam: a batch that is cut up has the loss, the answers and, to rounding, the
// gradients of the whole, and the same bits on any number of cores.
func TestTeam(t *testing.T) {
	cfg := tiny(model.RATPlus, true)
	for _, seqs := range []int{1, 3, shards, 2*shards + 3} {
		b := randomBatch(rand.New(rand.NewPCG(1, uint64(seqs))), cfg.Vocab, seqs, 20)
		mask := Mask{Dilation: 4, Window: 2, Initial: 1}
		whole := NewReplica(cfg, Initialise(cfg, 3), ops.Reference())
		wantLoss, wantRight := whole.Step(b, mask)

		all := NewDataParallel(cfg, Initialise(cfg, 3), ops.Reference())
		loss, right := all.Step(b, mask)
		if math.Abs(loss-wantLoss) > 1e-6*wantLoss || !slices.Equal(right, wantRight) {
			t.Errorf("%d sequences: loss %g, want %g", seqs, loss, wantLoss)
		}
		if l, r := all.Evaluate(b, mask); l != loss || !slices.Equal(r, right) {
			t.Errorf("%d sequences: evaluated %g, trained on %g", seqs, l, loss)
		}
		want := whole.Grads.Params(cfg)
		for i, p := range all.Main.Grads.Params(cfg) {
			scale := gradScale(want[i].Data)
			for j, g := range p.Data {
				if math.Abs(float64(g-want[i].Data[j])) > 1e-5*(1+scale) {
					t.Fatalf("%d sequences: gradient of %s[%d] is %g, want %g", seqs, p.Name, j, g, want[i].Data[j])
				}
			}
		}

		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		alone := NewDataParallel(cfg, Initialise(cfg, 3), ops.Reference())
		for range 2 { // the second step starts from what the first left
			alone.Step(b, mask)
		}
		runtime.GOMAXPROCS(4)
		again := NewDataParallel(cfg, Initialise(cfg, 3), ops.Reference())
		again.Step(b, mask)
		for i, p := range again.Main.Grads.Params(cfg) {
			if !slices.Equal(p.Data, alone.Main.Grads.Params(cfg)[i].Data) {
				t.Errorf("%d sequences: gradient of %s depends on the cores", seqs, p.Name)
			}
		}
	}
}

func BenchmarkStep(b *testing.B) {
	w := newWriter(tokenizer.NewDemo())
	for _, arch := range []model.Arch{model.Attention, model.RATPlus} {
		cfg := model.Config{
			Arch: model.Attention, Memory: arch == model.RATPlus, Vocab: w.tok.Size(), Dim: 64, Heads: 2, KVHeads: 2, HeadDim: 32, Layers: 2, Hidden: 256, Context: 128,
			Rope: model.Rope{Base: 10000}, Eps: 1e-6, Tied: true, GateBias: arch == model.RATPlus,
		}
		all, opt := NewDataParallel(cfg, Initialise(cfg, 1), ops.Reference()), NewOptimizer(cfg, ops.Reference())
		stage := &Stage{Contexts: []int{128}, Batch: 1024, Mix: Mix{Associations: 1}}
		b.Run(string(arch), func(b *testing.B) {
			for i := range b.N {
				batch, _, err := draw(w, rand.New(rand.NewPCG(1, uint64(i))), stage)
				if err != nil {
					b.Fatal(err)
				}
				all.Step(batch, Mask{})
				opt.Update(all.Main, 1e-3, false)
			}
			b.ReportMetric(float64(8*128*b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}
