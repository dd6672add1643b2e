package tokenizer

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// kinds are the tokenizer.json files of testdata/huggingface: one of each kind that
// public models use, learned from little text.
var kinds = []string{"gpt2", "smollm", "llama3", "qwen2", "llama2"}

func unzip(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "huggingface", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func open(t testing.TB, kind string) *BPE {
	t.Helper()
	tok, err := ParseJSON(unzip(t, kind+".json.gz"))
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return tok
}

// goldens are texts with what Hugging Face's library makes of them, by kind.
type goldens struct {
	texts   []string
	ids     map[string][][]int32
	decoded map[string][]string
}

func readGoldens(t testing.TB) goldens {
	t.Helper()
	var raw map[string]json.RawMessage
	into := func(name string, v any) {
		if err := json.Unmarshal(raw[name], v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if err := json.Unmarshal(unzip(t, "cases.json.gz"), &raw); err != nil {
		t.Fatal(err)
	}
	g := goldens{ids: map[string][][]int32{}, decoded: map[string][]string{}}
	into("texts", &g.texts)
	for _, kind := range kinds {
		var ids [][]int32
		var decoded []string
		into(kind, &ids)
		into(kind+"_text", &decoded)
		if len(ids) != len(g.texts) || len(decoded) != len(g.texts) {
			t.Fatalf("%s: %d ids and %d decodings of %d texts", kind, len(ids), len(decoded), len(g.texts))
		}
		g.ids[kind], g.decoded[kind] = ids, decoded
	}
	return g
}

func TestHuggingFace(t *testing.T) {
	g := readGoldens(t)
	for _, kind := range kinds {
		tok := open(t, kind)
		for i, text := range g.texts {
			ids, offsets := tok.EncodeOffsets(text)
			if !slices.Equal(ids, g.ids[kind][i]) {
				t.Errorf("%s: %q: ids %v, want %v", kind, text, ids, g.ids[kind][i])
			}
			checkOffsets(t, text, ids, offsets)
			if got := strings.ToValidUTF8(decodeMarks(tok, ids), "\uFFFD"); got != g.decoded[kind][i] {
				t.Errorf("%s: %q: decoded %q, want %q", kind, text, got, g.decoded[kind][i])
			}
		}
	}
}

// decodeMarks is Decode with the names of special tokens in their places.
func decodeMarks(tok *BPE, ids []int32) string {
	plain := *tok
	plain.tokens = slices.Clone(tok.tokens)
	for i := range plain.tokens {
		plain.tokens[i].special = false
	}
	return plain.Decode(ids)
}

func checkOffsets(t *testing.T, text string, ids []int32, offsets []Offset) {
	t.Helper()
	if len(offsets) != len(ids) {
		t.Fatalf("%q: %d offsets of %d tokens", text, len(offsets), len(ids))
	}
	last := Offset{}
	for i, o := range offsets {
		if o.Start < last.Start || o.End < last.End || o.Start > o.End || o.End > len(text) {
			t.Fatalf("%q: token %d at %v after %v", text, i, o, last)
		}
		last = o
	}
	if n := len(offsets); n > 0 && utf8.ValidString(text) && strings.TrimSpace(text[offsets[n-1].End:]) != "" {
		t.Fatalf("%q: tokens end at %d", text, offsets[n-1].End)
	}
}
