package model

import (
	"math"
	"slices"
	"testing"

	"kvscope/engine/ops"
)

// The plain keys that are solved for are those that went into the memory, and the states
// what came out of it, read in one go or in pieces.
func TestPlainKeysAreThoseBeforeTheMemory(t *testing.T) {
	_, m, ids := golden(t, RATPlus)
	cfg := m.Config()
	for _, strength := range []float32{1, 0.5} {
		taps := map[string][][]float32{"k": make([][]float32, cfg.Layers), "gate": make([][]float32, cfg.Layers)}
		s, err := m.NewSession(Options{
			Block: 4, Capacity: len(ids), Memory: &Intervention{Strength: strength},
			Tap: func(layer int, name string, data ops.Matrix) {
				if of, ok := taps[name]; ok {
					for t := range data.Rows {
						of[layer] = append(of[layer], data.Row(t)...)
					}
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range [][]int32{ids[:5], ids[5:]} {
			if _, err := s.Prefill(part); err != nil {
				t.Fatal(err)
			}
		}
		n, d, dh := len(ids), cfg.KVDim(), cfg.HeadDim
		for l := range cfg.Layers {
			for h := range cfg.Heads {
				kv := h / cfg.Group()
				columns := func(name string) ops.Matrix {
					all := ops.Dense(slices.Clone(taps[name][l]), n, d)
					return all.Slice(0, n, kv*dh, (kv+1)*dh)
				}
				k, gate := columns("k"), columns("gate")
				state, plain := s.Plain(l, h, gate)
				if len(state) != n*dh || len(plain) != n*dh {
					t.Fatalf("%d states and %d plain keys, want %d", len(state), len(plain), n*dh)
				}
				want := copied(k)
				ops.Reference().MemoryScan(want, make([]float32, dh), gate, want)
				near(t, "state", state, want.Data[:n*dh], 1e-5)
				for at := range n {
					cos, sin := s.rotations.at(at)
					ops.Reference().RoPE(k.Row(at), cos, sin)
				}
				near(t, "plain", plain, copied(k).Data[:n*dh], 1e-4)
			}
		}
	}
}

// near compares rows within a share of the largest of them.
func near(t *testing.T, what string, got, want []float32, share float64) {
	t.Helper()
	most := 0.0
	for _, v := range want {
		most = max(most, math.Abs(float64(v)))
	}
	for i := range want {
		if off := math.Abs(float64(got[i] - want[i])); !(off <= share*most) {
			t.Fatalf("%s %d is %g, want %g", what, i, got[i], want[i])
		}
	}
}

// Without a recurrence there is nothing to solve.
func TestNoPlainKeys(t *testing.T) {
	_, attention, ids := golden(t, string(Attention))
	_, memory, _ := golden(t, RATPlus)
	for name, c := range map[string]struct {
		m    *Model
		with *Intervention
	}{
		"no memory": {attention, nil}, "a cap": {memory, &Intervention{Strength: 1, Cap: 4}},
		"plain keys": {memory, &Intervention{Strength: 1, ComputePlain: true}},
	} {
		s, err := c.m.NewSession(Options{Block: 4, Capacity: len(ids), Memory: c.with})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Prefill(ids); err != nil {
			t.Fatal(err)
		}
		dh := c.m.Config().HeadDim
		if state, plain := s.Plain(0, 0, ops.Dense(make([]float32, len(ids)*dh), len(ids), dh)); state != nil || plain != nil {
			t.Errorf("%s: there are plain keys", name)
		}
	}
	s, err := memory.NewSession(Options{Block: 4, Capacity: len(ids)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Prefill(ids); err != nil {
		t.Fatal(err)
	}
	dh := memory.Config().HeadDim
	shut := ops.Dense(make([]float32, len(ids)*dh), len(ids), dh)
	shut.Data[3*dh] = 1
	if _, plain := s.Plain(0, 0, shut); plain != nil {
		t.Error("a gate of 1 lets nothing through, and there are plain keys")
	}
}
