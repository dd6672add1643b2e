package lens

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
)

// mapsOf are causal maps of which every weight tells where it stands: those of the
// last queries of keys positions.
func mapsOf(layers, heads, queries, keys int) []float32 {
	var w []float32
	for i := range layers * heads {
		for q := range queries {
			for k := range keys {
				weight := float32(0)
				if k <= q+keys-queries {
					weight = float32(1+i*100+q*10+k) / 10000
				}
				w = append(w, weight)
			}
		}
	}
	return w
}

func saved(t testing.TB, tensors ...checkpoint.Tensor) *checkpoint.File {
	t.Helper()
	var b bytes.Buffer
	if err := checkpoint.Write(&b, nil, tensors); err != nil {
		t.Fatal(err)
	}
	f, err := checkpoint.Parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func headOf(t testing.TB, of Heads, layer, head int) *HeadTensors {
	t.Helper()
	h, err := of(layer, head)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestWeightsAreTheMap: what was saved is what rows, patches and whole maps show, and
// is saved again as it was.
func TestWeightsAreTheMap(t *testing.T) {
	const layers, heads, queries, keys = 2, 2, 4, 6
	w := mapsOf(layers, heads, queries, keys)
	f := saved(t, checkpoint.NewF32("attention", []int{layers, heads, queries, keys}, w))
	of, err := ReadTensors(f, keys)
	if err != nil {
		t.Fatal(err)
	}
	h := headOf(t, of, 1, 0)
	if h.Len() != keys || h.Prompt != keys {
		t.Fatalf("%d positions, prompt of %d", h.Len(), h.Prompt)
	}
	// Of the first two positions no query was saved.
	want := make([]float32, keys*keys)
	copy(want[(keys-queries)*keys:], w[2*queries*keys:3*queries*keys])
	k := ops.Reference()
	for t0 := range keys {
		row := make([]float32, t0+1)
		if h.Row(k, row, t0); !slices.Equal(row, want[t0*keys:][:t0+1]) {
			t.Errorf("row %d is %v, want %v", t0, row, want[t0*keys:][:t0+1])
		}
	}
	for _, skip := range []int{0, 2} {
		m := NewMap(h, k, skip)
		if rows, cols := m.Size(); rows != keys || cols != keys {
			t.Fatalf("%d by %d", rows, cols)
		}
		all, part := make([]float32, keys*keys), make([]float32, 3*4)
		m.Rows(all, 0, keys)
		m.Patch(part, 2, 5, 1, 5)
		for i, v := range all {
			q, key := i/keys, i%keys
			w := want[i]
			if key < skip {
				w = 0
			}
			if v != w {
				t.Errorf("skip %d: query %d, key %d is %g, want %g", skip, q, key, v, w)
			}
			if q >= 2 && q < 5 && key >= 1 && key < 5 && part[(q-2)*4+key-1] != w {
				t.Errorf("skip %d: the patch has %g at query %d, key %d, want %g", skip, part[(q-2)*4+key-1], q, key, w)
			}
		}
	}
	for _, at := range [][2]int{{2, 0}, {0, 2}, {-1, 0}, {0, -1}} {
		if h, err := of(at[0], at[1]); err == nil {
			t.Errorf("head %v is %+v", at, h)
		}
	}
	again, err := Tensors(layers, heads, of)
	if err != nil {
		t.Fatal(err)
	}
	if len(again) != 1 || again[0].Name != "attention" || !slices.Equal(again[0].Shape, []int{layers, heads, queries, keys}) {
		t.Fatalf("saved again as %v", again)
	}
	if got, err := again[0].Float32(); err != nil || !slices.Equal(got, w) {
		t.Errorf("saved again as %v, %v", got, err)
	}
}

func TestReadWeightsRefuses(t *testing.T) {
	with := func(at int, v float32) checkpoint.Tensor {
		w := mapsOf(1, 2, 3, 4)
		w[at] = v
		return checkpoint.NewF32("attention", []int{1, 2, 3, 4}, w)
	}
	zero := float32(0)
	for name, c := range map[string]struct {
		tensor checkpoint.Tensor
		want   string
	}{
		"a batch":    {checkpoint.NewF32("attention", []int{2, 2, 1, 1, 1}, make([]float32, 4)), "want [layers, heads, queries, keys]"},
		"no head":    {checkpoint.NewF32("attention", []int{1, 0, 2, 2}, nil), "at least one of each"},
		"no keys":    {checkpoint.NewF32("attention", []int{1, 1, 3, 2}, make([]float32, 6)), "no more queries than keys"},
		"integers":   {checkpoint.NewI64("attention", []int{1, 1, 1, 1}, []int64{1}), "want F32"},
		"scores":     {with(5, -3), "layer 0, head 0, query 1, key 1 is -3, want 0 to 1"},
		"above one":  {with(12, 1.5), "layer 0, head 1, query 0 sums to 1.5102, want at most 1: was the model in train mode"},
		"no number":  {with(13, zero/zero), "is NaN, want 0 to 1"},
		"not causal": {with(15, 0.1), "layer 0, head 1, query 0, key 3 is 0.1, want 0 after the query's own position, which is 1"},
	} {
		if _, _, err := ReadWeights(saved(t, c.tensor)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
	if _, err := ReadTensors(saved(t, with(0, 0)), 5); err == nil || !strings.Contains(err.Error(), "prompt of 5 tokens") {
		t.Errorf("four keys for five tokens: %v", err)
	}
}
