package apply

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// TestFilesThatPeopleHave applies methods to dumps as users of other programs have them:
// testdata has one of each kind. Keys are how many the first head keeps; problem is of the
// one line that says why not.
func TestFilesThatPeopleHave(t *testing.T) {
	public := sparse.Config{Values: sparse.Values{"public_code": "true"}}
	half := sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/2"}}
	for _, c := range []struct {
		file     string
		config   sparse.Config
		options  Options
		keys     int
		fraction float64 // 0: not looked at
		read     Read    // fields that are 0 are not looked at
		problem  []string
	}{
		{file: "settings_as_numbers.npz", keys: 64, fraction: 0.5},
		{file: "quest22.safetensors", config: public, keys: 48, fraction: 0.96}, // 3 of 4 blocks, the best 3 being whole
		{file: "snapkv_authors_names.safetensors", keys: 40, fraction: 0.625},
		{file: "quest_authors_names.safetensors", keys: 16, fraction: 0.25},
		{file: "twilight_top_p.safetensors", keys: 8},
		{file: "bshd_mha.npz", config: half, problem: []string{"k of shape [1 40 8 8] is 40 heads of only 8 positions", "is it [batch, seq, head, head_dim]?", "--layout"}},
		{
			file: "bshd_mha.npz", config: half, options: Options{Layout: "[batch, seq, head, head_dim]"}, keys: 24,
			read: Read{Heads: 8, KVHeads: 8, Queries: 40, Keys: 40, HeadDim: 8, ValueDim: 8, Layout: "[batch, seq, head, head_dim]"},
		},
		{file: "bshd_mha.npz", config: half, options: Options{Layout: "bshd"}, keys: 24, read: Read{Heads: 8, Keys: 40}},
		{file: "bshd_mha.npz", config: half, options: Options{Layout: "[batch, head, seq, head_dim]"}, keys: 8, read: Read{Heads: 40, Keys: 8}},
		{file: "nan_left_padding.safetensors", config: half, problem: []string{`tensor "k" is NaN at head 0, position 0, channel 0`, "first 3 positions padding", "--mask 3"}},
		{file: "nan_left_padding.safetensors", config: half, options: Options{Mask: "2"}, problem: []string{`tensor "k" is NaN at head 0, position 2, channel 0`}},
		{file: "nan_left_padding.safetensors", config: half, options: Options{Mask: "3"}, keys: 29, read: Read{Keys: 64, Padding: [2]int{3, 0}}},
		{file: "mla_v_narrower.safetensors", config: half, keys: 32, read: Read{HeadDim: 8, ValueDim: 4}},
		{file: "bf16.npz", config: half, problem: []string{"bfloat16 as NumPy saves it", "save float32, or bfloat16 in safetensors"}},
	} {
		f := open(t, filepath.Join("testdata", c.file))
		r, err := Run(c.config, c.options, f, ops.Reference())
		if len(c.problem) > 0 {
			for _, part := range c.problem {
				if err == nil || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%s %+v: %v, want one line with %q", c.file, c.options, err, part)
				}
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %+v: %v", c.file, c.options, err)
			continue
		}
		if got := len(r.Selected.([][]int)[0]); got != c.keys || c.fraction != 0 && r.ReadFraction != c.fraction {
			t.Errorf("%s %+v: %d keys, %g of all, want %d, %g", c.file, c.options, got, r.ReadFraction, c.keys, c.fraction)
		}
		if len(r.Ignored) > 0 {
			t.Errorf("%s: ignored %v", c.file, r.Ignored)
		}
		for _, n := range [][2]int{{c.read.Heads, r.Read.Heads}, {c.read.KVHeads, r.Read.KVHeads}, {c.read.Queries, r.Read.Queries}, {c.read.Keys, r.Read.Keys}, {c.read.HeadDim, r.Read.HeadDim}, {c.read.ValueDim, r.Read.ValueDim}} {
			if n[0] != 0 && n[0] != n[1] {
				t.Errorf("%s %+v: read %+v, want %+v", c.file, c.options, r.Read, c.read)
			}
		}
		if c.read.Layout != "" && c.read.Layout != r.Read.Layout || c.read.Padding != r.Read.Padding {
			t.Errorf("%s %+v: read %+v, want %+v", c.file, c.options, r.Read, c.read)
		}
	}
}

// TestWhatIsNotUsedIsNamed: names that nothing was made of, in settings and tensors.
func TestWhatIsNotUsedIsNamed(t *testing.T) {
	x := ramp(2 * 40 * 4)
	shape := []int{2, 40, 4}
	tensors := []checkpoint.Tensor{
		checkpoint.NewF32("q", shape, x), checkpoint.NewF32("k", shape, x), checkpoint.NewF32("v", shape, x),
		checkpoint.NewF32("attn", []int{2, 40}, x[:80]), checkpoint.NewI64("num_layers", []int{1}, []int64{32}),
		checkpoint.NewI64("window_size", nil, []int64{8}), checkpoint.NewI64("window", nil, []int64{9}),
	}
	metadata := map[string]string{"format": "pt", "method": "snapkv", "budget": "1/4", "max_capacity_prompt": "20", "chunk_size": "8", "p": "0.5"}
	r, _ := run(t, sparse.Config{}, build(t, metadata, tensors...))
	// k overrides the budget, the first name of the window the second.
	if want := []string{"attn", "budget", "num_layers", "p", "window_size"}; !slices.Equal(r.Ignored, want) {
		t.Errorf("ignored %v, want %v", r.Ignored, want)
	}
	if r.Plan.K != 20 || r.Plan.Block != 8 {
		t.Errorf("%+v", r.Plan)
	}
	// A flag overrides the file, which was understood all the same.
	r, _ = run(t, sparse.Config{Method: "quest", Values: sparse.Values{"k": "2", "window": "3"}}, build(t, metadata, tensors...))
	if want := []string{"attn", "max_capacity_prompt", "num_layers", "p", "window", "window_size", "window"}; !slices.Equal(r.Ignored, want) {
		t.Errorf("ignored %v, want %v", r.Ignored, want)
	}
}

// TestOneElement: an array of one setting is that setting, and grouped heads in another
// order are asked about as others are.
func TestOneElement(t *testing.T) {
	x := ramp(40 * 8 * 4)
	list := map[string]string{"method": `["quest"]`, "topk": `["2"]`, "block": "8"}
	r, _ := run(t, sparse.Config{}, build(t, list, checkpoint.NewF32("q", []int{8, 40, 4}, x), checkpoint.NewF32("k", []int{8, 40, 4}, x)))
	if r.Plan.Method != "quest" || r.Plan.K != 2 || len(r.Ignored) > 0 {
		t.Errorf("%+v, ignored %v", r.Plan, r.Ignored)
	}
	grouped := build(t, nil, checkpoint.NewF32("q", []int{1, 40, 8, 4}, x), checkpoint.NewF32("k", []int{1, 40, 2, 4}, x[:320]))
	if _, err := Run(sparse.Config{Method: "quest"}, Options{}, grouped, ops.Reference()); err == nil || !strings.Contains(err.Error(), "is it [batch, seq, head, head_dim]?") {
		t.Errorf("grouped heads in another order: %v", err)
	}
}

// TestSizesThatAddUp: authors who give the parts of a cache's size are understood.
func TestSizesThatAddUp(t *testing.T) {
	x := ramp(2 * 40 * 4)
	shape := []int{2, 40, 4}
	for method, c := range map[string]struct {
		sizes map[string]string
		want  sparse.Values
	}{
		"streaming": {map[string]string{"start_size": "2", "recent_size": "10"}, sparse.Values{"k": "12", "initial": "2"}},
		"h2o":       {map[string]string{"hh_size": "6", "recent_size": "5"}, sparse.Values{"k": "11", "window": "5"}},
	} {
		c.sizes["method"] = method
		f := build(t, c.sizes, checkpoint.NewF32("q", shape, x), checkpoint.NewF32("k", shape, x), checkpoint.NewF32("v", shape, x))
		got, _ := run(t, sparse.Config{}, f)
		want, _ := run(t, sparse.Config{Method: method, Values: c.want}, build(t, nil, checkpoint.NewF32("q", shape, x), checkpoint.NewF32("k", shape, x)))
		if !reflect.DeepEqual(got.Plan, want.Plan) || !reflect.DeepEqual(got.Selected, want.Selected) || len(got.Ignored) > 0 {
			t.Errorf("%s: %+v, ignored %v, want %+v", method, got.Plan, got.Ignored, want.Plan)
		}
		c.sizes["recent_size"] = "-3"
		if _, err := Run(sparse.Config{}, Options{}, build(t, c.sizes, checkpoint.NewF32("q", shape, x), checkpoint.NewF32("k", shape, x)), ops.Reference()); err == nil || !strings.Contains(err.Error(), `recent_size: "-3"`) {
			t.Errorf("%s: %v", method, err)
		}
	}
}
