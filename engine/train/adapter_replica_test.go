package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// bases are tiny random models with grouped heads: rows of q and k as Hugging Face has
// them with a tied head, biases, and blocks of a GGUF file with rows in pairs.
var bases = []string{"llama_gqa_tied", "qwen2", "gguf/legacy.gguf"}

// frozenBase opens one of bases.
func frozenBase(t testing.TB, name string) (*model.Model, *Frozen) {
	t.Helper()
	m, err := model.Open("../model/testdata/"+name, ops.Reference())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	f, err := NewFrozen(m, 80)
	if err != nil {
		t.Fatal(err)
	}
	return m, f
}

// shaken is an adapter over c, every parameter of which does something.
func shaken(c model.Config, gateRank int, gated bool) *model.Adapter {
	a := InitialiseAdapter(c, "tiny", 3, gateRank, gated, 3)
	rng := rand.New(rand.NewPCG(4, 4))
	for _, p := range a.Params() {
		for i := range p.Data {
			p.Data[i] += float32(rng.NormFloat64() * 0.1)
		}
	}
	return a
}

// TestFrozenRefusesDeltas: a base under an adapter is refused, wherever its deltas lie.
func TestFrozenRefusesDeltas(t *testing.T) {
	for _, name := range bases {
		s, err := model.OpenSource("../model/testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		a := &model.Adapter{Base: "tiny", Rank: 2, Layers: make([]model.AdapterLayer, s.Config.Layers)}
		a.Layers[1].Down = model.NewLowRank(s.Config.Dim, s.Config.Hidden, 2)
		if err := s.Lay(a); err != nil {
			t.Fatal(err)
		}
		m, err := s.Model(ops.Reference())
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if _, err := NewFrozen(m, 80); err == nil || !strings.HasPrefix(err.Error(), "base: an adapter lies over it") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFrozenRounds: every matrix of a base is that of the model, rounded to bfloat16.
func TestFrozenRounds(t *testing.T) {
	for _, name := range bases {
		m, f := frozenBase(t, name)
		whole, changed := m.Weights().Unpaired(f.Config), 0
		for i := range whole.Layers {
			for _, pair := range [][2]*model.Matrix{
				{&f.weights.Layers[i].Query, &whole.Layers[i].Query}, {&f.weights.Layers[i].Down, &whole.Layers[i].Down}, {f.head(), &whole.Head},
			} {
				row := make([]float32, pair[1].Cols)
				for r := range pair[1].Rows {
					pair[1].DequantizeRow(row, r)
					for c, got := range pair[0].F32[r*len(row) : (r+1)*len(row)] {
						if math.Float32bits(got)&0xffff != 0 || math.Abs(float64(got-row[c])) > math.Abs(float64(row[c]))/(1<<8) {
							t.Fatalf("%s: %g for %g", name, got, row[c])
						}
						if got != row[c] {
							changed++
						}
					}
				}
			}
		}
		if changed == 0 {
			t.Errorf("%s: nothing was rounded", name)
		}
	}
}

// TestAdapterForward: the trainer's loss over the base as it was before it was rounded is that of
// the logits of the model under the adapter, whatever form the base lies in.
func TestAdapterForward(t *testing.T) {
	for _, name := range bases {
		for _, gateRank := range []int{-1, 0, 2} {
			m, f := frozenBase(t, name)
			f.weights = m.Weights().Unpaired(f.Config)
			a := shaken(f.Config, max(gateRank, 0), gateRank >= 0)
			b := randomBatch(rand.New(rand.NewPCG(7, 8)), f.Config.Vocab, 1, 70)
			got, _ := NewAdapterReplica(f, a, ops.Reference()).Evaluate(b, Mask{})
			if want := lossUnder(t, name, a, b); math.Abs(got-want) > 1e-5 {
				t.Errorf("%s, gate of rank %d: trainer's loss %.7f, model's %.7f", name, gateRank, got, want)
			}
		}
	}
}

// lossUnder is the loss of one sequence by the logits of a session.
func lossUnder(t *testing.T, name string, a *model.Adapter, b *Batch) float64 {
	t.Helper()
	src, err := model.OpenSource("../model/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := src.Lay(a); err != nil {
		t.Fatal(err)
	}
	m, err := src.Model(ops.Reference())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err := m.NewSession(model.Options{Block: 8, Capacity: b.Length})
	if err != nil {
		t.Fatal(err)
	}
	logits, err := s.PrefillAll(b.Tokens)
	if err != nil {
		t.Fatal(err)
	}
	var loss float64
	v := m.Config().Vocab
	for r, target := range b.Targets {
		var sum float64
		for _, x := range logits[r*v : (r+1)*v] {
			sum += math.Exp(float64(x))
		}
		loss += float64(b.Weights[r]) * (math.Log(sum) - float64(logits[r*v+int(target)]))
	}
	return loss
}

// TestAdapterGradients checks every parameter of an adapter against a central difference
// along a direction, while gates are ramped in and when they are open.
func TestAdapterGradients(t *testing.T) {
	for n, tc := range []struct {
		base     string
		gateRank int // -1 for no gates
		ramp     float32
		mask     Mask
	}{
		{"llama_gqa_tied", -1, 1, Mask{}},
		{"llama_gqa_tied", 0, 0.3, Mask{Dilation: 5, Window: 3, Initial: 2}},
		{"llama_gqa_tied", 2, 1, Mask{}},
		{"qwen2", 2, 0.6, Mask{Dilation: 4, Window: 8, Initial: 4}},
		{"gguf/legacy.gguf", 0, 1, Mask{}},
	} {
		if n%2 == 0 && testing.Short() {
			continue
		}
		t.Run(fmt.Sprintf("%s/rank %d/%+v", tc.base, tc.gateRank, tc.mask), func(t *testing.T) {
			_, f := frozenBase(t, tc.base)
			a := shaken(f.Config, max(tc.gateRank, 0), tc.gateRank >= 0)
			net := NewAdapterReplica(f, a, ops.Reference())
			net.Ramp = tc.ramp
			b := randomBatch(rand.New(rand.NewPCG(1, 2)), f.Config.Vocab, 2, 36)
			grads := a.Like()
			net.Step(b, tc.mask, grads)
			of := grads.Params()
			rng := rand.New(rand.NewPCG(9, 9))
			for i, p := range a.Params() {
				if i%3 > 0 && testing.Short() {
					continue
				}
				direction, slope := along(rng, of[i].Data)
				numeric := quotient(p.Data, direction, func() float64 { loss, _ := net.Evaluate(b, tc.mask); return loss })
				if slope == 0 || math.Abs(numeric-slope) > 5e-3*math.Abs(slope)+5e-5 {
					t.Errorf("%s: gradient along a direction %.6g, difference quotient %.6g", p.Name, slope, numeric)
				}
			}
		})
	}
}

// along is a direction of length one near that of a gradient, and its slope.
func along(rng *rand.Rand, gradient []float32) (direction []float64, slope float64) {
	direction = make([]float64, len(gradient))
	var norm float64
	for j, g := range gradient {
		direction[j] = float64(g) + 0.3*gradScale(gradient)*rng.NormFloat64()
		norm += direction[j] * direction[j]
	}
	for j, g := range gradient {
		direction[j] /= math.Sqrt(norm)
		slope += direction[j] * float64(g)
	}
	return direction, slope
}

// TestAdapterRecompute: activations that are computed again give the same bits.
func TestAdapterRecompute(t *testing.T) {
	_, f := frozenBase(t, "llama_gqa_tied")
	a := shaken(f.Config, 2, true)
	b := randomBatch(rand.New(rand.NewPCG(1, 2)), f.Config.Vocab, 2, 36)
	var losses []float64
	var found []*model.Adapter
	for _, again := range []bool{false, true} {
		net, grads := NewAdapterReplica(f, a, ops.Reference()), a.Like()
		net.Recompute = again
		loss, _ := net.Step(b, Mask{}, grads)
		losses, found = append(losses, loss), append(found, grads)
	}
	for i, p := range found[0].Params() {
		if losses[0] != losses[1] || !slices.Equal(p.Data, found[1].Params()[i].Data) {
			t.Fatalf("%s differs, or the loss: %v", p.Name, losses)
		}
	}
}
