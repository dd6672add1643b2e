package runfile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestMapsThatPeopleHave opens files as they come from users of transformers, of which
// testdata/maps has one of each kind: with what shape, or with what one line instead.
func TestMapsThatPeopleHave(t *testing.T) {
	const layers, heads, queries, keys = 2, 4, 12, 12
	for name, c := range map[string]struct {
		shape   [4]int
		problem []string // of the one line that says why not
	}{
		"attentions.npz":          {shape: [4]int{layers, heads, queries, keys}},
		"positional_layers.npz":   {shape: [4]int{layers, heads, queries, keys}},
		"none_beside.npz":         {shape: [4]int{layers, heads, queries, keys}},
		"macosx.npz":              {shape: [4]int{layers, heads, queries, keys}},
		"raw_pieces.npz":          {shape: [4]int{layers, heads, queries, keys}},
		"rtl.npz":                 {shape: [4]int{layers, heads, queries, keys}},
		"batch_as_layers.npz":     {shape: [4]int{6, heads, queries, keys}}, // nothing tells a batch from layers
		"generate_ragged.npz":     {shape: [4]int{layers, heads, 3, keys}},
		"rowsum.npz":              {problem: []string{"layer 0, head 0, query 1 sums to 1.7998047", "train mode", "model.eval()"}},
		"dropout_last32.npz":      {problem: []string{"layer 0, head 0, query 1 sums to 1.1897953", "train mode"}},
		"leftpad_uniform.npz":     {problem: []string{"layer 0, head 0", "first 3 queries", "left padding", "attention[..., 3:, 3:]", "tokens[3:]"}},
		"tokens_object.npz":       {problem: []string{`"tokens"`, "Python objects", "strings"}},
		"plain.npy":               {problem: []string{"a NumPy array (.npy)", "numpy.savez"}},
		"lfs_pointer.safetensors": {problem: []string{"a git-lfs pointer", "git lfs pull"}},
		"torch.pt":                {problem: []string{"a PyTorch file", "safetensors"}},
	} {
		data, err := os.ReadFile(filepath.Join("testdata", "maps", name))
		if err != nil {
			t.Fatal(err)
		}
		f, err := Read(data)
		if len(c.problem) > 0 {
			if err == nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v, want an error of one line", name, err)
				continue
			}
			for _, part := range c.problem {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%s: %v, want an error with %q", name, err, part)
				}
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		h := f.Run.Header
		last, err := f.Heads(h.Layers-1, h.Heads-1)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		weights, err := last.Weights.Float32()
		if err != nil {
			t.Fatal(err)
		}
		if got := [4]int{h.Layers, h.Heads, last.Queries, last.Len()}; got != c.shape || len(h.Tokens) != c.shape[3] || len(h.Pieces) != c.shape[3] {
			t.Errorf("%s: %v of %d tokens, want %v", name, got, len(h.Tokens), c.shape)
		}
		for q := range last.Queries {
			var sum float32
			for _, w := range weights[q*last.Len():][:last.Len()] {
				sum += w
			}
			if sum < 0.99 || sum > 1.01 {
				t.Errorf("%s: query %d sums to %g", name, q, sum)
			}
		}
	}
}

// TestPiecesRead reads the pieces that convert_ids_to_tokens gives as text.
func TestPiecesRead(t *testing.T) {
	data, err := os.ReadFile("testdata/maps/raw_pieces.npz")
	if err != nil {
		t.Fatal(err)
	}
	f, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"<|endoftext|>", "The", " quick", " brown", " fox", "\n\n", "’", " the", "ing", " dog", ".", " "}
	if got := f.Run.Header.Pieces; !slices.Equal(got, want) {
		t.Errorf("pieces %q, want %q", got, want)
	}
	for _, c := range []struct{ raw, texts, pieces []string }{
		// Byte tokens of SentencePiece make a character together, which is the last one's.
		{[]string{"▁a", "<0xE4>", "<0xBD>", "<0xA0>", "<0x0A>", "▁"}, []string{" a", "<0xE4>", "<0xBD>", "<0xA0>", "\n", " "}, []string{" a", "", "", "你", "\n", " "}},
		// So do parts of characters in byte-level BPE.
		{[]string{"Ġä½", "ł", "x"}, []string{"<0x20><0xE4><0xBD>", "<0xA0>", "x"}, []string{"", " 你", "x"}},
		// Text stays what it is, letters of Maltese and Markdown's headings too.
		{[]string{"Ġ", "ħal", " Ċ", "##", "## a"}, []string{"Ġ", "ħal", " Ċ", "##", "## a"}, []string{"Ġ", "ħal", " Ċ", "##", "## a"}},
		{[]string{"é", "ü"}, []string{"é", "ü"}, []string{"é", "ü"}},
		{nil, nil, []string{}},
	} {
		texts, pieces := readable(c.raw)
		if !slices.Equal(texts, c.texts) || !slices.Equal(pieces, c.pieces) {
			t.Errorf("%q reads %q, %q, want %q, %q", c.raw, texts, pieces, c.texts, c.pieces)
		}
	}
}
