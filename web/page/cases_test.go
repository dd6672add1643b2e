package page

import (
	"bytes"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/web/client"
	"kvscope/web/state"
)

// opened is what comes of a file of testdata that is opened on the page, with the engine
// that replays it where it is queries and keys.
func opened(t *testing.T, path string) (state.Action, *client.Captures) {
	t.Helper()
	content, err := os.ReadFile("../../engine/" + path)
	if err != nil {
		t.Fatal(err)
	}
	files := client.NewCaptureFiles()
	return open(0, path[strings.LastIndex(path, "/")+1:], bytes.NewReader(content), "quest", func(f *checkpoint.File) (run.ModelInfo, error) {
		return files.Add("own", f)
	}), files.Beside(nil)
}

// TestMapsThatPeopleHave opens them as the page does: with how many layers and queries, or
// with what one line instead.
func TestMapsThatPeopleHave(t *testing.T) {
	for name, c := range map[string]struct {
		layers, queries int
		problem         string
	}{
		"attentions.npz":          {layers: 2, queries: 12},
		"positional_layers.npz":   {layers: 2, queries: 12},
		"none_beside.npz":         {layers: 2, queries: 12},
		"macosx.npz":              {layers: 2, queries: 12},
		"raw_pieces.npz":          {layers: 2, queries: 12},
		"rtl.npz":                 {layers: 2, queries: 12},
		"batch_as_layers.npz":     {layers: 6, queries: 12},
		"generate_ragged.npz":     {layers: 2, queries: 3},
		"rowsum.npz":              {problem: "layer 0, head 0, query 1 sums to 1.7998047, want at most 1: was the model in train mode"},
		"dropout_last32.npz":      {problem: "train mode"},
		"leftpad_uniform.npz":     {problem: "attention[..., 3:, 3:]"},
		"tokens_object.npz":       {problem: "Python objects"},
		"plain.npy":               {problem: "a NumPy array (.npy)"},
		"lfs_pointer.safetensors": {problem: "git lfs pull"},
		"torch.pt":                {problem: "a PyTorch file"},
	} {
		switch a, _ := opened(t, "runfile/testdata/maps/"+name); a := a.(type) {
		case state.NotOpened:
			if c.problem == "" || !strings.Contains(a.Problem, c.problem) || strings.Contains(a.Problem, "\n") {
				t.Errorf("%s: %q, want one line with %q", name, a.Problem, c.problem)
			}
		case state.Opened:
			if ignored := a.Run.Header.Ignored; (name == "none_beside.npz") != slices.Equal(ignored, []string{"mask"}) {
				t.Errorf("%s: ignored are %v", name, ignored)
			}
			h, err := a.Heads(0, 0)
			if err != nil || c.problem != "" || a.Run.Header.Layers != c.layers || h.Queries != c.queries {
				t.Errorf("%s: %d layers, head %+v, %v, want %d layers of %d queries, problem %q", name, a.Run.Header.Layers, h, err, c.layers, c.queries, c.problem)
			}
		default:
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// TestDumpsThatPeopleHave replays queries and keys as the page does. The page says how it
// read them, and the form is given what kvscope select takes from the file.
func TestDumpsThatPeopleHave(t *testing.T) {
	for name, c := range map[string]struct {
		asks    sparse.Config // of the form, by the file
		counts  []int         // of what the heads read at the step, in the method's unit; the step's own entry beside what an eviction kept
		note    string
		problem string // with the file, or the run
	}{
		"settings_as_numbers.npz":          {asks: method("quest", "block", "32", "k", "2"), counts: []int{2, 2, 2, 2}},
		"quest22.safetensors":              {asks: method("quest", "block", "16", "k", "4"), counts: []int{4, 4, 4, 4}},
		"snapkv_authors_names.safetensors": {asks: method("snapkv", "window", "8", "k", "40", "kernel", "5", "pooling", "avg"), counts: []int{41, 41, 41, 41}},
		"quest_authors_names.safetensors":  {asks: method("quest", "block", "8", "k", "2"), counts: []int{2, 2, 2, 2}},
		"twilight_top_p.safetensors":       {asks: method("twilight", "top_p", "0.5", "budget", "1/2")},
		"bshd_mha.npz":                     {problem: "40 heads of 8 positions: is its order [seq, head, head_dim]?"},
		"nan_left_padding.safetensors":     {problem: "k: head 0, position 0 is NaN, want finite numbers: leave padding out"},
		"mla_v_narrower.safetensors":       {counts: []int{2, 2, 2, 2}, note: "keys 64, channels 8"},
		"bf16.npz":                         {problem: "bfloat16 as NumPy saves it"},
	} {
		a, engine := opened(t, "sparse/apply/testdata/"+name)
		if a, ok := a.(state.NotOpened); ok {
			if c.problem == "" || !strings.Contains(a.Problem, c.problem) {
				t.Errorf("%s: %q, want %q", name, a.Problem, c.problem)
			}
			continue
		}
		captured := a.(state.Captured)
		info, asks := captured.Info, captured.Asks
		if captured.Refused != nil || len(captured.Ignored) > 0 || !reflect.DeepEqual(asks, c.asks) {
			t.Errorf("%s: the form is given %+v, without %v, %v, want %+v", name, asks, captured.Ignored, captured.Refused, c.asks)
		}
		if asks.Method == "" {
			asks = method("quest", "block", "16", "k", "2")
		}
		if !strings.HasPrefix(info.Note, "queries and keys, replayed: layers ") || !strings.Contains(info.Note, c.note) {
			t.Errorf("%s: %q, want %q", name, info.Note, c.note)
		}
		steps := 1
		var r trace.Run
		if err := engine.Run(t.Context(), run.Request{Model: "own", Config: asks, MaxNew: &steps}, &r); err != nil {
			t.Fatal(name, err)
		}
		if r.Failure != nil || c.problem != "" {
			if r.Failure == nil || c.problem == "" || !strings.Contains(r.Failure.Message, c.problem) {
				t.Errorf("%s: %+v, want %q", name, r.Failure, c.problem)
			}
			continue
		}
		var counts []int
		for _, s := range r.Selections {
			counts = append(counts, s.Count(0))
		}
		if c.counts != nil && !slices.Equal(counts, c.counts) {
			t.Errorf("%s: %d read, want %d", name, counts, c.counts)
		}
	}
}

// TestPublicCodeOnThePage: Quest's public code, which the form offers, clips the budget of a
// dump to its length as kvscope select does.
func TestPublicCodeOnThePage(t *testing.T) {
	a, engine := opened(t, "sparse/apply/testdata/quest22.safetensors")
	asks, steps := a.(state.Captured).Asks.With("public_code", "true"), 1
	var r trace.Run
	if err := engine.Run(t.Context(), run.Request{Model: "own", Config: asks, MaxNew: &steps}, &r); err != nil || r.Failure != nil {
		t.Fatal(err, r.Failure)
	}
	for _, s := range r.Selections {
		if got := s.Count(0); got < 3 || got > 4 {
			t.Errorf("%d of 4 blocks, want 3, the last beside them", got)
		}
	}
}

// method is a config of a method with parameters, name after name.
func method(id string, values ...string) sparse.Config {
	c := sparse.Config{Method: id}
	for i := 0; i+1 < len(values); i += 2 {
		c = c.With(values[i], values[i+1])
	}
	return c
}
