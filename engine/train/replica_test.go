package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// tiny is a shape small enough to differentiate numerically.
func tiny(arch model.Arch, tied bool) model.Config {
	return model.Config{
		Arch: model.Attention, Memory: arch == model.RATPlus, Vocab: 19, Dim: 12, Heads: 2, KVHeads: 2, HeadDim: 6, Layers: 2, Hidden: 20, Context: 80,
		Rope: model.Rope{Base: 10000}, Eps: 1e-6, Tied: tied, GateBias: arch == model.RATPlus,
	}
}

func randomBatch(rng *rand.Rand, vocab, seqs, length int) *Batch {
	b := &Batch{Seqs: seqs, Length: length}
	for range seqs * length {
		b.Tokens = append(b.Tokens, int32(rng.IntN(vocab)))
		b.Targets = append(b.Targets, int32(rng.IntN(vocab)))
		b.Weights = append(b.Weights, float32(rng.IntN(3)))
	}
	b.normalise()
	return b
}

// TestGradients checks every kind of parameter against a central difference along
// its own gradient direction and along a random one.
func TestGradients(t *testing.T) {
	for _, tc := range []struct {
		arch model.Arch
		tied bool
		mask Mask
	}{
		{model.Attention, false, Mask{}},
		{model.Attention, true, Mask{Dilation: 5, Window: 3, Initial: 2}},
		{model.RATPlus, false, Mask{Dilation: 4, Window: 0, Initial: 1}},
		{model.RATPlus, true, Mask{}},
	} {
		t.Run(fmt.Sprintf("%s/tied=%v/%+v", tc.arch, tc.tied, tc.mask), func(t *testing.T) {
			cfg := tiny(tc.arch, tc.tied)
			rng := rand.New(rand.NewPCG(1, 2))
			net := NewReplica(cfg, Initialise(cfg, 3), ops.Reference())
			for _, p := range net.Weights.Params(cfg) {
				for i := range p.Data {
					p.Data[i] += float32(rng.NormFloat64() * 0.1)
				}
			}
			// 70 is past one chunk of queries.
			b := randomBatch(rng, cfg.Vocab, 2, 70)
			net.Step(b, tc.mask)
			grads := net.Grads.Params(cfg)
			for i, p := range net.Weights.Params(cfg) {
				direction := make([]float64, len(p.Data))
				var slope, norm float64
				for j := range direction {
					direction[j] = float64(grads[i].Data[j]) + 0.3*gradScale(grads[i].Data)*rng.NormFloat64()
					norm += direction[j] * direction[j]
				}
				norm = math.Sqrt(norm)
				if norm == 0 {
					t.Fatalf("%s: no gradient", p.Name)
				}
				for j := range direction {
					direction[j] /= norm
					slope += direction[j] * float64(grads[i].Data[j])
				}
				numeric := quotient(p.Data, direction, func() float64 { loss, _ := net.Evaluate(b, tc.mask); return loss })
				if math.Abs(numeric-slope) > 2e-3*math.Abs(slope)+2e-5 {
					t.Errorf("%s: gradient along a direction %.6g, difference quotient %.6g", p.Name, slope, numeric)
				}
			}
		})
	}
}

// gradScale is the root mean square of x.
func gradScale(x []float32) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(x)))
}

// TestForwardEqualsModel holds the trainer's forward pass to the model's.
func TestForwardEqualsModel(t *testing.T) {
	for _, arch := range []model.Arch{model.Attention, model.RATPlus} {
		cfg := tiny(arch, true)
		w := Initialise(cfg, 5)
		m, err := model.New(cfg, w, ops.Reference())
		if err != nil {
			t.Fatal(err)
		}
		b := randomBatch(rand.New(rand.NewPCG(7, 8)), cfg.Vocab, 1, 70)
		s, err := m.NewSession(model.Options{Block: 8, Capacity: 70})
		if err != nil {
			t.Fatal(err)
		}
		logits, err := s.PrefillAll(b.Tokens)
		if err != nil {
			t.Fatal(err)
		}
		var want float64
		for r, target := range b.Targets {
			row := logits[r*cfg.Vocab : (r+1)*cfg.Vocab]
			var sum float64
			for _, v := range row {
				sum += math.Exp(float64(v))
			}
			want += float64(b.Weights[r]) * (math.Log(sum) - float64(row[target]))
		}
		got, _ := NewReplica(cfg, w, ops.Reference()).Evaluate(b, Mask{})
		if math.Abs(got-want) > 1e-5 {
			t.Errorf("%s: trainer's loss %.7f, model's %.7f", arch, got, want)
		}
	}
}

// quotient is the fourth-order central difference of a loss along a direction of x, whose
// error is far below float32's. It leaves x as it was.
func quotient(x []float32, direction []float64, loss func() float64) float64 {
	saved := slices.Clone(x)
	const eps = 1e-2
	at := func(step float64) float64 {
		for j := range x {
			x[j] = saved[j] + float32(step*direction[j])
		}
		return loss()
	}
	defer copy(x, saved)
	return (8*(at(eps)-at(-eps)) - (at(2*eps) - at(-2*eps))) / (12 * eps)
}
