package apply

import (
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// dumped is a file of q, k and v of 2 heads, with other tensors beside.
func dumped(t *testing.T, queries, keys, size, width int, others ...checkpoint.Tensor) *checkpoint.File {
	t.Helper()
	x := ramp(2 * (queries*size + keys*size + keys*width))
	q, rest := x[:2*queries*size], x[2*queries*size:]
	tensors := append([]checkpoint.Tensor{
		checkpoint.NewF32("q", []int{2, queries, size}, q),
		checkpoint.NewF32("k", []int{2, keys, size}, rest[:2*keys*size]),
	}, others...)
	if width > 0 {
		tensors = append(tensors, checkpoint.NewF32("v", []int{2, keys, width}, rest[2*keys*size:]))
	}
	return build(t, nil, tensors...)
}

// attention is softmax(scale·q·k) over some positions of v, in float64.
func attention(q, k, v []float32, scale float64, size, width int, positions []int) []float32 {
	weights, sum := make([]float64, len(positions)), 0.0
	for i, j := range positions {
		dot := 0.0
		for c := range size {
			dot += float64(q[c]) * float64(k[j*size+c])
		}
		weights[i] = math.Exp(scale * dot)
		sum += weights[i]
	}
	out := make([]float32, width)
	for c := range out {
		x := 0.0
		for i, j := range positions {
			x += weights[i] / sum * float64(v[j*width+c])
		}
		out[c] = float32(x)
	}
	return out
}

// TestWidthAndScale: values of any width, or none, leave the selection as it is, and out
// is attention at the scale asked for, by its definition.
func TestWidthAndScale(t *testing.T) {
	const queries, keys, size = 3, 30, 6
	c := sparse.Config{Method: "quest", Values: sparse.Values{"block": "4", "k": "3"}}
	want, _ := run(t, c, dumped(t, queries, keys, size, size))
	for _, width := range []int{0, 1, 4, 6, 7, 12, 20} {
		for _, scale := range []string{"", "0.1", "3"} {
			f := dumped(t, queries, keys, size, width)
			r, err := Run(c, Options{Scale: scale}, f, ops.Reference())
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(r.Selected, want.Selected) || r.Read.ValueDim != width {
				t.Errorf("width %d: selects %v, want %v, read %+v", width, r.Selected, want.Selected, r.Read)
			}
			out := build(t, r.Metadata, r.Tensors...)
			if width == 0 {
				if out.Has("out") || !strings.Contains(r.Read.String(), "no v and so no out") {
					t.Errorf("out without v: %s", r.Read)
				}
				continue
			}
			by := map[string]float64{"": 1 / math.Sqrt(size), "0.1": 0.1, "3": 3}[scale]
			if r.Read.Scale != by {
				t.Errorf("scale %g, want %g", r.Read.Scale, by)
			}
			got, q, k, v := floats(t, out, "out", 2, width), floats(t, f, "q"), floats(t, f, "k"), floats(t, f, "v")
			for h := range 2 {
				last := (h*queries + queries - 1) * size
				near(t, "out", got[h*width:][:width], attention(q[last:], k[h*keys*size:], v[h*keys*width:], by, size, width, r.Selected.([][]int)[h]))
			}
		}
	}
}

// TestScaleDecides: methods that select by attention weights are told the scale too.
func TestScaleDecides(t *testing.T) {
	f := dumped(t, 30, 30, 6, 6)
	for _, method := range []string{"snapkv", "h2o", "twilight", "oracle-block", "oracle-token"} {
		c := sparse.Config{Method: method, Values: sparse.Values{"block": "4", "budget": "1/2", "window": "3", "top_p": "0.5"}}
		scores := map[string][]float32{}
		for _, scale := range []string{"0.001", "0.5", "5"} {
			r, err := Run(c, Options{Scale: scale}, f, ops.Reference())
			if err != nil {
				t.Fatal(err)
			}
			scores[scale] = floats(t, build(t, nil, r.Tensors...), "score")
		}
		if slices.Equal(scores["0.001"], scores["0.5"]) || slices.Equal(scores["0.5"], scores["5"]) {
			t.Errorf("%s: the scale changes no score", method)
		}
	}
}

// TestPadding: what a mask leaves out is as if it had never been saved, but for the
// numbers of positions.
func TestPadding(t *testing.T) {
	const left, right, tokens, size = 5, 3, 32, 4
	const all = left + tokens + right
	whole := ramp(2 * all * size)
	tensor := func(name string, lo, hi int) checkpoint.Tensor {
		var x []float32
		for h := range 2 {
			x = append(x, whole[(h*all+lo)*size:(h*all+hi)*size]...)
		}
		return checkpoint.NewF32(name, []int{2, hi - lo, size}, x)
	}
	keep := make([]int64, all)
	for i := left; i < all-right; i++ {
		keep[i] = 1
	}
	flags := make([]uint8, all)
	for i, v := range keep {
		flags[i] = uint8(v)
	}
	boolean := checkpoint.NewU8("mask", []int{1, 1, 1, all}, flags)
	boolean.DType = checkpoint.Bool
	other := filepath.Join(t.TempDir(), "mask.safetensors")
	if err := checkpoint.Save(other, nil, []checkpoint.Tensor{checkpoint.NewI64("attention_mask", []int{1, all}, keep)}); err != nil {
		t.Fatal(err)
	}
	padded := []checkpoint.Tensor{tensor("q", 0, all), tensor("k", 0, all), tensor("v", 0, all)}
	for _, method := range []string{"quest", "snapkv", "moba"} {
		c := sparse.Config{Method: method, Values: sparse.Values{"block": "4", "budget": "1/2", "window": "4"}}
		bare, bareOut := run(t, c, build(t, nil, tensor("q", left, left+tokens), tensor("k", left, left+tokens), tensor("v", left, left+tokens)))
		for name, in := range map[string]struct {
			option  string
			tensors []checkpoint.Tensor
		}{
			"usual name":   {"", append(padded, checkpoint.NewI64("attention_mask", []int{1, all}, keep))},
			"boolean":      {"", append(padded, boolean)},
			"named":        {"keep", append(padded, checkpoint.NewI64("keep", []int{all}, keep))},
			"another file": {other, padded},
			"last queries": {"", []checkpoint.Tensor{tensor("q", left, left+tokens), padded[1], padded[2], checkpoint.NewI64("mask", []int{all}, keep)}},
		} {
			r, err := Run(c, Options{Mask: in.option}, build(t, nil, in.tensors...), ops.Reference())
			if err != nil {
				t.Errorf("%s, %s: %v", method, name, err)
				continue
			}
			if r.Read.Padding != [2]int{left, right} || r.Read.Keys != all || r.ReadFraction != bare.ReadFraction || !slices.Equal(r.Ignored, bare.Ignored) {
				t.Errorf("%s, %s: read %+v, ignored %v, fraction %g, want %g", method, name, r.Read, r.Ignored, r.ReadFraction, bare.ReadFraction)
			}
			out := build(t, nil, r.Tensors...)
			near(t, method+" out", floats(t, out, "out"), floats(t, bareOut, "out"))
			near(t, method+" score", finite(floats(t, out, "score")), finite(floats(t, bareOut, "score")))
			if lists, ok := bare.Selected.([][]int); ok {
				for h, list := range lists {
					for i := range list {
						list[i] += left
					}
					if !slices.Equal(r.Selected.([][]int)[h], list) {
						t.Errorf("%s, %s: head %d selects %v, want %v", method, name, h, r.Selected.([][]int)[h], list)
					}
					for i := range list {
						list[i] -= left
					}
				}
				mask(t, out, 2, all)
			} else if !reflect.DeepEqual(r.Selected, bare.Selected) {
				t.Errorf("%s, %s: selects other blocks", method, name)
			}
		}
	}
}

// finite is x without infinities, which have no difference.
func finite(x []float32) []float32 {
	return slices.DeleteFunc(x, func(v float32) bool { return math.IsInf(float64(v), 0) })
}

func TestInputRefuses(t *testing.T) {
	const keys = 40
	numbers := func(name string, shape []int, at map[int]int64) checkpoint.Tensor {
		n := 1
		for _, s := range shape {
			n *= s
		}
		x := make([]int64, n)
		for i := range x {
			x[i] = 1
		}
		for i, v := range at {
			x[i] = v
		}
		return checkpoint.NewI64(name, shape, x)
	}
	broken := func(name string, at int, v float32) checkpoint.Tensor {
		x := ramp(2 * keys * 4)
		x[at] = v
		return checkpoint.NewF32(name, []int{2, keys, 4}, x)
	}
	x := checkpoint.NewF32("k", []int{2, keys, 4}, ramp(2*keys*4))
	q := checkpoint.NewF32("q", []int{2, keys, 4}, ramp(2*keys*4))
	eight := checkpoint.Tensor{Name: "q", DType: checkpoint.F8E4M3, Shape: []int{2, 1, 4}, Data: make([]byte, 8)}
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	zeros := map[int]int64{}
	for i := range keys {
		zeros[i] = 0
	}
	for name, c := range map[string]struct {
		options Options
		tensors []checkpoint.Tensor
		want    string
	}{
		"unknown axes":     {Options{Layout: "bsxd"}, nil, `layout: "bsxd", want head, seq and head_dim in some order`},
		"axis twice":       {Options{Layout: "[seq, seq, head]"}, nil, "layout:"},
		"empty layout":     {Options{Layout: "[]"}, nil, "layout:"},
		"zero scale":       {Options{Scale: "0"}, nil, `scale: "0", want a number above 0 and at most 1000`},
		"negative scale":   {Options{Scale: "-1"}, nil, `scale: "-1"`},
		"scale is NaN":     {Options{Scale: "NaN"}, nil, `scale: "NaN"`},
		"huge scale":       {Options{Scale: "1e30"}, nil, `scale: "1e30"`},
		"scale is a word":  {Options{Scale: "small"}, nil, `scale: "small"`},
		"scale in file":    {Options{}, []checkpoint.Tensor{q, x, checkpoint.NewF32("softmax_scale", nil, []float32{-2})}, `the file's softmax_scale: "-2"`},
		"scale by channel": {Options{}, []checkpoint.Tensor{q, x, checkpoint.NewF32("scale", []int{2}, []float32{1, 2})}, "the file's scale: F32 of shape [2], want a single number"},
		"setting by layer": {Options{}, []checkpoint.Tensor{q, x, numbers("block_size", []int{3}, nil)}, "the file's block_size: I64 of shape [3], want a single number"},
		"mask of all":      {Options{Mask: "40"}, nil, "mask: the first 40 positions, want 0 to 39"},
		"negative mask":    {Options{Mask: "-1"}, nil, "mask: the first -1 positions"},
		"no such mask":     {Options{Mask: "keep"}, nil, `mask: "keep", want how many of the first positions are padding, the name of an array`},
		"mask of others":   {Options{}, []checkpoint.Tensor{q, x, numbers("mask", []int{2, keys}, nil)}, `mask "mask" has shape [2 40], want one number for each of k's 40 positions`},
		"causal mask":      {Options{}, []checkpoint.Tensor{q, x, numbers("attention_mask", []int{1, 1, keys, keys}, nil)}, "--mask 0 reads none"},
		"mask of shares":   {Options{}, []checkpoint.Tensor{q, x, numbers("mask", []int{keys}, map[int]int64{3: 2})}, `mask "mask" is 2 at position 3`},
		"mask with a hole": {Options{}, []checkpoint.Tensor{q, x, numbers("mask", []int{keys}, map[int]int64{0: 0, 7: 0})}, `mask "mask" is 0 at position 7, between tokens`},
		"mask of nothing":  {Options{}, []checkpoint.Tensor{q, x, numbers("mask", []int{keys}, zeros)}, "0 everywhere"},
		"NaN in k":         {Options{}, []checkpoint.Tensor{q, broken("k", (keys+7)*4+2, nan)}, `tensor "k" is NaN at head 1, position 7, channel 2`},
		"Inf in q":         {Options{}, []checkpoint.Tensor{broken("q", 9*4, inf), x}, `tensor "q" is -Inf at head 0, position 9, channel 0`},
		"too large":        {Options{}, []checkpoint.Tensor{q, broken("k", 0, 1e19)}, `tensor "k" is 1e+19 at head 0, position 0, channel 0, want at most 1e+18 either way, beyond which products of such vectors overflow float32`},
		"NaN in v":         {Options{}, []checkpoint.Tensor{q, x, broken("v", 1, nan)}, `tensor "v" is NaN at head 0, position 0, channel 1, want finite numbers: are the first 1 positions padding?`},
		"float8":           {Options{}, []checkpoint.Tensor{eight, x}, "F8_E4M3, want F32, F64, F16 or BF16: save it as float32, times the scale"},
		"all must vote":    {Options{}, []checkpoint.Tensor{checkpoint.NewF32("q", []int{2, 1, 4}, ramp(8)), x}, `tensor "q" holds the last 1 queries, and all 40 vote`},
	} {
		if c.tensors == nil {
			c.tensors = []checkpoint.Tensor{q, x}
		}
		_, err := Run(sparse.Config{Method: "h2o"}, c.options, build(t, nil, c.tensors...), ops.Reference())
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q", name, err, c.want)
		}
	}
	// Another order of axes, none of them the default one, and a query without positions.
	for order, shapes := range map[string][2][]int{
		"bhsd": {{1, 2, 4}, {1, 2, keys, 4}}, "[seq, head, head_dim]": {{2, 4}, {keys, 2, 4}}, "sbhd": {{1, 2, 4}, {keys, 1, 2, 4}},
	} {
		f := build(t, nil, checkpoint.NewF32("q", shapes[0], ramp(8)), checkpoint.NewF32("k", shapes[1], ramp(2*keys*4)))
		r, err := Run(sparse.Config{Method: "quest"}, Options{Layout: order}, f, ops.Reference())
		if err != nil || r.Read.Heads != 2 || r.Read.Queries != 1 || r.Read.Keys != keys || r.Read.HeadDim != 4 {
			t.Errorf("%s: %v, %+v", order, err, r)
		}
	}
}
