package simd

import (
	"bytes"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"kvscope/engine/ops"
	"kvscope/engine/ops/opstest"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/engine/train/traintest"
)

// vector are the tables of vector instructions, which node has: the last fuses nothing, the one
// before does, where node knows relaxed ones (from version 20 on).
func vector(t testing.TB) []*ops.Kernels {
	t.Helper()
	tables := Tables()
	names := []string{"wasm-relaxed-simd", "wasm-simd", ops.Reference().Name}
	if len(tables) == 2 {
		t.Log("node has no relaxed vector instructions")
		names = names[1:]
	}
	if !slices.EqualFunc(tables, names, func(k *ops.Kernels, name string) bool { return k.Name == name }) {
		t.Fatalf("there are %d tables, want %v", len(tables), names)
	}
	return tables[:len(tables)-1]
}

func TestTables(t *testing.T) {
	for _, k := range vector(t) {
		t.Run(k.Name, func(t *testing.T) { opstest.Run(t, k) })
	}
}

// TestReplaced names every kernel that is still the reference's.
func TestReplaced(t *testing.T) {
	want := []string{
		"MatVecBF16", "MatVecInt8", "Add", "RMSNorm", "RMSNormBackward", "SoftmaxBackward", "GELUBackward", "RoPE", "MemoryScan", "MemoryScanBackward",
		"MinMax", "KthLargest", "AttendCausalBackward", "AdamW",
	}
	for _, k := range vector(t) {
		if got := opstest.OnReference(t, k); !slices.Equal(got, want) {
			t.Errorf("still the reference's are %v, want %v", got, want)
		}
	}
}

func values(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = 4*r.Float32() - 2
	}
	return x
}

// TestSameBits: what the kernels that fuse nothing give at sizes that they take is, bit for bit,
// what the plain table gives.
func TestSameBits(t *testing.T) {
	tables := vector(t)
	vector, plain := tables[len(tables)-1], ops.Reference()
	r := rand.New(rand.NewPCG(1, 2))
	for _, d := range []int{16, 32, 64, 128, 576} {
		for _, n := range []int{1, 5, 64, 300} {
			q, keys, vals := values(r, n*d), values(r, n*d), values(r, n*d)
			for name, make := range map[string]func(k *ops.Kernels) []float32{
				"product": func(k *ops.Kernels) []float32 {
					out := make([]float32, n*n)
					k.MatMul(ops.Dense(out, n, n), ops.Dense(q, n, d), ops.Dense(keys, n, d).T(), false)
					return out
				},
				"product, added": func(k *ops.Kernels) []float32 {
					out := append([]float32(nil), vals...)
					k.MatMul(ops.Dense(out, n, d), ops.Dense(keys[:n], n, 1), ops.Dense(q[:d], 1, d), true)
					return out
				},
				"dots": func(k *ops.Kernels) []float32 { out := make([]float32, n); k.DotRows(out, q[:d], keys); return out },
				"bounds": func(k *ops.Kernels) []float32 {
					out := make([]float32, n)
					k.BoundScores(out, q[:d], keys, vals)
					return out
				},
				"softmax": func(k *ops.Kernels) []float32 {
					out := append([]float32(nil), q...)
					k.Softmax(out, d, 0.3)
					return out
				},
				"attend": func(k *ops.Kernels) []float32 {
					out := make([]float32, d+n)
					k.Attend(out[:d], out[d:], q[:d], keys, vals, []ops.Span{{Start: 0, End: (n + 1) / 2}, {Start: n - n/2, End: n}}[:min(n, 2)], 0.2, 1)
					return out
				},
				"causal": func(k *ops.Kernels) []float32 {
					out := make([]float32, n*d)
					k.AttendCausal(ops.CausalAttention{Out: ops.Dense(out, n, d), Query: ops.Dense(q, n, d), Keys: ops.Dense(keys, n, d), Values: ops.Dense(vals, n, d), Scale: 0.2})
					return out
				},
				"gelu": func(k *ops.Kernels) []float32 { out := make([]float32, n*d); k.GELU(out, q); return out },
				"silu": func(k *ops.Kernels) []float32 { out := make([]float32, n*d); k.SiLU(out, q); return out },
			} {
				got, want := make(vector), make(plain)
				for i := range want {
					if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
						t.Errorf("%s of %d rows of %d: %g at %d, the plain table has %g", name, n, d, got[i], i, want[i])
						break
					}
				}
			}
		}
	}
}

// TestRunsAreTheSame: a run picks the same on all tables, for the same reasons where nothing is fused.
func TestRunsAreTheSame(t *testing.T) {
	cfg := traintest.Config(true)
	cfg.Dim, cfg.Heads, cfg.KVHeads, cfg.Hidden, cfg.Context = 64, 4, 4, 128, 512
	file := traintest.File(t, cfg, 1)
	for _, method := range []string{"quest", "moba", "snapkv"} {
		picked := func(k *ops.Kernels) []*trace.Selection {
			e, r := run.NewEngine(k), &trace.Run{}
			if err := e.AddFile("m", file); err != nil {
				t.Fatal(err)
			}
			req := run.Request{Model: "m", Task: "MK-2", Seed: 3, Config: sparse.Config{Method: method, Values: sparse.Values{"budget": "1/4"}}}
			if err := e.Run(t.Context(), req, r); err != nil {
				t.Fatal(err)
			}
			return r.Selections
		}
		want := picked(ops.Reference())
		for _, k := range vector(t) {
			same := func(a, b *trace.Selection) bool { return bytes.Equal(a.Picked, b.Picked) }
			if k.Name == "wasm-simd" {
				same = func(a, b *trace.Selection) bool { return reflect.DeepEqual(a, b) }
			}
			if !slices.EqualFunc(picked(k), want, same) {
				t.Errorf("%s: %s picks differently", method, k.Name)
			}
		}
	}
}

func BenchmarkTables(b *testing.B) { opstest.Bench(b, append(vector(b), ops.Reference())...) }

// BenchmarkPrefill reads 1,024 tokens with a model of the demo models' shape.
func BenchmarkPrefill(b *testing.B) {
	cfg := traintest.Config(true)
	cfg.Dim, cfg.Heads, cfg.KVHeads, cfg.HeadDim, cfg.Layers, cfg.Hidden, cfg.Context = 128, 4, 4, 32, 6, 512, 1100
	file := traintest.File(b, cfg, 1)
	for _, k := range append(vector(b), ops.Reference()) {
		e := run.NewEngine(k)
		if err := e.AddFile("m", file); err != nil {
			b.Fatal(err)
		}
		req := run.Request{Model: "m", Task: "MK-2", Seed: 3, Context: new(1024), MaxNew: new(1), Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8"}}}
		b.Run(k.Name, func(b *testing.B) {
			for b.Loop() {
				if err := e.Run(b.Context(), req, &trace.Run{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
