package capture

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
)

// ramp is n different numbers that float16 holds exactly.
func ramp(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i%509) / 4
	}
	return x
}

func file(t testing.TB, metadata map[string]string, tensors ...checkpoint.Tensor) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := checkpoint.Write(&out, metadata, tensors); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func read(t testing.TB, content []byte) (*Capture, error) {
	t.Helper()
	f, err := checkpoint.Parse(content)
	if err != nil {
		t.Fatal(err)
	}
	if !Is(f) {
		t.Errorf("a file with %s is no capture", f.Contents())
	}
	var order Order
	if text := f.Metadata["layout"]; text != "" {
		if order, err = ParseOrder(text); err != nil {
			return nil, err
		}
	}
	return Read(f, order)
}

func f32(name string, x []float32, shape ...int) checkpoint.Tensor {
	return checkpoint.NewF32(name, shape, x)
}

// TestFormsAgree writes the same 2 layers of 4 heads on 2, 5 queries of 7 positions, in
// every form, and wants the same heads of each.
func TestFormsAgree(t *testing.T) {
	const layers, heads, kvHeads, queries, length, dim = 2, 4, 2, 5, 7, 3
	q, k := ramp(layers*heads*queries*dim), ramp(layers*kvHeads*length*dim)
	slices.Reverse(k)
	// rows puts the heads [H, n, Dh] of a layer side by side, [n, H*Dh].
	rows := func(x []float32, heads int) []float32 {
		n := len(x) / heads / dim
		var out []float32
		for r := range n {
			for h := range heads {
				out = append(out, x[(h*n+r)*dim:][:dim]...)
			}
		}
		return out
	}
	layer := func(x []float32, l int) []float32 { return x[l*len(x)/layers : (l+1)*len(x)/layers] }
	var apart, matrices, remembered []checkpoint.Tensor
	sequence := []checkpoint.Tensor{}
	var qs, ks []float32
	for l, name := range []string{"layers.0.", "layers.1."} {
		ql, kl := layer(q, l), layer(k, l)
		apart = append(apart, f32(name+"q", ql, 1, heads, queries, dim), f32(name+"k", kl, 1, kvHeads, length, dim))
		mq, mk := f32(name+"q", rows(ql, heads), queries, heads*dim), f32(name+"k", rows(kl, kvHeads), length, kvHeads*dim)
		matrices = append(matrices, mq, mk)
		mem := mk
		mem.Name = name + "k_mem"
		remembered = append(remembered, mq, f32(name+"k", make([]float32, length*kvHeads*dim), length, kvHeads*dim), mem)
		qs, ks = append(qs, rows(ql, heads)...), append(ks, rows(kl, kvHeads)...)
	}
	sequence = append(sequence, f32("q", qs, layers, queries, heads, dim), f32("k", ks, layers, length, kvHeads, dim))
	count := map[string]string{"num_head": "4"}
	for name, content := range map[string][]byte{
		"together":    file(t, nil, f32("q", q, layers, heads, queries, dim), f32("k", k, layers, kvHeads, length, dim)),
		"half":        file(t, nil, checkpoint.NewF16("q", []int{layers, heads, queries, dim}, q), checkpoint.NewF16("k", []int{layers, kvHeads, length, dim}, k)),
		"layers":      file(t, nil, apart...),
		"matrices":    file(t, count, matrices...),
		"with memory": file(t, count, remembered...),
		"layout":      file(t, map[string]string{"layout": "[seq, head, head_dim]"}, sequence...),
	} {
		c, err := read(t, content)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if c.Layers != layers || c.Heads != heads || c.KVHeads != kvHeads || c.Queries != queries || c.Len != length || c.HeadDim != dim {
			t.Errorf("%s: read as %+v", name, c)
			continue
		}
		for l := range layers {
			for h := range heads {
				gotQ, err := c.Query(l, h)
				if err != nil {
					t.Fatal(err)
				}
				gotK, err := c.Keys(l, h)
				if err != nil {
					t.Fatal(err)
				}
				if want := layer(q, l)[h*queries*dim:][:queries*dim]; !slices.Equal(gotQ, want) {
					t.Errorf("%s: layer %d head %d: queries %v, want %v", name, l, h, gotQ, want)
				}
				if want := layer(k, l)[h/2*length*dim:][:length*dim]; !slices.Equal(gotK, want) {
					t.Errorf("%s: layer %d head %d: keys %v, want %v", name, l, h, gotK, want)
				}
			}
		}
	}
}

func TestReadRefuses(t *testing.T) {
	q, k := f32("q", ramp(40), 2, 5, 4), f32("k", ramp(40), 2, 5, 4)
	nan := ramp(40)
	nan[17] = float32(0) / (nan[0] * 0)
	for name, c := range map[string]struct {
		metadata map[string]string
		tensors  []checkpoint.Tensor
		want     string
	}{
		"layout":      {map[string]string{"layout": "[seq, head]"}, []checkpoint.Tensor{q, k}, "layout:"},
		"integers":    {nil, []checkpoint.Tensor{checkpoint.NewI64("q", []int{1, 1, 1}, []int64{1}), k}, `tensor "q" is I64`},
		"one axis":    {nil, []checkpoint.Tensor{f32("q", ramp(8), 8), k}, "has shape [8]"},
		"empty":       {nil, []checkpoint.Tensor{f32("q", nil, 2, 0, 4), k}, "no empty axis"},
		"matrix":      {nil, []checkpoint.Tensor{f32("q", ramp(40), 5, 8), k}, "num_head"},
		"odd matrix":  {map[string]string{"num_head": "3"}, []checkpoint.Tensor{f32("q", ramp(40), 5, 8), k}, "num_head"},
		"no number":   {map[string]string{"num_head": "two"}, []checkpoint.Tensor{q, k}, `num_head: "two"`},
		"sizes":       {nil, []checkpoint.Tensor{q, f32("k", ramp(50), 2, 5, 5)}, "heads of size 4, want k's 5"},
		"groups":      {nil, []checkpoint.Tensor{q, f32("k", ramp(60), 3, 5, 4)}, "2 heads, want a multiple of k's 3"},
		"positions":   {nil, []checkpoint.Tensor{q, f32("k", ramp(32), 2, 4, 4)}, "5 positions, want at most k's 4"},
		"order":       {nil, []checkpoint.Tensor{f32("q", ramp(80), 10, 2, 4), f32("k", ramp(80), 10, 2, 4)}, "10 heads of 2 positions: is its order"},
		"layers":      {nil, []checkpoint.Tensor{f32("q", ramp(80), 2, 2, 5, 4), k}, "q has 2 layers, k 1"},
		"batch":       {nil, []checkpoint.Tensor{f32("layers.0.q", ramp(80), 2, 2, 5, 4), f32("layers.0.k", ramp(80), 2, 2, 5, 4)}, "holds 2 prompts"},
		"layer apart": {nil, []checkpoint.Tensor{f32("layers.0.q", ramp(40), 2, 5, 4), f32("layers.0.k", ramp(40), 2, 5, 4), f32("layers.1.q", ramp(40), 2, 5, 4)}, `"layers.1.k" is missing`},
		"unlike": {nil, []checkpoint.Tensor{
			f32("layers.0.q", ramp(40), 2, 5, 4), f32("layers.0.k", ramp(40), 2, 5, 4), f32("layers.1.q", ramp(20), 1, 5, 4), f32("layers.1.k", ramp(40), 2, 5, 4),
		}, "want all layers alike"},
	} {
		_, err := read(t, file(t, c.metadata, c.tensors...))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
	c, err := read(t, file(t, nil, q, f32("k", nan, 2, 5, 4)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Keys(0, 0); err == nil || !strings.Contains(err.Error(), "head 0, position 4 is NaN") {
		t.Errorf("keys that are no numbers: error %v", err)
	}
	large := ramp(40)
	large[9] = 1e19
	if c, err = read(t, file(t, nil, q, f32("k", large, 2, 5, 4))); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Keys(0, 0); err == nil || !strings.Contains(err.Error(), "position 2 is 1e+19, want at most 1e+18 either way") {
		t.Errorf("keys whose products overflow: error %v", err)
	}
}

func FuzzRead(f *testing.F) {
	q, k := f32("q", ramp(40), 2, 5, 4), f32("k", ramp(20), 1, 5, 4)
	f.Add(file(f, nil, q, k))
	f.Add(file(f, map[string]string{"layout": "[seq, head, head_dim]"}, q, k))
	f.Add(file(f, map[string]string{"num_head": "2"}, f32("layers.0.q", ramp(40), 5, 8), f32("layers.0.k", ramp(20), 5, 4)))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := checkpoint.Parse(content)
		if err != nil {
			return
		}
		var order Order
		if text := file.Metadata["layout"]; text != "" {
			if order, err = ParseOrder(text); err != nil {
				return
			}
		}
		c, err := Read(file, order)
		if err != nil {
			return
		}
		if c.Queries > 2 {
			c.Cut(1, 1)
		}
		for l := range c.Layers {
			for h := range c.Heads {
				if q, err := c.Query(l, h); err == nil && len(q) != c.Queries*c.HeadDim {
					t.Fatalf("%d queries' values, want %d of %d", len(q), c.Queries, c.HeadDim)
				}
				if k, err := c.Keys(l, h); err == nil && len(k) != c.Len*c.HeadDim {
					t.Fatalf("%d keys' values, want %d of %d", len(k), c.Len, c.HeadDim)
				}
			}
		}
	})
}
