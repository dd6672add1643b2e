package tokenizer

import "slices"

// endNames are the tokens that end a turn or a text, by the names that public
// vocabularies give them; those of a turn first.
var endNames = []string{
	"<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>",
}

// knownEnds are the tokens of t with such a name.
func (t *BPE) knownEnds() []int32 {
	var ends []int32
	for _, name := range endNames {
		if id, ok := t.named(name); ok {
			ends = append(ends, id)
		}
	}
	return ends
}

// named is the id of the special token of that name.
func (t *BPE) named(name string) (int32, bool) {
	id := slices.IndexFunc(t.tokens, func(e token) bool { return e.special && e.name == name })
	return int32(id), id >= 0
}

// addEnds puts ids behind the ends of t, each once.
func (t *BPE) addEnds(ids []int32) {
	for _, id := range ids {
		if !slices.Contains(t.ends, id) {
			t.ends = append(t.ends, id)
		}
	}
}
