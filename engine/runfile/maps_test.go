package runfile

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/trace"
)

// TestReadMapsOfNumPy reads maps that NumPy saved; checkpoint's testdata/npz.py says
// what they are.
func TestReadMapsOfNumPy(t *testing.T) {
	for _, name := range []string{"arrays.npz", "compressed.npz"} {
		data, err := os.ReadFile("../checkpoint/testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Read(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := &trace.Header{Model: "tiny", Layers: 2, Heads: 2, Context: 6, Tokens: []trace.Token{{ID: -1, Text: "The"}, {ID: -1, Text: " café"}, {ID: -1, Text: " is"}, {ID: -1, Text: " 🔑"}, {ID: -1, Text: " <b>"}, {ID: -1, Text: ""}},
			Pieces: []string{"The", " café", " is", " 🔑", " <b>", ""}, Ignored: []string{"columns", "double", "empty", "flags", "long", "scalar", "single", "bytes"}}
		if !reflect.DeepEqual(f.Run.Header, want) {
			t.Errorf("%s: %+v, want %+v", name, f.Run.Header, want)
		}
		h, err := f.Heads(1, 1)
		if err != nil {
			t.Fatal(err)
		}
		if w, err := h.Weights.Float32(); err != nil || h.Len() != 6 || h.Queries != 4 || w[3*6+1] != 1 {
			t.Errorf("%s: layer 1 head 1 is %+v, %v", name, h, err)
		}
		// Saved, it opens as the same.
		var saved bytes.Buffer
		if err := f.Write(&saved); err != nil {
			t.Fatal(err)
		}
		again, err := Read(saved.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		first, err := f.Heads(0, 1)
		if err != nil {
			t.Fatal(err)
		}
		if h, err := again.Heads(0, 1); err != nil || !reflect.DeepEqual(again.Run.Header, f.Run.Header) || !reflect.DeepEqual(h, first) {
			t.Errorf("%s: saved and read, %+v", name, again.Run.Header)
		}
	}
}

func TestReadMapsTokens(t *testing.T) {
	attention := checkpoint.NewF32("attention", []int{1, 1, 2, 2}, []float32{1, 0, 0.5, 0.5})
	for name, c := range map[string]struct {
		metadata map[string]string
		tensors  []checkpoint.Tensor
		want     []trace.Token
		problem  string
	}{
		"batch of ids":   {nil, []checkpoint.Tensor{checkpoint.NewI64("tokens", []int{2, 2}, []int64{7, 9, 7, 9})}, nil, "tokens: a batch of 2 prompts, want one: tokens[0]"},
		"one of a batch": {nil, []checkpoint.Tensor{checkpoint.NewI64("tokens", []int{1, 2}, []int64{7, 9})}, []trace.Token{{ID: 7, Text: "7 "}, {ID: 9, Text: "9 "}}, ""},
		"batch of texts": {map[string]string{"tokens": `[["a", "b"], ["c", "d"]]`}, nil, nil, "tokens: a batch of 2 prompts"},
		"one of texts":   {map[string]string{"tokens": `[["a", " b"]]`}, nil, []trace.Token{{ID: -1, Text: "a"}, {ID: -1, Text: " b"}}, ""},
		"not said":       {nil, nil, []trace.Token{{ID: -1, Text: "0 "}, {ID: -1, Text: "1 "}}, ""},
		"ids":            {nil, []checkpoint.Tensor{checkpoint.NewI64("tokens", []int{2}, []int64{7, 9})}, []trace.Token{{ID: 7, Text: "7 "}, {ID: 9, Text: "9 "}}, ""},
		"texts":          {map[string]string{"tokens": `["a", " b"]`, "model": "m"}, nil, []trace.Token{{ID: -1, Text: "a"}, {ID: -1, Text: " b"}}, ""},
		"too few ids":    {nil, []checkpoint.Tensor{checkpoint.NewI64("tokens", []int{1}, []int64{7})}, nil, "tokens: 1 of them for 2 keys"},
		"too few texts":  {map[string]string{"tokens": `["a"]`}, nil, nil, "tokens: 1 of them for 2 keys"},
		"no list":        {map[string]string{"tokens": `a b`}, nil, nil, "want a JSON list of texts"},
		"no id":          {nil, []checkpoint.Tensor{checkpoint.NewI64("tokens", []int{2}, []int64{7, -9})}, nil, "tokens: id -9, want 0 to"},
		"fractions":      {nil, []checkpoint.Tensor{checkpoint.NewF32("tokens", []int{2}, []float32{7, 9})}, nil, "want an integer type"},
	} {
		var b bytes.Buffer
		if err := checkpoint.Write(&b, c.metadata, append(c.tensors, attention)); err != nil {
			t.Fatal(err)
		}
		f, err := Read(b.Bytes())
		if c.problem != "" {
			if err == nil || !strings.Contains(err.Error(), "read maps: ") || !strings.Contains(err.Error(), c.problem) {
				t.Errorf("%s: %v, want an error with %q", name, err, c.problem)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := f.Run.Header; !reflect.DeepEqual(got.Tokens, c.want) || got.Model != c.metadata["model"] {
			t.Errorf("%s: model %q, tokens %v, want %v", name, got.Model, got.Tokens, c.want)
		}
	}
}

// TestMapsModel: the name of a model is a line, of an array of one text too.
func TestMapsModel(t *testing.T) {
	attention := checkpoint.NewF32("attention", []int{1, 1, 2, 2}, []float32{1, 0, 0.5, 0.5})
	for said, want := range map[string]struct{ model, problem string }{
		"tiny": {"tiny", ""}, `["tiny"]`: {"tiny", ""}, "": {"", ""},
		strings.Repeat("x", 5000): {"", "model: a name of 5000 bytes, want at most 200"}, "a\x00b": {"", "want one line of text"},
	} {
		var file bytes.Buffer
		if err := checkpoint.Write(&file, map[string]string{"model": said}, []checkpoint.Tensor{attention}); err != nil {
			t.Fatal(err)
		}
		f, err := Read(file.Bytes())
		switch {
		case want.problem != "":
			if err == nil || !strings.Contains(err.Error(), want.problem) {
				t.Errorf("%.20s: %v, want %s", said, err, want.problem)
			}
		case err != nil || f.Run.Header.Model != want.model:
			t.Errorf("%.20s: %+v, %v", said, f, err)
		}
	}
}
