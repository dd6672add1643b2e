package model

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
)

// widened are the weights that small stands for, in float32.
func widened(c Config, small *Weights) *Weights {
	w := NewWeights(c)
	kept := map[string]Param{}
	for _, p := range small.Params(c) {
		kept[p.Name] = p
	}
	for _, p := range w.Params(c) {
		if from := kept[p.Name]; p.IsMatrix() {
			from.Matrix.Dequantize(p.Data)
		} else {
			copy(p.Data, from.Data)
		}
	}
	return w
}

// fewer is the number of matrices of w that are not in float32.
func fewer(c Config, w *Weights) int {
	n := 0
	for _, p := range w.Params(c) {
		if p.IsMatrix() && p.Data == nil {
			n++
		}
	}
	return n
}

// TestQuantized runs each narrow form, through a file, beside its widened matrices.
// bfloat16 gives the same bits token by token and in a long prefill; whole numbers
// are scaled after the sum instead of before, and a short prefill adds in another
// order.
func TestQuantized(t *testing.T) {
	for _, arch := range backbones {
		_, full, ids := golden(t, arch)
		for _, form := range []checkpoint.DType{checkpoint.BF16, checkpoint.I8} {
			cfg := full.Config()
			small, err := full.Weights().Compress(cfg, form)
			if err != nil {
				t.Fatal(err)
			}
			var file bytes.Buffer
			if err := checkpoint.Write(&file, cfg.Metadata(), small.Tensors(cfg, "", checkpoint.NewF32)); err != nil {
				t.Fatal(err)
			}
			f, err := checkpoint.Parse(file.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			read, w, err := load(f)
			if err != nil || read != cfg {
				t.Fatalf("read %+v, %v, want %+v", read, err, cfg)
			}
			if got, want := fewer(cfg, w), 4*cfg.Layers+2; got != want {
				t.Errorf("%d compact matrices, want %d", got, want)
			}
			compact, err := New(cfg, w, ops.Reference())
			if err != nil {
				t.Fatal(err)
			}
			wide, err := New(cfg, widened(cfg, small), ops.Reference())
			if err != nil {
				t.Fatal(err)
			}
			for _, prefill := range []int{0, fewTokens - 1, fewTokens + 3} {
				a, b := split(t, compact, Options{}, ids, prefill), split(t, wide, Options{}, ids, prefill)
				limit := 2e-5
				if form == checkpoint.BF16 && (prefill == 0 || prefill > fewTokens) {
					limit = 0
				}
				if diff := maxDiff(t, a, b); diff > limit {
					t.Errorf("%s, %s, prefill %d: logits off by %g, want at most %g", arch, form, prefill, diff, limit)
				}
			}
			if diff := maxDiff(t, split(t, compact, Options{}, ids, 0), split(t, full, Options{}, ids, 0)); diff > 0.3 || diff == 0 {
				t.Errorf("%s, %s: rounding the weights moves logits by %g, want a little", arch, form, diff)
			}
		}
	}
}

// TestQuantizedRefused: a file whose quantized matrix is not whole is refused by name.
func TestQuantizedRefused(t *testing.T) {
	_, full, _ := golden(t, RATPlus)
	cfg := full.Config()
	small, err := full.Weights().Compress(cfg, checkpoint.I8)
	if err != nil {
		t.Fatal(err)
	}
	all := small.Tensors(cfg, "", checkpoint.NewF32)
	name := "backbone.layers.1.hidden_layer.fc1.weight"
	at := func(name string) int {
		return slices.IndexFunc(all, func(t checkpoint.Tensor) bool { return t.Name == name })
	}
	for what, spoil := range map[string]func(ts []checkpoint.Tensor) []checkpoint.Tensor{
		"no scales": func(ts []checkpoint.Tensor) []checkpoint.Tensor {
			return slices.Delete(ts, at(name+"_scale"), at(name+"_scale")+1)
		},
		"too many scales": func(ts []checkpoint.Tensor) []checkpoint.Tensor {
			ts[at(name+"_scale")] = checkpoint.NewF32(name+"_scale", []int{cfg.Hidden + 1}, make([]float32, cfg.Hidden+1))
			return ts
		},
		"another shape": func(ts []checkpoint.Tensor) []checkpoint.Tensor {
			other := "backbone.layers.1.hidden_layer.fc2.weight"
			ts[at(other)] = checkpoint.NewI8(other, []int{cfg.Hidden, cfg.Dim}, make([]int8, cfg.Hidden*cfg.Dim))
			return ts
		},
	} {
		var file bytes.Buffer
		if err := checkpoint.Write(&file, cfg.Metadata(), spoil(slices.Clone(all))); err != nil {
			t.Fatal(err)
		}
		f, err := checkpoint.Parse(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := load(f); err == nil || !strings.Contains(err.Error(), "backbone.layers.1.hidden_layer.fc") {
			t.Errorf("%s: %v", what, err)
		}
	}
	broken := *small
	broken.Layers = slices.Clone(small.Layers)
	broken.Layers[1].Up.Scale = nil
	if _, err := New(cfg, &broken, ops.Reference()); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("weights without scales: %v", err)
	}
	if _, err := full.Weights().Compress(cfg, checkpoint.F16); err == nil {
		t.Error("compressed to F16")
	}
}

// TestParallelFor holds that chunks cover everything once and that small work stays whole.
func TestParallelFor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	cores := runtime.GOMAXPROCS(0) // js/wasm grants one, whatever is asked
	for _, c := range []struct{ n, bytes, want int }{
		{10, 100, 1}, {10, grainSize, 1}, {10, 2 * grainSize, 2}, {3, 100 * grainSize, 3}, {10, 100 * grainSize, 4}, {0, 0, 1},
	} {
		if got, want := chunksOf(c.n, c.bytes), min(c.want, cores); got != want {
			t.Errorf("%d pieces of %d bytes in %d parts, want %d", c.n, c.bytes, got, want)
		}
		seen := make([]int, c.n)
		parallelFor(c.n, c.bytes, func(_, lo, hi int) {
			for i := lo; i < hi; i++ {
				seen[i]++
			}
		})
		if slices.ContainsFunc(seen, func(n int) bool { return n != 1 }) {
			t.Errorf("%d pieces were visited %v times", c.n, seen)
		}
	}
}

// TestFewTokens: a few tokens at a matrix of few bits, whose outputs cores share, have the
// bits that one of them alone has for each form, wherever rows of the outputs lie.
func TestFewTokens(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	const outputs, inputs, tokens, apart = 1 << 12, 1 << 11, 3, 5
	rng := rand.New(rand.NewPCG(1, 1))
	wide, x := make([]float32, outputs*inputs), make([]float32, tokens*inputs)
	for _, part := range [][]float32{wide, x} {
		for i := range part {
			part[i] = rng.Float32() - 0.5
		}
	}
	m := &Model{kernels: ops.Reference()}
	for _, form := range []checkpoint.DType{checkpoint.BF16, checkpoint.I8} {
		w := compress(wide, outputs, form)
		for _, stride := range []int{outputs, outputs + apart} {
			got := ops.Dense(make([]float32, tokens*stride), tokens, stride).Slice(0, tokens, 0, outputs)
			m.project(got, &w, x)
			want := make([]float32, outputs)
			for row := range tokens {
				m.token(want, &w, x[row*inputs:(row+1)*inputs])
				if !slices.Equal(got.Row(row), want) {
					t.Errorf("%s, rows %d apart: token %d is off by %g", form, stride, row, maxDiff(t, got.Row(row), want))
				}
			}
		}
	}
}

// TestCores holds that the number of cores changes no bit, and that an observer is
// told of the heads in order.
func TestCores(t *testing.T) {
	cfg := Config{
		Arch: Attention, Memory: true, Vocab: 50, Dim: 128, Heads: 8, KVHeads: 8, HeadDim: 16, Layers: 1, Hidden: 4096, Context: 2600,
		Rope: Rope{Base: 10000}, Eps: 1e-6, GateBias: true,
	}
	w := NewWeights(cfg)
	for _, p := range w.Params(cfg) {
		for i := range p.Data {
			p.Data[i] = float32(i*2654435761%1000)/5000 - 0.1
		}
	}
	m, err := New(cfg, w, ops.Reference())
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]int32, cfg.Context-2)
	for i := range ids {
		ids[i] = int32(i * i % cfg.Vocab)
	}
	run := func(cores int) (logits []float32, order []int) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		s, err := m.NewSession(Options{Block: 16, Capacity: cfg.Context, ObserveFrom: len(ids), Observe: func(a *Attended) {
			if a.Selection.Count() != a.Position+1 {
				t.Errorf("head %d read %d positions of %d", a.Head, a.Selection.Count(), a.Position+1)
			}
			order = append(order, a.Head)
		}})
		if err != nil {
			t.Fatal(err)
		}
		for _, chunk := range [][]int32{ids, {1}, {2}} {
			got, err := s.Prefill(chunk)
			if err != nil {
				t.Fatal(err)
			}
			logits = append(logits, got...)
		}
		return logits, order
	}
	one, first := run(1)
	many, second := run(4)
	if !slices.Equal(one, many) {
		t.Errorf("logits differ by %g between one core and four", maxDiff(t, one, many))
	}
	if want := []int{0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7}; !slices.Equal(first, want) || !slices.Equal(second, want) {
		t.Errorf("observed heads %v and %v, want %v", first, second, want)
	}
}
