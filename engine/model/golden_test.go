package model

import (
	"fmt"
	"math"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// backbones are the paper's two, as files call them.
var backbones = []string{string(Attention), RATPlus}

// golden opens an independent float64 computation of a tiny random model.
func golden(t *testing.T, arch string) (*checkpoint.File, *Model, []int32) {
	t.Helper()
	f, err := checkpoint.Open(fmt.Sprintf("testdata/%s_tiny.safetensors", arch))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	cfg, w, err := load(f)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Kind() != arch || cfg.Heads != 3 || cfg.Layers != 3 {
		t.Fatalf("config %+v", cfg)
	}
	m, err := New(cfg, w, ops.Reference())
	if err != nil {
		t.Fatal(err)
	}
	tensor, err := f.Tensor("ids")
	if err != nil {
		t.Fatal(err)
	}
	wide, err := tensor.Int64()
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]int32, len(wide))
	for i, id := range wide {
		ids[i] = int32(id)
	}
	return f, m, ids
}

// load reads a model that says its shape itself.
func load(f *checkpoint.File) (Config, *Weights, error) {
	s, err := NewSource(f)
	if err != nil {
		return Config{}, nil, err
	}
	w, err := s.weights(ops.Reference())
	return s.Config, w, err
}

// maxDiff is the largest absolute difference of a and b.
func maxDiff(t *testing.T, a, b []float32) float64 {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%d values against %d", len(a), len(b))
	}
	var worst float64
	for i := range a {
		d := math.Abs(float64(a[i]) - float64(b[i]))
		if !(d <= worst) {
			worst = d
		}
	}
	return worst
}

// split cuts ids into a prefill of n tokens followed by single steps and returns
// the logits after every token, [T, V].
func split(t *testing.T, m *Model, opt Options, ids []int32, n int) []float32 {
	t.Helper()
	opt.Block, opt.Capacity = 8, len(ids)
	s, err := m.NewSession(opt)
	if err != nil {
		t.Fatal(err)
	}
	var all []float32
	if n > 0 {
		if all, err = s.PrefillAll(ids[:n]); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range ids[n:] {
		logits, err := s.Step(id)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, logits...)
	}
	return all
}

func TestGoldenLogits(t *testing.T) {
	for _, arch := range backbones {
		f, m, ids := golden(t, arch)
		v := m.Config().Vocab
		for _, tc := range []struct {
			expected string
			opt      Options
		}{
			{"expected.logits", Options{}},
			{"expected.logits_dilated", Options{
				Selector: sparse.Dilated{Dilation: 8, Window: 5, Initial: 3}, SelectTo: len(ids),
			}},
		} {
			want, err := f.Float32(tc.expected, len(ids), v)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range []int{len(ids), 1, 33} {
				if d := maxDiff(t, split(t, m, tc.opt, ids, n), want); d > 1e-4 {
					t.Errorf("%s %s, prefill of %d: off by %g", arch, tc.expected, n, d)
				}
			}
		}
	}
}

// TestGoldenActivations checks what the cache is made of, layer by layer.
func TestGoldenActivations(t *testing.T) {
	for _, arch := range backbones {
		f, m, ids := golden(t, arch)
		c := m.Config()
		dh := c.HeadDim
		names := map[string]string{"q": "q_rot", "k": "k", "v": "v", "k_mem": "k_mem_rot", "v_mem": "v_mem", "gate": "gate"}
		seen := 0
		opt := Options{Tap: func(layer int, name string, data ops.Matrix) {
			if names[name] == "" {
				return
			}
			seen++
			want, err := f.Float32(fmt.Sprintf("expected.layers.%d.%s", layer, names[name]), c.Heads, len(ids), dh)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float32, len(want))
			for h := range c.Heads {
				for i := range ids {
					copy(got[(h*len(ids)+i)*dh:], data.Row(i)[h*dh:(h+1)*dh])
				}
			}
			if d := maxDiff(t, got, want); d > 1e-4 {
				t.Errorf("%s layer %d %s: off by %g", arch, layer, name, d)
			}
		}}
		split(t, m, opt, ids, len(ids))
		if want := c.Layers * c.Parts(); c.Memory && seen != want+c.Layers || !c.Memory && seen != c.Layers*5 {
			t.Errorf("%s: %d activations checked", arch, seen)
		}
	}
}
