package sparse

import (
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
)

// golden is a file made by a method's public code: q, k and v, [head, seq, Dh], and
// what that code did with them.
type golden struct {
	*checkpoint.File
	t testing.TB
}

func goldens(t testing.TB, method string) map[string]golden {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", method+"_*.safetensors"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files of %s: %v", method, err)
	}
	files := map[string]golden{}
	for _, path := range paths {
		f, err := checkpoint.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		files[filepath.Base(path)] = golden{f, t}
	}
	return files
}

func (g golden) param(key string) int {
	g.t.Helper()
	n, err := strconv.Atoi(g.Metadata[key])
	if err != nil {
		g.t.Fatalf("metadata %s: %v", key, err)
	}
	return n
}

func (g golden) floats(name string) []float32 {
	g.t.Helper()
	x, err := g.Float32(name)
	if err != nil {
		g.t.Fatal(err)
	}
	return x
}

// mask reads tensor name as the positions selected, per head.
func (g golden) mask(name string) [][]int {
	g.t.Helper()
	tensor, err := g.Tensor(name)
	if err != nil {
		g.t.Fatal(err)
	}
	mask, err := tensor.Uint8()
	if err != nil {
		g.t.Fatal(err)
	}
	out := make([][]int, tensor.Shape[0])
	for h := range out {
		for j, v := range mask[h*tensor.Shape[1] : (h+1)*tensor.Shape[1]] {
			if v != 0 {
				out[h] = append(out[h], j)
			}
		}
	}
	return out
}

func (g golden) ints(name string) []int {
	g.t.Helper()
	tensor, err := g.Tensor(name)
	if err != nil {
		g.t.Fatal(err)
	}
	x, err := tensor.Int64()
	if err != nil {
		g.t.Fatal(err)
	}
	out := make([]int, len(x))
	for i, v := range x {
		out[i] = int(v)
	}
	return out
}

// head is the cache of head i filled with the file's keys and values.
func (g golden) head(i, block int) *KVCache {
	seq, dim := g.param("seq_len"), g.param("head_dim")
	n := seq * dim
	return fill(ops.Reference(), dim, block, g.floats("k")[i*n:(i+1)*n], g.floats("v")[i*n:(i+1)*n])
}

// fill makes a cache of all keys and values, [n, dim].
func fill(k *ops.Kernels, dim, block int, keys, values []float32) *KVCache {
	h := NewKVCache(k, dim, block, len(keys)/dim, Summaries{Bounds: true, Mean: true, Rounded: true})
	for t := 0; t < len(keys); t += dim {
		h.Append(keys[t:t+dim], values[t:t+dim])
	}
	return h
}

// positions lists what s selects.
func positions(s *Selection) []int {
	var out []int
	for _, span := range s.Spans {
		for j := span.Start; j < span.End; j++ {
			out = append(out, j)
		}
	}
	return out
}

// attend is the attention of q over what s selects.
func attend(s *Selection, q []float32, h *KVCache) []float32 {
	out := make([]float32, h.Dim)
	h.kernels.Attend(out, make([]float32, s.Count()), q, h.Keys, h.Values, s.Spans, headScale(h), 1)
	return out
}

func maxDiff(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
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

func TestGoldenQuest(t *testing.T) {
	for name, g := range goldens(t, "quest") {
		t.Run(name, func(t *testing.T) {
			block, dim, seq := g.param("block_size"), g.param("head_dim"), g.param("seq_len")
			m := Quest{Blocks: g.param("token_budget") / block, AsReleased: true}
			q, scores, out, selected := g.floats("q"), g.floats("block_score"), g.floats("out"), g.mask("selected")
			for i := range selected {
				h := g.head(i, block)
				q := q[i*dim : (i+1)*dim]
				var s Selection
				m.Select(&s, Query{Q: q, Position: seq - 1, Head: i}, h)
				if got := positions(&s); !slices.Equal(got, selected[i]) {
					t.Errorf("head %d selects %v, want %v", i, got, selected[i])
				}
				n := h.Blocks()
				if d := maxDiff(s.Scores, scores[i*n:(i+1)*n]); d > 1e-4 {
					t.Errorf("head %d: scores off by %g", i, d)
				}
				if d := maxDiff(attend(&s, q, h), out[i*dim:(i+1)*dim]); d > 1e-4 {
					t.Errorf("head %d: output off by %g", i, d)
				}
			}
		})
	}
}

// TestGoldenMoBA compares every query of the prefill, each selecting from a cache
// that already holds the whole sequence.
func TestGoldenMoBA(t *testing.T) {
	for name, g := range goldens(t, "moba") {
		t.Run(name, func(t *testing.T) {
			block, dim, seq := g.param("block_size"), g.param("head_dim"), g.param("seq_len")
			m := MoBA{Blocks: g.param("top_k"), AsReleased: true}
			q, out := g.floats("q"), g.floats("out")
			var s Selection
			for i := range g.param("heads") {
				h := g.head(i, block)
				for p := range seq {
					at := (i*seq + p) * dim
					m.Select(&s, Query{Q: q[at : at+dim], Position: p, Head: i}, h)
					if d := maxDiff(attend(&s, q[at:at+dim], h), out[at:at+dim]); d > 1e-4 {
						t.Fatalf("head %d, position %d: output off by %g, selected %v", i, p, d, s.Spans)
					}
				}
			}
		})
	}
}

// TestGoldenSnapKV compares what is kept. Max pooling gives neighbours the very
// same score, and the public code leaves to its sort which of them make the last
// places, where a lower index comes first here: there, and only there, may the
// two differ.
func TestGoldenSnapKV(t *testing.T) {
	for name, g := range goldens(t, "snapkv") {
		t.Run(name, func(t *testing.T) {
			dim, seq := g.param("head_dim"), g.param("seq_len")
			m := SnapKV{Capacity: g.param("capacity"), Observed: g.param("window"), Kernel: g.param("kernel_size")}
			if g.Metadata["pooling"] == "maxpool" {
				m.Pooling = MaxPool
			}
			q, selected, index := g.floats("q"), g.mask("selected"), g.ints("kept_index")
			for i := range selected {
				h := g.head(i, 16)
				var s Selection
				m.Keep(&s, q[((i+1)*seq-m.Observed)*dim:(i+1)*seq*dim], 0, i, h)
				got := positions(&s)
				want := index[i*m.Capacity : (i+1)*m.Capacity]
				if !slices.Equal(want, selected[i]) {
					t.Fatalf("head %d: the file's kept_index and selected disagree", i)
				}
				if m.Pooling == MaxPool {
					want = lowestOfTies(want, s.Scores)
				}
				if !slices.Equal(got, want) {
					t.Errorf("head %d keeps %v, want %v", i, got, want)
				}
			}
		})
	}
}

// lowestOfTies replaces the kept positions of the lowest kept score by the first
// ones that have that score.
func lowestOfTies(kept []int, scores []float32) []int {
	least := float32(math.Inf(1))
	for _, j := range kept {
		least = min(least, scores[j])
	}
	out := slices.DeleteFunc(slices.Clone(kept), func(j int) bool { return scores[j] == least })
	for j := 0; len(out) < len(kept); j++ {
		if scores[j] == least {
			out = append(out, j)
		}
	}
	slices.Sort(out)
	return out
}
