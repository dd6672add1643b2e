package lens

import (
	"math"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
)

// TestMapsAreFound: the same maps under all the names and shapes that they are saved in.
func TestMapsAreFound(t *testing.T) {
	const layers, heads, keys = 3, 2, 5
	w := mapsOf(layers, heads, keys, keys)
	n := len(w) / layers
	layer := func(name string, l int, shape ...int) checkpoint.Tensor {
		return checkpoint.NewF32(name, shape, w[l*n:(l+1)*n])
	}
	// The steps of generate(): a prompt of three positions, then two tokens.
	steps := func(number []string) []checkpoint.Tensor {
		var out []checkpoint.Tensor
		for i, rows := range [][2]int{{0, 3}, {3, 4}, {4, 5}} {
			var x []float32
			for head := range layers * heads {
				for q := rows[0]; q < rows[1]; q++ {
					x = append(x, w[(head*keys+q)*keys:][:rows[1]]...)
				}
			}
			out = append(out, checkpoint.NewF32(number[i], []int{layers, heads, rows[1] - rows[0], rows[1]}, x))
		}
		return out
	}
	q := checkpoint.NewF32("q", []int{1, 1}, []float32{1})
	other := checkpoint.NewF32("h.0.mlp", []int{1, 1, 1}, []float32{1})
	for name, tensors := range map[string][]checkpoint.Tensor{
		"as one":             {checkpoint.NewF32("attention", []int{layers, heads, keys, keys}, w), q, other},
		"attentions":         {checkpoint.NewF32("attentions", []int{layers, heads, keys, keys}, w)},
		"stacked with batch": {checkpoint.NewF32("attention", []int{layers, 1, heads, keys, keys}, w)},
		"batch in front":     {checkpoint.NewF32("attention", []int{1, layers, heads, keys, keys}, w)},
		"arr_0 alone":        {checkpoint.NewF32("arr_0", []int{layers, heads, keys, keys}, w)},
		"layers":             {layer("arr_0", 0, heads, keys, keys), layer("arr_1", 1, heads, keys, keys), layer("arr_2", 2, heads, keys, keys)},
		"layers from one":    {layer("layer1", 0, heads, keys, keys), layer("layer2", 1, heads, keys, keys), layer("layer3", 2, heads, keys, keys), q},
		"layers of a batch":  {layer("0", 0, 1, heads, keys, keys), layer("1", 1, 1, heads, keys, keys), layer("2", 2, 1, heads, keys, keys)},
		"by name":            {layer("h.0.attn", 0, heads, keys, keys), layer("h.1.attn", 1, heads, keys, keys), layer("h.2.attn", 2, heads, keys, keys), other},
		"steps":              steps([]string{"step_0", "step_1", "step_2"}),
	} {
		of, shape, err := ReadWeights(saved(t, tensors...))
		if err != nil || shape != [4]int{layers, heads, keys, keys} {
			t.Errorf("%s: %v, %v", name, shape, err)
			continue
		}
		for i := range layers * heads {
			if got, _ := headOf(t, of, i/heads, i%heads).Weights.Float32(); !slices.Equal(got, w[i*keys*keys:][:keys*keys]) {
				t.Errorf("%s: layer %d, head %d is %v", name, i/heads, i%heads, got)
			}
		}
	}
}

func TestMapsAreNotFound(t *testing.T) {
	zeros := func(name string, shape ...int) checkpoint.Tensor {
		n := 1
		for _, s := range shape {
			n *= s
		}
		return checkpoint.NewF32(name, shape, make([]float32, n))
	}
	for name, c := range map[string]struct {
		tensors []checkpoint.Tensor
		want    string
	}{
		"nothing":        {nil, "the file has nothing; want attention [layers, heads, queries, keys]"},
		"queries":        {[]checkpoint.Tensor{zeros("q", 2, 3), zeros("k", 2, 3)}, "the file has k F32 [2 3], q F32 [2 3]; want attention"},
		"two families":   {[]checkpoint.Tensor{zeros("q0", 2, 3, 3), zeros("k0", 2, 3, 3)}, "the file has k0 F32 [2 3 3], q0 F32 [2 3 3]; want"},
		"one left out":   {[]checkpoint.Tensor{zeros("arr_0", 2, 3, 3), zeros("arr_2", 2, 3, 3)}, "arr_#: the numbers are 0 2, want each from 0 or 1 on"},
		"later layers":   {[]checkpoint.Tensor{zeros("layer_5", 2, 3, 3), zeros("layer_6", 2, 3, 3)}, "layer_#: the numbers are 5 6, want each from 0 or 1 on"},
		"others' shape":  {[]checkpoint.Tensor{zeros("arr_0", 2, 3, 3), zeros("arr_1", 2, 3, 3), zeros("arr_2", 4, 3, 3)}, "arr_2 has shape [4 3 3] beside [2 3 3] of arr_0"},
		"layers' batch":  {[]checkpoint.Tensor{zeros("arr_0", 2, 2, 3, 3), zeros("arr_1", 2, 2, 3, 3)}, "arr_0 has shape [2 2 3 3], want [heads, queries, keys]: of a batch save one prompt, arr_0[0]"},
		"a batch":        {[]checkpoint.Tensor{zeros("attention", 2, 4, 2, 3, 3)}, "of a batch save one prompt, attention[:, 0]"},
		"steps apart":    {[]checkpoint.Tensor{zeros("arr_0", 2, 2, 1, 3), zeros("arr_1", 2, 2, 1, 5)}, "arr_1 has shape [2 2 1 5] after [2 2 1 3] of arr_0"},
		"rank":           {[]checkpoint.Tensor{zeros("attention", 3, 3)}, "attention has shape [3 3], want [layers, heads, queries, keys]"},
		"more queries":   {[]checkpoint.Tensor{zeros("attention", 1, 1, 3, 2)}, "no more queries than keys"},
		"mixed rank":     {[]checkpoint.Tensor{zeros("arr_0", 2, 3, 3), zeros("arr_1", 1, 2, 3, 3)}, "beside"},
		"empty":          {[]checkpoint.Tensor{zeros("attention", 0, 2, 3, 3)}, "at least one of each"},
		"integer layers": {[]checkpoint.Tensor{checkpoint.NewI64("arr_0", []int{1, 1, 1}, []int64{1})}, "arr_0 is I64, want F32"},
	} {
		if _, _, err := ReadWeights(saved(t, c.tensors...)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}

// TestLeftPadding: queries of padding attend evenly to everything, or are no numbers.
func TestLeftPadding(t *testing.T) {
	nan := float32(math.NaN())
	row := func(v ...float32) []float32 { return v }
	even, none := row(.25, .25, .25, .25), row(nan, nan, nan, nan)
	causal := [][]float32{row(1, 0, 0, 0), row(0, 1, 0, 0), row(0, 0, 1, 0), row(0, 0, .5, .5)}
	for name, c := range map[string]struct {
		rows [][]float32
		want string
	}{
		"even":              {[][]float32{even, even, causal[2], causal[3]}, "first 2 queries attend evenly to everything, after their own positions too, which looks like left padding: cut it off, attention[..., 2:, 2:] and tokens[2:]"},
		"no numbers":        {[][]float32{none, causal[1], causal[2], causal[3]}, "attention[..., 1:, 1:] and tokens[1:]"},
		"last queries":      {[][]float32{even, causal[3]}, "attention[..., 1:, 3:] and tokens[3:]"},
		"not causal at all": {[][]float32{even, even, even, even}, "query 0, key 1 is 0.25, want 0 after the query's own position"},
		"zeros":             {[][]float32{row(0, 0, 0, 0), row(0, 0, 0, 0), causal[2], causal[3]}, "first 2 queries attend to nothing, their weights being 0, which looks like left padding: cut it off, attention[..., 2:, 2:] and tokens[2:]"},
		"later":             {[][]float32{causal[0], even, causal[2], causal[3]}, "query 1, key 2 is 0.25, want 0 after"},
	} {
		f := saved(t, checkpoint.NewF32("attention", []int{1, 1, len(c.rows), 4}, slices.Concat(c.rows...)))
		if _, _, err := ReadWeights(f); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
	// A last query that attends evenly to all that it sees is no padding.
	if _, _, err := ReadWeights(saved(t, checkpoint.NewF32("attention", []int{1, 1, 1, 4}, even))); err != nil {
		t.Error(err)
	}
}

// FuzzMaps arranges tensors of any shape: what is read is whole, and sums to one at most.
func FuzzMaps(f *testing.F) {
	f.Add("attention", uint8(1), uint8(2), uint8(3), uint8(4), uint8(1), true, uint8(0))
	f.Add("arr_0", uint8(0), uint8(2), uint8(3), uint8(3), uint8(3), false, uint8(0))
	f.Add("step_1", uint8(2), uint8(2), uint8(1), uint8(5), uint8(2), false, uint8(1))
	f.Fuzz(func(t *testing.T, name string, a, b, c, d, parts uint8, half bool, grow uint8) {
		var tensors []checkpoint.Tensor
		seen := map[string]bool{}
		for i := range int(parts % 5) {
			shape := []int{int(a % 4), int(b % 4), int(c % 5), int(d%6) + i*int(grow%2)}
			if a%4 == 0 {
				shape = shape[1:]
			}
			n := 1
			for _, s := range shape {
				n *= s
			}
			x := make([]float32, n)
			for j := range x {
				x[j] = 1 / float32(j%7+1) / 8
			}
			part := strings.ToValidUTF8(strings.ReplaceAll(name, "0", string(rune('0'+i))), "")
			if seen[part] || part == "__metadata__" {
				continue
			}
			seen[part] = true
			if half {
				tensors = append(tensors, checkpoint.NewF16(part, shape, x))
			} else {
				tensors = append(tensors, checkpoint.NewF32(part, shape, x))
			}
		}
		of, shape, err := ReadWeights(saved(t, tensors...))
		if err != nil {
			return
		}
		h := headOf(t, of, shape[0]-1, shape[1]-1)
		if h.Queries != shape[2] || h.Len() != shape[3] || h.Weights.Len() != shape[2]*shape[3] {
			t.Errorf("%v: %d queries of %d keys, %d weights", shape, h.Queries, h.Len(), h.Weights.Len())
		}
	})
}
