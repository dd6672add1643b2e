package tokenizer

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestFromFolder(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for _, c := range []struct {
		name  string
		files map[string]string
		chat  string
		ends  []int32
		want  string // of the error
	}{
		{name: "alone", ends: []int32{4}},
		{name: "one end", files: map[string]string{"generation_config.json": `{"eos_token_id": 3}`}, ends: []int32{4, 3}},
		{name: "ends", files: map[string]string{"generation_config.json": `{"eos_token_id": [3, 4]}`}, ends: []int32{4, 3}},
		{name: "no end", files: map[string]string{"generation_config.json": `{"eos_token_id": null}`}, ends: []int32{4}},
		{name: "far end", files: map[string]string{"generation_config.json": `{"eos_token_id": 9}`}, want: "generation_config.json: eos_token_id: 9, allowed are 0 to 4"},
		{name: "template", files: map[string]string{"tokenizer_config.json": `{"chat_template": "<|im_start|>"}`}, chat: "ChatML", ends: []int32{4}},
		{
			name:  "templates",
			files: map[string]string{"tokenizer_config.json": `{"chat_template": [{"name": "tool", "template": "x"}, {"name": "default", "template": "<|im_start|>"}]}`},
			chat:  "ChatML", ends: []int32{4},
		},
		{
			name:  "jinja first",
			files: map[string]string{"tokenizer_config.json": `{"chat_template": "<|im_start|>"}`, "chat_template.jinja": "<|start_header_id|>"},
			chat:  "Llama 3", ends: []int32{4},
		},
		{name: "broken", files: map[string]string{"tokenizer_config.json": `{`}, want: "tokenizer_config.json: "},
	} {
		folder := fstest.MapFS{"tokenizer.json": file(small)}
		for name, text := range c.files {
			folder[name] = file(text)
		}
		tok, err := FromFolder(folder.ReadFile)
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %s", c.name, err, c.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if tok.Chat().Name != c.chat || !slices.Equal(tok.Ends(), c.ends) {
			t.Errorf("%s: chat %q, ends %v, want %q, %v", c.name, tok.Chat().Name, tok.Ends(), c.chat, c.ends)
		}
	}
}

func TestFromGGUF(t *testing.T) {
	values := map[string]any{
		"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "smollm", "tokenizer.ggml.tokens": []string{"a", "b", "ab", "<|im_end|>"},
		"tokenizer.ggml.token_type": []int64{1, 1, 1, 3}, "tokenizer.ggml.merges": []string{"a b"},
		"tokenizer.ggml.eos_token_id": int64(3), "tokenizer.chat_template": "<|im_start|>",
	}
	tok, err := FromGGUF(values)
	if err != nil {
		t.Fatal(err)
	}
	if ids := tok.Encode("abb<|im_end|>"); !slices.Equal(ids, []int32{2, 1, 3}) || !slices.Equal(tok.Ends(), []int32{3}) || tok.Chat().Name != "ChatML" {
		t.Errorf("ids %v, ends %v, chat %q", ids, tok.Ends(), tok.Chat().Name)
	}
	values["tokenizer.ggml.tokens"] = []int64{1}
	if _, err := FromGGUF(values); err == nil || err.Error() != "tokenizer.ggml.tokens: found a []int64, want a []string" {
		t.Error(err)
	}
}
