package tokenizer

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"kvscope/engine/input/inputtest"
)

// TestBrokenTokenizers breaks tokenizer.json files, and writes and reads text with what is
// left.
func TestBrokenTokenizers(t *testing.T) {
	for name, good := range map[string][]byte{"small": []byte(small), "llama2": unzip(t, "llama2.json.gz"), "smollm": unzip(t, "smollm.json.gz")} {
		inputtest.Broken(t, name, good, 4<<20, 400, func(data []byte) error {
			tok, err := ParseJSON(data)
			if err == nil {
				tok.Decode(append(tok.Encode("don't 東京\n12345"), -1, int32(tok.Size())))
			}
			return err
		})
	}
	const generation = `{"eos_token_id": [3, 4], "chat_template": [{"name": "default", "template": "<|im_start|>"}]}`
	for _, name := range []string{"generation_config.json", "tokenizer_config.json"} {
		inputtest.Broken(t, name, []byte(generation), 1<<20, 400, func(data []byte) error {
			folder := fstest.MapFS{"tokenizer.json": {Data: []byte(small)}, name: {Data: data}}
			_, err := FromFolder(folder.ReadFile)
			return err
		})
	}
}

// walkBytes and walkCharacters are tokenizers of both kinds with every component that is
// read.
const (
	walkBytes = `{"version": "1.0", "truncation": null, "padding": null,
"added_tokens": [{"id": 9, "content": "<|end|>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Replace", "pattern": {"String": "b"}, "content": "a"}, {"type": "Prepend", "prepend": "a"}]},
"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true},
  {"type": "Split", "pattern": {"Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated", "invert": false},
  {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": false}]},
"post_processor": {"type": "Sequence", "processors": [{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false, "use_regex": true},
  {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "s", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}], "pair": [], "special_tokens": {"s": {"id": "s", "ids": [9], "tokens": ["s"]}}}]},
"decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
"model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "", "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
  "vocab": {"a": 0, "Ġ": 1, "Ġa": 2, "aa": 3, "1": 4, "11": 5, "c": 6, "ca": 7, "Ġac": 8}, "merges": [["Ġ", "a"], ["a", "a"], ["1", "1"], "c a"]}}`

	walkCharacters = `{"version": "1.0",
"added_tokens": [{"id": 10, "content": "<x>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": true, "special": true}],
"normalizer": null,
"pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": false},
"post_processor": null,
"decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
"model": {"type": "BPE", "dropout": null, "unk_token": "<unk>", "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": true, "byte_fallback": true, "ignore_merges": false,
  "vocab": {"<unk>": 0, "<0xC3>": 1, "<0xA9>": 2, "▁": 3, "a": 4, "▁a": 5, "a▁": 6, "a▁a": 7, "aa": 8, "▁aaaa": 9}, "merges": ["▁ a", "a ▁", "a▁ a", "a a"]}}`
)

// heard is all that can be told of a tokenizer.
func heard(tok *BPE) string {
	var out strings.Builder
	for _, text := range []string{"a", " a a aa", "aca b 111", "x <|end|> a <x> a", "c", "aaaa", "   aa", "a<|end|>", "a<x>", "bé\u0301 東京\n11a"} {
		ids, offsets := tok.EncodeOffsets(text)
		fmt.Fprintln(&out, ids, offsets, tok.Decode(ids))
	}
	for id := range tok.Size() {
		fmt.Fprintf(&out, "%q ", tok.Text(int32(id)))
	}
	fmt.Fprintln(&out, tok.Begin(), tok.Ends(), tok.Chat(), tok.Decode([]int32{5, 2, 1}))
	return out.String()
}

// TestWalkJSON gives every field of tokenizer.json values of every kind.
func TestWalkJSON(t *testing.T) {
	walked := 0
	for name, good := range map[string]string{"bytes": walkBytes, "characters": walkCharacters} {
		walked += inputtest.WalkJSON(t, name, good, walkSilent, walkSame, func(text []byte) (string, error) {
			tok, err := ParseJSON(text)
			if err != nil {
				return "", err
			}
			return heard(tok), nil
		})
	}
	t.Logf("%d values", walked)
}

// walkSilent are fields that no id depends on.
var walkSilent = []string{
	"version", "truncation", "padding", "post_processor.processors.*.pair", "post_processor.processors.*.single.*.SpecialToken.type_id",
	"post_processor.processors.*.single.*.Sequence", "post_processor.processors.*.special_tokens.s.id", "post_processor.processors.*.special_tokens.s.tokens",
}

// walkSame are values that mean what the field has by itself, of a pre-tokenizer that finds pieces and of
// other components, which do not.
var walkSame = map[string][]string{
	"model.dropout": {"0"}, "model.type": {`""`}, "model.unk_token": {`""`}, "model.fuse_unk": {"true"}, // without a token for what is unknown
	"model.continuing_subword_prefix": {`""`}, "model.end_of_word_suffix": {`""`}, "added_tokens.*.normalized": {"false"},
	"decoder.add_prefix_space": {"false"}, "decoder.trim_offsets": {"false"}, "decoder.use_regex": {"false"},
	"post_processor.processors.*.add_prefix_space": {"false"}, "post_processor.processors.*.trim_offsets": {"true"}, "post_processor.processors.*.use_regex": {"false"},
	"pre_tokenizer.pretokenizers.*.trim_offsets": {"false"}, "pre_tokenizer.pretokenizers.*.use_regex": {"true"}, // after a Split
}

// walkGGUF are the values of both kinds of tokenizer in GGUF, with every key that is read.
var walkGGUF = map[string]map[string]any{
	"gpt2": {
		"model": "gpt2", "pre": "smollm", "tokens": []string{"a", "Ġ", "Ġa", "aa", "1", "<|end|>", "b"}, "token_type": []int64{1, 1, 1, 1, 1, 3, 3},
		"merges": []string{"Ġ a", "a a"}, "bos_token_id": int64(6), "eos_token_id": int64(4), "eot_token_id": int64(2), "add_bos_token": true,
	},
	"llama": {
		"model": "llama", "tokens": []string{"<unk>", "<s>", "<0x61>", "▁", "a", "▁a", "aa"}, "token_type": []int64{2, 3, 6, 1, 1, 1, 1}, "scores": []float64{0, 0, 0, -4, -3, -2, -1},
		"bos_token_id": int64(1), "eos_token_id": int64(4), "eot_token_id": int64(2), "unknown_token_id": int64(0), "add_bos_token": true, "add_space_prefix": true,
	},
}

// walkGGUFSame are keys whose base value is what they have by themselves, so that they may be
// missing.
var walkGGUFSame = []string{"gpt2 pre", "llama add_bos_token", "llama add_space_prefix"}

// TestWalkGGUF gives every key of a tokenizer in a GGUF file values of every kind, and takes
// it away.
func TestWalkGGUF(t *testing.T) {
	const prefix = "tokenizer.ggml."
	read := func(values map[string]any) (string, error) {
		all := map[string]any{}
		for key, v := range values {
			all[prefix+key] = v
		}
		tok, err := FromGGUF(all)
		if err != nil {
			return "", err
		}
		return heard(tok), nil
	}
	walked := 0
	for kind, good := range walkGGUF {
		want, err := read(good)
		if err != nil {
			t.Fatal(err)
		}
		for key, own := range good {
			for _, value := range []any{
				nil, "", "x", int64(-1), int64(0), int64(3), int64(1) << 40, 0.5, math.NaN(), true, false,
				[]string{}, []string{"x"}, []string{"", "", "", "", "", "", ""}, []int64{}, []int64{1}, []int64{1, 1, 1, 1, 1, 1, 1 << 40}, []float64{0, 0, 0, 0, 0, 0, math.NaN()}, []float64{1}, []bool{true},
			} {
				if reflect.DeepEqual(value, own) || (value == nil || value == "") && slices.Contains(walkGGUFSame, kind+" "+key) {
					continue
				}
				walked++
				values := maps.Clone(good)
				if values[key] = value; value == nil {
					delete(values, key)
				}
				got, err := read(values)
				switch {
				case err != nil && !strings.Contains(err.Error(), prefix) || err != nil && !strings.Contains(err.Error(), key):
					t.Errorf("%s: %s %v is refused without its name: %v", kind, key, value, err)
				case err == nil && got == want:
					t.Errorf("%s: %s %v changes nothing and is not refused", kind, key, value)
				}
			}
		}
	}
	t.Logf("%d values", walked)
}

// TestWalkFolder gives the fields that are read of the files beside tokenizer.json values of
// every kind. They have many others, of how to sample and what to call things.
func TestWalkFolder(t *testing.T) {
	for name, good := range map[string]string{
		"generation_config.json": `{"eos_token_id": [3], "temperature": 0.6}`,
		"tokenizer_config.json":  `{"chat_template": [{"name": "default", "template": "<|im_start|>"}], "model_max_length": 8192}`,
	} {
		silent := []string{"temperature", "model_max_length", "unknown", "chat_template.*.unknown"}
		inputtest.WalkJSON(t, name, good, silent, map[string][]string{"eos_token_id": {"3"}}, func(text []byte) (string, error) {
			folder := fstest.MapFS{"tokenizer.json": {Data: []byte(small)}, name: {Data: text}}
			tok, err := FromFolder(folder.ReadFile)
			if err != nil {
				return "", err
			}
			return heard(tok), nil
		})
	}
}
