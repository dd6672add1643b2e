package tokenizer

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// small is a tokenizer.json that reads, to be spoilt.
const small = `{"added_tokens": [{"id": 4, "content": "<|end|>", "special": true}], "normalizer": null,
"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "post_processor": null, "decoder": {"type": "ByteLevel"},
"model": {"type": "BPE", "dropout": null, "unk_token": null, "vocab": {"a": 0, "b": 1, "ab": 2, "Ġ": 3}, "merges": [["a", "b"]]}}`

func TestParseJSONRefuses(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{`"BPE"`, `"Unigram"`, `model.type: "Unigram", allowed is BPE`},
		{`"dropout": null`, `"dropout": 0.1`, `model.dropout: 0.1, allowed is 0`},
		{`"unk_token": null`, `"unk_token": "?"`, `unk_token: "?" is not in the vocabulary`},
		{`"merges"`, `"end_of_word_suffix": "</w>", "merges"`, `model.end_of_word_suffix: "</w>", allowed is none`},
		{`"normalizer": null`, `"normalizer": {"type": "BertNormalizer"}`, `normalizer: "BertNormalizer", allowed are NFC`},
		{`{"type": "ByteLevel", "add`, `{"type": "Whitespace", "add`, `pre_tokenizer: "Whitespace", allowed are ByteLevel`},
		{`{"type": "ByteLevel", "add`, `{"type": "Split", "pattern": {"Regex": "x+"}, "add`, `pre_tokenizer: a Split by "x+", allowed are the expressions of GPT-2`},
		{`"decoder": {"type": "ByteLevel"}`, `"decoder": {"type": "WordPiece"}`, `decoder: "WordPiece", allowed are ByteLevel`},
		{`"decoder": {"type": "ByteLevel"}`, `"decoder": null`, `decoder: missing`},
		{`"post_processor": null`, `"post_processor": {"type": "BertProcessing"}`, `post_processor: "BertProcessing", allowed are ByteLevel`},
		{`"post_processor": null`, `"post_processor": {"type": "BertProcessing", "sep": ["x", 1], "cls": ["y", 2]}`, `post_processor: "BertProcessing", allowed are ByteLevel`},
		{`"post_processor": null`, `"post_processor": null, "padding_side": "left"`, `padding_side: unknown`},
		{`"post_processor": null`, `"post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}]}`, `post_processor: single: the SpecialToken "x" is not among special_tokens`},
		{`{"type": "ByteLevel", "add_prefix_space": false}`, `{"type": "Metaspace", "add_prefix_space": false}`, `pre_tokenizer: a Metaspace with add_prefix_space false and prepend_scheme "always"`},
		{`"post_processor": null`, `"post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}], "special_tokens": {"x": {"ids": [9]}}}`,
			`post_processor: token 9 is neither in the vocabulary nor in added_tokens`},
		{`["a", "b"]`, `["a", "c"]`, `merges: number 0, "a" and "c"`},
		{`["a", "b"]`, `"a b c"`, `merges: "a b c", want two tokens`},
		{`"a": 0`, `"a": -1`, `vocab: "a" has id -1, allowed are 0 to 1048575`},
		{`"a": 0`, `"a": 1099511627776`, `model.vocab`},
		{`"id": 4`, `"id": 2`, `"ab" and "<|end|>" both have id 2`},
		{`"vocab": {`, `"vocab": [`, `tokenizer.json: invalid character`},
	} {
		if !strings.Contains(small, c.from) {
			t.Fatalf("%q is not in the file", c.from)
		}
		_, err := ParseJSON([]byte(strings.Replace(small, c.from, c.to, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.to, err, c.want)
		}
	}
}

func TestParseJSON(t *testing.T) {
	tok, err := ParseJSON([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	ids, offsets := tok.EncodeOffsets("ab a<|end|>")
	if want := []int32{2, 3, 0, 4}; !slices.Equal(ids, want) {
		t.Errorf("ids %v, want %v", ids, want)
	}
	if want := []Offset{{0, 2}, {2, 3}, {3, 4}, {4, 11}}; !slices.Equal(offsets, want) {
		t.Errorf("offsets %v, want %v", offsets, want)
	}
	if got := tok.Decode(append(ids, 9, -1)); got != "ab a\uFFFD\uFFFD" {
		t.Errorf("decoded %q", got)
	}
	if got := tok.Text(4); got != "<|end|>" {
		t.Errorf("text of the end %q", got)
	}
	if want := []int32{4}; !slices.Equal(tok.Ends(), want) {
		t.Errorf("ends %v, want %v", tok.Ends(), want)
	}
}

// shortened is the tokenizer.json of a kind with its first tokens and what they merge to: of
// the whole, most of an execution would be the same thousands of merges.
func shortened(t testing.TB, kind string) []byte {
	t.Helper()
	var f map[string]any
	if err := json.Unmarshal(unzip(t, kind+".json.gz"), &f); err != nil {
		t.Fatal(err)
	}
	m := f["model"].(map[string]any)
	vocab, merges := m["vocab"].(map[string]any), []any{}
	maps.DeleteFunc(vocab, func(name string, id any) bool { return id.(float64) > 300 && name != m["unk_token"] })
	for _, merge := range m["merges"].([]any) {
		left, right, _ := strings.Cut(fmt.Sprint(merge), " ")
		if list, ok := merge.([]any); ok {
			left, right = list[0].(string), list[1].(string)
		}
		if vocab[left] != nil && vocab[right] != nil && vocab[left+right] != nil {
			merges = append(merges, merge)
		}
	}
	m["merges"] = merges
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// FuzzParseJSON holds that any file is refused or makes a tokenizer that is sound: ids in
// the vocabulary, offsets in order, any id decodes.
func FuzzParseJSON(f *testing.F) {
	const text = "don't  東京 <s>é\r\n12345 <|im_start|>"
	f.Add([]byte(small), "ab a")
	f.Add([]byte(walkBytes), text)
	f.Add([]byte(walkCharacters), text)
	for _, kind := range kinds {
		f.Add(shortened(f, kind), text)
	}
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		tok, err := ParseJSON(data)
		if err != nil {
			return
		}
		ids, offsets := tok.EncodeOffsets(text)
		for i, id := range ids {
			if id < 0 || int(id) >= tok.Size() {
				t.Fatalf("id %d of %d", id, tok.Size())
			}
			if o := offsets[i]; o.Start > o.End || o.End > len(text) || i > 0 && o.Start < offsets[i-1].Start {
				t.Fatalf("offset %v", o)
			}
			if !utf8.ValidString(tok.Text(id)) {
				t.Fatalf("text of %d is %q", id, tok.Text(id))
			}
		}
		tok.Decode(append(ids, -1, int32(tok.Size())))
	})
}

// TestShortened: what FuzzParseJSON begins with are tokenizers.
func TestShortened(t *testing.T) {
	for _, kind := range kinds {
		if tok, err := ParseJSON(shortened(t, kind)); err != nil || len(tok.Encode("don't")) == 0 {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
