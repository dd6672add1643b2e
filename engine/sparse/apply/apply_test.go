package apply

import (
	"bytes"
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

func open(t *testing.T, path string) *checkpoint.File {
	t.Helper()
	f, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// build makes a file of tensors in memory.
func build(t *testing.T, metadata map[string]string, tensors ...checkpoint.Tensor) *checkpoint.File {
	t.Helper()
	var b bytes.Buffer
	if err := checkpoint.Write(&b, metadata, tensors); err != nil {
		t.Fatal(err)
	}
	f, err := checkpoint.Parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func run(t *testing.T, c sparse.Config, f *checkpoint.File) (*Result, *checkpoint.File) {
	t.Helper()
	r, err := Run(c, Options{}, f, ops.Reference())
	if err != nil {
		t.Fatal(err)
	}
	return r, build(t, r.Metadata, r.Tensors...)
}

func floats(t *testing.T, f *checkpoint.File, name string, shape ...int) []float32 {
	t.Helper()
	x, err := f.Float32(name, shape...)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func mask(t *testing.T, f *checkpoint.File, shape ...int) []uint8 {
	t.Helper()
	tensor, err := f.Tensor("selected")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(tensor.Shape, shape) {
		t.Fatalf("selected has shape %v, want %v", tensor.Shape, shape)
	}
	x, err := tensor.Uint8()
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// near fails when got is further than 1e-4 from want anywhere.
func near(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(float64(got[i])-float64(want[i])) <= 1e-4) {
			t.Fatalf("%s: value %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// TestGoldens runs every golden file of a public code with nothing but
// --public-code: all else comes from the file's metadata.
func TestGoldens(t *testing.T) {
	paths, err := filepath.Glob("../testdata/*.safetensors")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	seen := map[string]bool{}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			f := open(t, path)
			r, out := run(t, sparse.Config{Values: sparse.Values{"public_code": "true"}}, f)
			seen[r.Plan.Method] = true
			k, err := f.Tensor("k")
			if err != nil {
				t.Fatal(err)
			}
			heads, seq, dim := k.Shape[0], k.Shape[1], k.Shape[2]
			ones := func(x []uint8) (n int) {
				for _, v := range x {
					n += int(v)
				}
				return n
			}
			switch r.Plan.Method {
			case "quest":
				got := mask(t, out, heads, seq)
				if !slices.Equal(got, mask(t, f, heads, seq)) {
					t.Errorf("selected differs")
				}
				near(t, "score", floats(t, out, "score"), floats(t, f, "block_score"))
				near(t, "out", floats(t, out, "out", heads, dim), floats(t, f, "out"))
				if want := float64(ones(got)) / float64(heads*seq); r.ReadFraction != want {
					t.Errorf("reads %v, want %v", r.ReadFraction, want)
				}
			case "moba":
				near(t, "out", floats(t, out, "out", heads, seq, dim), floats(t, f, "out"))
				blocks := (seq + r.Plan.Block - 1) / r.Plan.Block
				picked, score := mask(t, out, heads, seq, blocks), floats(t, out, "score", heads, seq, blocks)
				if want := prefillFraction(picked, heads, seq, r.Plan.Block); math.Abs(r.ReadFraction-want) > 1e-12 {
					t.Errorf("reads %v, want %v", r.ReadFraction, want)
				}
				for p := range seq {
					row := picked[p*blocks : (p+1)*blocks]
					if own := p / r.Plan.Block; row[own] != 1 || ones(row) != min(own+1, r.Plan.K) || ones(row[own+1:]) != 0 {
						t.Fatalf("query %d of head 0 selects %v", p, row)
					}
					for b, s := range score[p*blocks : (p+1)*blocks] {
						if math.IsInf(float64(s), -1) != (b > p/r.Plan.Block) {
							t.Fatalf("query %d of head 0: score %v of block %d", p, s, b)
						}
					}
				}
			case "snapkv":
				got, want := mask(t, out, heads, seq), mask(t, f, heads, seq)
				if ones(got) != ones(want) || r.ReadFraction != float64(r.Plan.K)/float64(seq) {
					t.Errorf("keeps %d, reads %v, want %d", ones(got), r.ReadFraction, ones(want))
				}
				// Which of equal scores make the last places is the sort's choice there.
				if f.Metadata["pooling"] == "avgpool" && !slices.Equal(got, want) {
					t.Errorf("selected differs")
				}
				floats(t, out, "score", heads, seq)
				floats(t, out, "out", heads, dim)
			}
		})
	}
	for _, m := range []string{"quest", "moba", "snapkv"} {
		if !seen[m] {
			t.Errorf("no golden file of %s", m)
		}
	}
}

// prefillFraction is entries read / entries present by its definition, for the mask
// [heads, seq, blocks].
func prefillFraction(picked []uint8, heads, seq, block int) float64 {
	var read, present int
	blocks := (seq + block - 1) / block
	for h := range heads {
		for p := range seq {
			for j := range p + 1 {
				present++
				read += int(picked[(h*seq+p)*blocks+j/block])
			}
		}
	}
	return float64(read) / float64(present)
}

// ramp is a small file whose numbers all differ.
func ramp(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(math.Sin(float64(i * i)))
	}
	return x
}

// TestLayouts holds that the order of axes, a leading axis of one, and sharing of
// keys by query heads change nothing but the form.
func TestLayouts(t *testing.T) {
	const heads, seq, dim = 4, 50, 6
	q, k, v := ramp(heads*seq*dim), ramp(2 * heads * seq * dim)[heads*seq*dim:], ramp(3 * heads * seq * dim)[2*heads*seq*dim:]
	at := func(x []float32, order [3]int) []float32 { // [head, seq, dim] to another order
		var out []float32
		size := [3]int{heads, seq, dim}
		var i [3]int
		for i[order[0]] = 0; i[order[0]] < size[order[0]]; i[order[0]]++ {
			for i[order[1]] = 0; i[order[1]] < size[order[1]]; i[order[1]]++ {
				for i[order[2]] = 0; i[order[2]] < size[order[2]]; i[order[2]]++ {
					out = append(out, x[(i[0]*seq+i[1])*dim+i[2]])
				}
			}
		}
		return out
	}
	c := sparse.Config{Method: "moba", Values: sparse.Values{"block": "8", "k": "3"}}
	shape := []int{heads, seq, dim}
	plain, want := run(t, c, build(t, nil, checkpoint.NewF32("q", shape, q), checkpoint.NewF32("k", shape, k), checkpoint.NewF32("v", shape, v)))

	order := [3]int{1, 2, 0}
	shape = []int{seq, dim, heads}
	turned, got := run(t, c, build(t, map[string]string{"layout": "[seq, head_dim, head]"},
		checkpoint.NewF32("q", shape, at(q, order)), checkpoint.NewF32("k", shape, at(k, order)), checkpoint.NewF32("v", shape, at(v, order))))
	if !reflect.DeepEqual(turned.Selected, plain.Selected) || got.Metadata["layout"] != "[seq, head_dim, head]" {
		t.Errorf("another layout selects %v, want %v", turned.Selected, plain.Selected)
	}
	near(t, "out", floats(t, got, "out", shape...), at(floats(t, want, "out"), order))

	shape = []int{1, heads, seq, dim}
	batch, _ := run(t, c, build(t, nil, checkpoint.NewF32("q", shape, q), checkpoint.NewF32("k", shape, k), checkpoint.NewF32("v", shape, v)))
	if !reflect.DeepEqual(batch.Selected, plain.Selected) {
		t.Error("a leading axis of one changes the selection")
	}

	// Two key-value heads, each read by two query heads, are the same as four.
	n := seq * dim
	twice := slices.Concat(k[:n], k[:n], k[n:2*n], k[n:2*n])
	shape = []int{heads, seq, dim}
	four, _ := run(t, c, build(t, nil, checkpoint.NewF32("q", shape, q), checkpoint.NewF32("k", shape, twice), checkpoint.NewF32("v", shape, twice)))
	two := []int{2, seq, dim}
	shared, _ := run(t, c, build(t, nil, checkpoint.NewF32("q", shape, q), checkpoint.NewF32("k", two, k[:2*n]), checkpoint.NewF32("v", two, k[:2*n])))
	if !reflect.DeepEqual(shared.Selected, four.Selected) {
		t.Error("shared keys change the selection")
	}

	// The last queries alone select what they select among all.
	last := make([]float32, 0)
	for h := range heads {
		last = append(last, q[(h*seq+seq-5)*dim:(h+1)*seq*dim]...)
	}
	tail, _ := run(t, c, build(t, nil, checkpoint.NewF32("q", []int{heads, 5, dim}, last), checkpoint.NewF32("k", shape, k), checkpoint.NewF32("v", shape, v)))
	for h := range heads {
		if got, want := tail.Selected.([][][]int)[h], plain.Selected.([][][]int)[h][seq-5:]; !reflect.DeepEqual(got, want) {
			t.Errorf("head %d: the last queries select %v, want %v", h, got, want)
		}
	}
}

// TestFlagsWin holds flags over metadata over defaults.
func TestFlagsWin(t *testing.T) {
	metadata := map[string]string{
		"method": "snapkv", "capacity": "96", "window": "16", "kernel_size": "5", "pooling": "maxpool", "block_size": "32", "top_k": "3", "token_budget": "256", "budget": "1/2",
	}
	for name, c := range map[string]struct {
		flags    sparse.Config
		metadata map[string]string
		want     sparse.Config
	}{
		"file": {sparse.Config{}, metadata, sparse.Config{Method: "snapkv", Values: sparse.Values{"k": "96", "window": "16", "kernel": "5", "pooling": "maxpool", "block": "32"}}},
		"flags": {sparse.Config{Values: sparse.Values{"k": "40", "window": "8", "kernel": "3", "pooling": "avg", "block": "16"}}, metadata,
			sparse.Config{Method: "snapkv", Values: sparse.Values{"k": "40", "window": "8", "kernel": "3", "pooling": "avg", "block": "16"}}},
		"flag budget": {sparse.Config{Values: sparse.Values{"budget": "0.25"}}, metadata,
			sparse.Config{Method: "snapkv", Values: sparse.Values{"budget": "0.25", "window": "16", "kernel": "5", "pooling": "maxpool", "block": "32"}}},
		"other method": {sparse.Config{Method: "moba"}, metadata,
			sparse.Config{Method: "moba", Values: sparse.Values{"k": "3", "block": "32"}}},
		"token budget": {sparse.Config{Method: "quest"}, map[string]string{"token_budget": "100"},
			sparse.Config{Method: "quest", Values: sparse.Values{"k": "6"}}},
		"small token budget": {sparse.Config{Method: "quest", Values: sparse.Values{"block": "64"}}, map[string]string{"token_budget": "10"},
			sparse.Config{Method: "quest", Values: sparse.Values{"k": "1", "block": "64"}}},
		"budget": {sparse.Config{Method: "quest"}, map[string]string{"budget": "1/2"}, sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/2"}}},
	} {
		s, err := readSettings(build(t, c.metadata))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.configure(c.flags, 1<<20); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, c.want)
		}
	}
}

// saved are the methods that can be run on tensors that were saved.
func saved() []sparse.Info {
	return slices.DeleteFunc(sparse.Methods(), func(m sparse.Info) bool {
		p, err := sparse.New(sparse.Config{Method: m.ID}, 64)
		return err != nil || p.NeedsModel
	})
}

// TestEveryMethodRuns holds the shapes of the output for all methods.
func TestEveryMethodRuns(t *testing.T) {
	shape := []int{2, 60, 4}
	x := ramp(480)
	f := build(t, nil, checkpoint.NewF32("q", shape, x), checkpoint.NewF32("k", shape, x), checkpoint.NewF32("v", shape, x))
	for _, info := range saved() {
		for _, selector := range []string{sparse.SelectorOwn, sparse.SelectorRandom} {
			if selector == sparse.SelectorRandom && !info.Random {
				continue
			}
			r, out := run(t, sparse.Config{Method: info.ID, Selector: selector, Values: sparse.Values{"budget": "0.5", "block": "8", "window": "8"}}, f)
			if r.Plan.Phase == sparse.PhasePrefill {
				mask(t, out, 2, 60, 8)
				floats(t, out, "out", 2, 60, 4)
			} else {
				mask(t, out, 2, 60)
				floats(t, out, "out", 2, 4)
			}
			scored := selector == sparse.SelectorOwn && !slices.Contains([]string{"dense", "dilated", "streaming", "vertical-slash"}, info.ID)
			if out.Has("score") != scored {
				t.Errorf("%s %s: score present: %v", info.ID, selector, out.Has("score"))
			}
			_, budgeted := info.Param("budget")
			if budgeted && (r.ReadFraction <= 0.3 || r.ReadFraction >= 0.9) || info.ID == sparse.DefaultMethod && r.ReadFraction != 1 {
				t.Errorf("%s %s reads %v at budget 1/2", info.ID, selector, r.ReadFraction)
			}
		}
	}
}

// TestHeadsDrawApart holds that the random selector is told which head it draws
// for.
func TestHeadsDrawApart(t *testing.T) {
	shape := []int{2, 60, 4}
	x := ramp(480)
	f := build(t, nil, checkpoint.NewF32("q", shape, x), checkpoint.NewF32("k", shape, x), checkpoint.NewF32("v", shape, x))
	for _, method := range []string{"quest", "moba", "snapkv"} {
		r, _ := run(t, sparse.Config{Method: method, Selector: sparse.SelectorRandom, Values: sparse.Values{"budget": "0.5", "block": "2", "window": "8"}}, f)
		lists := reflect.ValueOf(r.Selected)
		if reflect.DeepEqual(lists.Index(0).Interface(), lists.Index(1).Interface()) {
			t.Errorf("%s: both heads draw %v", method, lists.Index(0))
		}
	}
}

func TestRunRefuses(t *testing.T) {
	x := func(name string, shape ...int) checkpoint.Tensor {
		n := 1
		for _, s := range shape {
			n *= s
		}
		return checkpoint.NewF32(name, shape, ramp(n))
	}
	good := []checkpoint.Tensor{x("q", 2, 40, 4), x("k", 2, 40, 4), x("v", 2, 40, 4)}
	quest := sparse.Config{Method: "quest"}
	for name, c := range map[string]struct {
		c        sparse.Config
		metadata map[string]string
		tensors  []checkpoint.Tensor
		want     string
	}{
		"no method":      {sparse.Config{}, nil, good, "method: missing"},
		"unknown method": {sparse.Config{}, map[string]string{"method": "h3o"}, good, `method: "h3o"`},
		"bad number":     {quest, map[string]string{"block_size": "x"}, good, `the file's block_size: "x", want a whole number from 1 to 4096`},
		"negative":       {quest, map[string]string{"top_k": "-3"}, good, `top_k: "-3"`},
		"bad budget":     {quest, map[string]string{"budget": "2"}, good, `budget: "2"`},
		"negative block": {sparse.Config{Method: "quest", Values: sparse.Values{"block": "-1"}}, map[string]string{"token_budget": "64"}, good, "block: -1"},
		"layout":         {quest, map[string]string{"layout": "[head, seq]"}, good, "layout:"},
		"layout twice":   {quest, map[string]string{"layout": "[head, head, seq]"}, good, "layout:"},
		"no q":           {quest, nil, good[1:], `tensor "q" is missing`},
		"no k":           {quest, nil, good[2:], `tensor "k" is missing: the file is a safetensors file with v F32 [2 40 4]`},
		"rank":           {quest, nil, []checkpoint.Tensor{x("q", 8), good[1], good[2]}, `tensor "q" has shape [8]`},
		"batch":          {quest, nil, []checkpoint.Tensor{x("q", 2, 2, 40, 4), good[1], good[2]}, "a batch of 2, want one: q[0:1]"},
		"k without seq":  {quest, nil, []checkpoint.Tensor{good[0], x("k", 2, 4), good[2]}, "want the axes [head, seq, head_dim]"},
		"empty":          {quest, nil, []checkpoint.Tensor{good[0], x("k", 2, 0, 4), good[2]}, "no empty axis"},
		"type":           {quest, nil, []checkpoint.Tensor{checkpoint.NewU8("q", []int{1, 1, 1}, []uint8{1}), good[1], good[2]}, `tensor "q" is U8`},
		"v shape":        {quest, nil, []checkpoint.Tensor{good[0], good[1], x("v", 2, 39, 4)}, "v is 2 heads of 39 x 4, want k's 2 of 40, of any width; they were read as [head, seq, head_dim]"},
		"head size":      {quest, nil, []checkpoint.Tensor{x("q", 2, 40, 5), good[1], good[2]}, "heads of size 5, want k's 4"},
		"head count":     {quest, nil, []checkpoint.Tensor{x("q", 3, 40, 4), good[1], good[2]}, "3 heads, want a multiple of k's 2"},
		"long q":         {quest, nil, []checkpoint.Tensor{x("q", 2, 41, 4), good[1], good[2]}, "41 positions, want at most k's 40"},
		"few queries":    {sparse.Config{Method: "snapkv", Values: sparse.Values{"k": "20", "window": "16"}}, nil, []checkpoint.Tensor{x("q", 2, 9, 4), good[1], good[2]}, "window: 16 queries vote"},
	} {
		_, err := Run(c.c, Options{}, build(t, c.metadata, c.tensors...), ops.Reference())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}
