package tokenizer

import (
	"fmt"
	"slices"
	"strings"
)

// GGUF is a tokenizer as a GGUF file holds it: the values under tokenizer.ggml and the
// chat template. A nil pointer is a key that the file does not have.
//
//	tok, err := tokenizer.GGUF{Model: "gpt2", Pre: "smollm", Tokens: tokens, Types: types, Merges: merges}.New()
type GGUF struct {
	Model  string    // tokenizer.ggml.model: gpt2, a BPE of bytes; llama, SentencePiece's of characters
	Pre    string    // tokenizer.ggml.pre, how gpt2 splits; "" and default are GPT-2's own
	Tokens []string  // tokenizer.ggml.tokens, [V]
	Types  []int32   // tokenizer.ggml.token_type, [V]: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte; nil: all normal
	Scores []float32 // tokenizer.ggml.scores, [V], of llama: the highest is merged first
	Merges []string  // tokenizer.ggml.merges, of gpt2: "a b", the first have precedence

	BOS, EOS, EOT  *int32 // tokenizer.ggml.bos_token_id, eos_token_id, eot_token_id
	Unknown        *int32 // tokenizer.ggml.unknown_token_id, of llama
	AddBOS         *bool  // tokenizer.ggml.add_bos_token; absent: llama and Llama 3 begin with BOS
	AddSpacePrefix *bool  // tokenizer.ggml.add_space_prefix, of llama; absent: true
	ChatTemplate   string // tokenizer.chat_template
}

// Types of tokens in GGUF.
const (
	ggufUnknown     = 2
	ggufControl     = 3
	ggufUserDefined = 4
	ggufByte        = 6
)

// New makes the tokenizer, with the ids that Hugging Face's has for the same model. What
// is not known is refused by the name of its key.
func (g GGUF) New() (*BPE, error) {
	t, err := g.tokenizer()
	if err != nil {
		return nil, fmt.Errorf("tokenizer.ggml.%w", err)
	}
	return t, nil
}

func (g GGUF) tokenizer() (*BPE, error) {
	switch {
	case len(g.Tokens) == 0:
		return nil, fmt.Errorf("tokens: missing or empty")
	case g.Types != nil && len(g.Types) != len(g.Tokens):
		return nil, fmt.Errorf("token_type: %d values, want one for each of %d tokens", len(g.Types), len(g.Tokens))
	}
	for i, kind := range g.Types {
		if kind < 0 || kind > ggufByte {
			return nil, fmt.Errorf("token_type: %d of token %d, allowed are 0 to %d", kind, i, ggufByte)
		}
	}
	t, v := &BPE{}, g.vocabulary()
	var err error
	switch g.Model {
	case "gpt2":
		err = g.ofBytes(t, v)
	case "llama":
		err = g.ofCharacters(t, v)
	default:
		err = fmt.Errorf("model: %q, allowed are gpt2 and llama", g.Model)
	}
	if err != nil {
		return nil, err
	}
	if err := t.fill(v); err != nil {
		return nil, err
	}
	return t, g.finish(t)
}

// vocabulary is the tokens of g; those that are no text of their own are added ones.
func (g GGUF) vocabulary() *vocabulary {
	v := &vocabulary{fields: [2]string{"tokens", "tokens"}, ids: make(map[string]int32, len(g.Tokens))}
	for i, name := range g.Tokens {
		id, kind := int32(i), g.kind(i)
		switch {
		case kind == ggufUnknown || name == "":
			v.added = append(v.added, addedToken{ID: id, Content: name, Special: true})
		case kind == ggufControl || kind == ggufUserDefined:
			v.added = append(v.added, addedToken{ID: id, Content: name, Special: kind == ggufControl})
		default:
			v.ids[name] = id
		}
	}
	return v
}

// kind is the type of token i, normal where the file does not say.
func (g GGUF) kind(i int) int32 {
	if g.Types == nil {
		return 1
	}
	return g.Types[i]
}

// ggufSplits are the splits that tokenizer.ggml.pre names.
var ggufSplits = []struct {
	names        []string
	scanners     []scanner
	composed     bool // NFC comes first
	ignoreMerges bool
	begins       bool // with BOS, where the file does not say
}{
	{names: []string{"", "default", "gpt-2", "mpt", "olmo", "phi-2"}, scanners: []scanner{scanGPT2}},
	{names: []string{"smollm", "starcoder", "refact", "codeshell"}, scanners: []scanner{scanDigits(true), scanGPT2}},
	{names: []string{"llama-bpe", "llama3", "llama-v3"}, scanners: []scanner{scanCL100K(3)}, ignoreMerges: true, begins: true},
	{names: []string{"dbrx", "smaug-bpe"}, scanners: []scanner{scanCL100K(3)}},
	{names: []string{"qwen2", "deepseek-r1-qwen"}, scanners: []scanner{scanCL100K(1)}, composed: true},
}

// ofBytes sets t and v to a byte-level BPE.
func (g GGUF) ofBytes(t *BPE, v *vocabulary) error {
	t.bytes = true
	var known []string
	for _, s := range ggufSplits {
		known = append(known, s.names...)
		if !slices.Contains(s.names, g.Pre) {
			continue
		}
		for _, scan := range s.scanners {
			t.split = append(t.split, scanning(scan))
		}
		if s.composed {
			t.normalize = []normalizer{newNFC().normalize}
		}
		t.ignoreMerges = s.ignoreMerges
		for _, m := range g.Merges {
			left, right, ok := strings.Cut(m, " ")
			if !ok {
				return fmt.Errorf("merges: %q, want two tokens with a blank between them", m)
			}
			v.merges = append(v.merges, merge{left, right, len(v.merges)})
		}
		return g.setBegin(t, s.begins)
	}
	return fmt.Errorf("pre: %q, allowed are %s", g.Pre, strings.Join(known[1:], ", "))
}

// ofCharacters sets t and v to SentencePiece's BPE: two neighbours are merged where they
// make a token, that of the highest score first.
func (g GGUF) ofCharacters(t *BPE, v *vocabulary) error {
	if len(g.Scores) != len(g.Tokens) {
		return fmt.Errorf("scores: %d values, want one for each of %d tokens", len(g.Scores), len(g.Tokens))
	}
	for i, score := range g.Scores {
		if score != score {
			return fmt.Errorf("scores: NaN of token %d, want numbers", i)
		}
	}
	prefix := g.AddSpacePrefix == nil || *g.AddSpacePrefix
	if prefix {
		t.normalize = append(t.normalize, func(a aligned) aligned { return prepend(a, spaceMark) })
		t.strip = 1
	}
	t.normalize = append(t.normalize, func(a aligned) aligned { return replace(a, " ", spaceMark) })
	v.replace = [2]string{spaceMark, " "}
	v.byteFallback = slices.Contains(g.Types, ggufByte)
	t.fuseUnknown = true
	if g.Unknown != nil {
		if *g.Unknown < 0 || int(*g.Unknown) >= len(g.Tokens) {
			return fmt.Errorf("unknown_token_id: %d, allowed are 0 to %d", *g.Unknown, len(g.Tokens)-1)
		}
		v.unknown = g.Tokens[*g.Unknown]
		v.ids[v.unknown] = *g.Unknown
	}
	v.merges = g.scoredMerges(v)
	return g.setBegin(t, true)
}

// scoredMerges are the pairs of tokens that make a token. Those of one score have one
// rank.
func (g GGUF) scoredMerges(v *vocabulary) []merge {
	order := make([]int, 0, len(g.Tokens))
	for i := range g.Tokens {
		if g.kind(i) != ggufByte && v.ids[g.Tokens[i]] == int32(i) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case g.Scores[a] > g.Scores[b]:
			return -1
		case g.Scores[a] < g.Scores[b]:
			return 1
		}
		return 0
	})
	var out []merge
	rank := 0
	for n, i := range order {
		if n > 0 && g.Scores[i] != g.Scores[order[n-1]] {
			rank++
		}
		name := g.Tokens[i]
		for at := range name {
			_, left := v.ids[name[:at]]
			_, right := v.ids[name[at:]]
			if left && right {
				out = append(out, merge{name[:at], name[at:], rank})
			}
		}
	}
	return out
}

// setBegin sets what prompts start with.
func (g GGUF) setBegin(t *BPE, usual bool) error {
	if g.AddBOS != nil {
		usual = *g.AddBOS
	}
	if !usual || g.BOS == nil {
		return nil
	}
	if *g.BOS < 0 || int(*g.BOS) >= len(g.Tokens) {
		return fmt.Errorf("bos_token_id: %d, allowed are 0 to %d", *g.BOS, len(g.Tokens)-1)
	}
	t.begin = []int32{*g.BOS}
	return nil
}

// finish sets the tokens that end an answer, and the chat.
func (g GGUF) finish(t *BPE) error {
	for _, end := range []struct {
		key string
		id  *int32
	}{{"eot_token_id", g.EOT}, {"eos_token_id", g.EOS}} {
		if end.id == nil {
			continue
		}
		if *end.id < 0 || int(*end.id) >= len(g.Tokens) {
			return fmt.Errorf("%s: %d, allowed are 0 to %d", end.key, *end.id, len(g.Tokens)-1)
		}
		t.ends = append(t.ends, *end.id)
	}
	t.addEnds(t.knownEnds())
	t.chat = chatOf(g.ChatTemplate)
	return nil
}
