package train

import (
	"math/rand/v2"
	"testing"

	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// TestLookBack: the first layer's heads of fresh weights read most from the token
// at their distance.
func TestLookBack(t *testing.T) {
	for _, arch := range []model.Arch{model.Attention, model.RATPlus} {
		cfg := model.Config{
			Arch: model.Attention, Memory: arch == model.RATPlus, Vocab: 300, Dim: 128, Heads: 4, KVHeads: 4, HeadDim: 32, Layers: 2, Hidden: 128, Context: 64,
			Rope: model.Rope{Base: 10000}, Eps: 1e-6, Tied: true, GateBias: arch == model.RATPlus,
		}
		m, err := model.New(cfg, Initialise(cfg, 1), ops.Reference())
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(2, 3))
		var heaviest [3]int // queries whose heaviest token is where the head looks
		var queries int
		s, err := m.NewSession(model.Options{Block: 8, Capacity: 64, ObserveFrom: 8, Observe: func(a *model.Attended) {
			if a.Layer != 0 || a.Head == 3 {
				return
			}
			queries++
			var sel sparse.Selection
			sparse.OracleTokens{Tokens: 1}.Select(&sel, a.Query, a.Cache)
			if sel.Spans[0].Start == a.Position-(a.Head+1) {
				heaviest[a.Head]++
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		ids := make([]int32, 64)
		for i := range ids {
			ids[i] = int32(rng.IntN(cfg.Vocab))
		}
		if _, err := s.Prefill(ids); err != nil {
			t.Fatal(err)
		}
		for h, n := range heaviest {
			if n*3 < queries/3*2 {
				t.Errorf("%s head %d: %d of %d queries look %d back", arch, h, n, queries/3, h+1)
			}
		}
	}
}
