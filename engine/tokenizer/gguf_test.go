package tokenizer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// asGGUF is the tokenizer.json of kind as llama.cpp's converter writes it.
func asGGUF(t testing.TB, kind string) GGUF {
	t.Helper()
	var f file
	if err := json.Unmarshal(unzip(t, kind+".json.gz"), &f); err != nil {
		t.Fatal(err)
	}
	var vocab map[string]int32
	if err := json.Unmarshal(f.Model.Vocab, &vocab); err != nil {
		t.Fatal(err)
	}
	size := len(vocab)
	for _, a := range f.Added {
		size = max(size, int(a.ID)+1)
	}
	g := GGUF{Model: "gpt2", Tokens: make([]string, size), Types: make([]int32, size), Scores: make([]float32, size)}
	for name, id := range vocab {
		g.Tokens[id], g.Types[id] = name, 1
		if _, ok := spelledByte(name); ok && kind == "llama2" {
			g.Types[id] = ggufByte
		}
	}
	for _, a := range f.Added {
		g.Tokens[a.ID], g.Types[a.ID] = a.Content, ggufUserDefined
		if a.Special {
			g.Types[a.ID] = ggufControl
		}
	}
	for rank, m := range f.Model.Merges {
		g.Merges = append(g.Merges, m[0]+" "+m[1])
		if id := vocab[m[0]+m[1]]; g.Scores[id] == 0 {
			g.Scores[id] = -float32(rank + 1)
		}
	}
	return g
}

func TestGGUFOfBytes(t *testing.T) {
	g := readGoldens(t)
	for kind, pre := range map[string]string{"gpt2": "gpt-2", "smollm": "smollm", "llama3": "llama-bpe", "qwen2": "qwen2"} {
		source := asGGUF(t, kind)
		source.Pre, source.Scores = pre, nil
		tok, err := source.New()
		if err != nil {
			t.Fatal(err)
		}
		for i, text := range g.texts {
			if strings.Contains(text, "<|pad|>") {
				continue // takes the blanks around it in tokenizer.json, which GGUF cannot say
			}
			if ids := tok.Encode(text); !slices.Equal(ids, g.ids[kind][i]) {
				t.Errorf("%s: %q: ids %v, want %v", kind, text, ids, g.ids[kind][i])
			}
		}
	}
}

// naiveSentencePiece merges the neighbours of the highest score, the leftmost of several,
// until none make a token.
func naiveSentencePiece(g GGUF, text string) []string {
	id := func(name string) int {
		i := slices.Index(g.Tokens, name)
		if i >= 0 && g.Types[i] != 1 {
			return -1
		}
		return i
	}
	parts := strings.Split(strings.ReplaceAll(" "+text, " ", spaceMark), "")
	for {
		best := -1
		for i := 0; i+1 < len(parts); i++ {
			at := id(parts[i] + parts[i+1])
			if at < 0 || id(parts[i]) < 0 || id(parts[i+1]) < 0 {
				continue
			}
			if best < 0 || g.Scores[at] > g.Scores[id(parts[best]+parts[best+1])] {
				best = i
			}
		}
		if best < 0 {
			return parts
		}
		parts = slices.Replace(parts, best, best+2, parts[best]+parts[best+1])
	}
}

func TestGGUFOfCharacters(t *testing.T) {
	source := asGGUF(t, "llama2")
	source.Model, source.Merges = "llama", nil
	unknown, bos := int32(0), int32(1)
	source.Unknown, source.BOS = &unknown, &bos
	tok, err := source.New()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(tok.Begin(), []int32{1}) {
		t.Errorf("begin %v, want BOS", tok.Begin())
	}
	golden := readGoldens(t)
	for i, text := range golden.texts[200:310] {
		ids := tok.Encode(text)
		var want []string
		if text != "" {
			want = naiveSentencePiece(source, text)
		}
		var got []string
		for _, id := range ids {
			got = append(got, source.Tokens[id])
		}
		if joined := bytesAsText(got); joined != strings.Join(want, "|") {
			t.Errorf("%q: tokens %q, want %q", text, joined, want)
		}
		if back := tok.Decode(ids); back != text {
			t.Errorf("%d: %q came back as %q", i, text, back)
		}
	}
}

// bytesAsText joins tokens, those of bytes being the characters that they spell.
func bytesAsText(names []string) string {
	var parts []string
	spelled := ""
	for _, name := range names {
		b, ok := spelledByte(name)
		if !ok {
			parts = append(parts, name)
			continue
		}
		if spelled += string([]byte{b}); utf8.ValidString(spelled) {
			parts, spelled = append(parts, spelled), ""
		}
	}
	return strings.Join(parts, "|")
}

func TestGGUFRefuses(t *testing.T) {
	far := int32(7)
	good := GGUF{Model: "gpt2", Tokens: []string{"a", "b", "ab"}, Merges: []string{"a b"}}
	for _, c := range []struct {
		spoil func(*GGUF)
		want  string
	}{
		{func(*GGUF) {}, ""},
		{func(g *GGUF) { g.Model = "bert" }, `tokenizer.ggml.model: "bert", allowed are gpt2 and llama`},
		{func(g *GGUF) { g.Pre = "tekken" }, `tokenizer.ggml.pre: "tekken", allowed are default, gpt-2`},
		{func(g *GGUF) { g.Tokens = nil }, `tokenizer.ggml.tokens: missing or empty`},
		{func(g *GGUF) { g.Types = []int32{1} }, `tokenizer.ggml.token_type: 1 values, want one for each of 3 tokens`},
		{func(g *GGUF) { g.Merges = []string{"ab"} }, `tokenizer.ggml.merges: "ab", want two tokens`},
		{func(g *GGUF) { g.Merges = []string{"a c"} }, `tokenizer.ggml.merges: number 0, "a" and "c"`},
		{func(g *GGUF) { g.Model = "llama" }, `tokenizer.ggml.scores: 0 values, want one for each of 3 tokens`},
		{func(g *GGUF) { g.EOS = &far }, `tokenizer.ggml.eos_token_id: 7, allowed are 0 to 2`},
		{func(g *GGUF) { g.BOS, g.Pre = &far, "llama-bpe" }, `tokenizer.ggml.bos_token_id: 7, allowed are 0 to 2`},
		{func(g *GGUF) { g.Model, g.Scores, g.Unknown = "llama", make([]float32, 3), &far }, `tokenizer.ggml.unknown_token_id: 7, allowed are 0 to 2`},
	} {
		g := good
		c.spoil(&g)
		_, err := g.New()
		if got := fmt.Sprint(err); c.want == "" && err != nil || !strings.Contains(got, c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

func TestChats(t *testing.T) {
	const chatML = "{% for m in messages %}{{'<|im_start|>' + m['role'] + '\n'"
	for _, c := range []struct{ template, name, before, after string }{
		{"", "", "", ""},
		{"{{ messages }}", "", "", ""},
		{chatML, "ChatML", "<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"},
		{
			`<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n` + chatML, "SmolLM",
			"<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n<|im_start|>user\n",
			"<|im_end|>\n<|im_start|>assistant\n",
		},
		{
			`<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n` + chatML, "Qwen 2",
			"<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n",
		},
		{
			"'<|start_header_id|>' + role + '<|end_header_id|>\n\n'", "Llama 3", "<|start_header_id|>user<|end_header_id|>\n\n",
			"<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
		},
		{"'<<SYS>>' ... '[INST] ' + content + ' [/INST]'", "Llama 2", "[INST] ", " [/INST]"},
		{"'[INST] ' + content + ' [/INST]'", "Mistral", "[INST] ", " [/INST]"},
		{"'[INST] ' + content + '[/INST]'", "Mistral v3", "[INST] ", "[/INST]"},
		{"bos_token '<|user|>\n' + message['content'] + '\n' '<|assistant|>\n'", "OLMo", "<|endoftext|><|user|>\n", "\n<|assistant|>\n"},
		{"'<|user|>\n' + message['content'] + eos_token '<|assistant|>\n'", "Zephyr", "<|user|>\n", "</s>\n<|assistant|>\n"},
	} {
		if got, want := chatOf(c.template), (Chat{c.name, c.before, c.after}); got != want {
			t.Errorf("%q: %q, want %q", c.template, got, want)
		}
	}
}
