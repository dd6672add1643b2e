package trace

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
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
		want := &Header{Model: "tiny", Layers: 2, Heads: 2, Context: 6, Tokens: []Token{{-1, "The"}, {-1, " café"}, {-1, " is"}, {-1, " 🔑"}, {-1, " <b>"}, {-1, ""}}}
		if !reflect.DeepEqual(f.Run.Header, want) {
			t.Errorf("%s: %+v, want %+v", name, f.Run.Header, want)
		}
		if h := f.Heads(1, 1); h.Len() != 6 || h.Queries != 4 || h.Weights[3*6+1] != 1 {
			t.Errorf("%s: layer 1 head 1 is %+v", name, h)
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
		if !reflect.DeepEqual(again.Run.Header, f.Run.Header) || !reflect.DeepEqual(again.Heads(0, 1), f.Heads(0, 1)) {
			t.Errorf("%s: saved and read, %+v", name, again.Run.Header)
		}
	}
}

func TestReadMapsTokens(t *testing.T) {
	attention := checkpoint.NewF32("attention", []int{1, 1, 2, 2}, []float32{1, 0, 0.5, 0.5})
	for name, c := range map[string]struct {
		metadata map[string]string
		tensors  []checkpoint.Tensor
		want     []Token
		problem  string
	}{
		"not said":      {nil, nil, []Token{{-1, "0 "}, {-1, "1 "}}, ""},
		"ids":           {nil, []checkpoint.Tensor{checkpoint.NewI64("tokens", []int{2}, []int64{7, 9})}, []Token{{7, "7 "}, {9, "9 "}}, ""},
		"texts":         {map[string]string{"tokens": `["a", " b"]`, "model": "m"}, nil, []Token{{-1, "a"}, {-1, " b"}}, ""},
		"too few ids":   {nil, []checkpoint.Tensor{checkpoint.NewI64("tokens", []int{1}, []int64{7})}, nil, "tokens: 1 of them for 2 keys"},
		"too few texts": {map[string]string{"tokens": `["a"]`}, nil, nil, "tokens: 1 of them for 2 keys"},
		"no list":       {map[string]string{"tokens": `a b`}, nil, nil, "want a JSON list of texts"},
		"no id":         {nil, []checkpoint.Tensor{checkpoint.NewI64("tokens", []int{2}, []int64{7, -9})}, nil, "tokens: id -9, want 0 to"},
		"fractions":     {nil, []checkpoint.Tensor{checkpoint.NewF32("tokens", []int{2}, []float32{7, 9})}, nil, "want an integer type"},
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
