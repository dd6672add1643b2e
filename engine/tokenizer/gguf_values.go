package tokenizer

import "fmt"

// FromGGUF makes the tokenizer that the key-value pairs of a GGUF file hold: int64,
// float64, bool and string, and slices of them.
func FromGGUF(values map[string]any) (*BPE, error) {
	r := valueReader{values: values}
	g := GGUF{
		Model:          r.text("tokenizer.ggml.model"),
		Pre:            r.text("tokenizer.ggml.pre"),
		Tokens:         read[[]string](&r, "tokenizer.ggml.tokens"),
		Merges:         read[[]string](&r, "tokenizer.ggml.merges"),
		BOS:            r.id("tokenizer.ggml.bos_token_id"),
		EOS:            r.id("tokenizer.ggml.eos_token_id"),
		EOT:            r.id("tokenizer.ggml.eot_token_id"),
		Unknown:        r.id("tokenizer.ggml.unknown_token_id"),
		AddBOS:         r.flag("tokenizer.ggml.add_bos_token"),
		AddSpacePrefix: r.flag("tokenizer.ggml.add_space_prefix"),
		ChatTemplate:   r.text("tokenizer.chat_template"),
	}
	for _, kind := range read[[]int64](&r, "tokenizer.ggml.token_type") {
		g.Types = append(g.Types, int32(max(-1, min(kind, ggufByte+1))))
	}
	for _, score := range read[[]float64](&r, "tokenizer.ggml.scores") {
		g.Scores = append(g.Scores, float32(score))
	}
	if r.err != nil {
		return nil, r.err
	}
	return g.New()
}

// valueReader takes values by key and remembers the first that is of another type.
type valueReader struct {
	values map[string]any
	err    error
}

// read is the value of key, the zero value where there is none.
func read[T any](r *valueReader, key string) T {
	v, found := r.values[key]
	typed, ok := v.(T)
	if found && !ok && r.err == nil {
		r.err = fmt.Errorf("%s: found a %T, want a %T", key, v, typed)
	}
	return typed
}

func (r *valueReader) text(key string) string { return read[string](r, key) }

// id is the token that key names, nil for none.
func (r *valueReader) id(key string) *int32 {
	v := read[int64](r, key)
	if _, found := r.values[key]; !found {
		return nil
	}
	id := int32(max(-1, min(v, maxVocabulary)))
	return &id
}

func (r *valueReader) flag(key string) *bool {
	v := read[bool](r, key)
	if _, found := r.values[key]; !found {
		return nil
	}
	return &v
}
