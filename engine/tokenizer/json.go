package tokenizer

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"kvscope/engine/input"
)

// file is tokenizer.json. A field that nothing here depends on is of any type.
type file struct {
	Version       any          `json:"version"`
	Truncation    any          `json:"truncation"` // how transformers calls it, which says so each time
	Padding       any          `json:"padding"`
	Added         []addedToken `json:"added_tokens"`
	Normalizer    *component   `json:"normalizer"`
	PreTokenizer  *component   `json:"pre_tokenizer"`
	PostProcessor *component   `json:"post_processor"`
	Decoder       *component   `json:"decoder"`
	Model         struct {
		Type         string          `json:"type"`
		Vocab        json.RawMessage `json:"vocab"`
		Merges       []jsonMerge     `json:"merges"`
		Unknown      string          `json:"unk_token"`
		FuseUnknown  bool            `json:"fuse_unk"`
		ByteFallback bool            `json:"byte_fallback"`
		IgnoreMerges bool            `json:"ignore_merges"`
		Dropout      float64         `json:"dropout"`
		Prefix       string          `json:"continuing_subword_prefix"`
		Suffix       string          `json:"end_of_word_suffix"`
	} `json:"model"`
}

// component is a normalizer, pre-tokenizer, post-processor or decoder, or several.
type component struct {
	Type          string      `json:"type"`
	Normalizers   []component `json:"normalizers"`
	PreTokenizers []component `json:"pretokenizers"`
	Processors    []component `json:"processors"`
	Decoders      []component `json:"decoders"`

	Prepend string `json:"prepend"`
	Content string `json:"content"`
	Pattern struct {
		String *string `json:"String"`
		Regex  *string `json:"Regex"`
	} `json:"pattern"`
	Behavior         string  `json:"behavior"`
	Invert           bool    `json:"invert"`
	IndividualDigits bool    `json:"individual_digits"`
	AddPrefixSpace   *bool   `json:"add_prefix_space"`
	UseRegex         *bool   `json:"use_regex"`
	TrimOffsets      bool    `json:"trim_offsets"` // of which blanks have their own here
	Replacement      *string `json:"replacement"`
	StrRep           any     `json:"str_rep"` // the replacement once more, in old files
	PrependScheme    *string `json:"prepend_scheme"`
	Split            *bool   `json:"split"`
	Start            int     `json:"start"`
	Stop             int     `json:"stop"`

	Single []struct {
		SpecialToken *struct {
			ID   string `json:"id"`
			Type any    `json:"type_id"`
		} `json:"SpecialToken"`
		Sequence any `json:"Sequence"`
	} `json:"single"`
	Pair          any `json:"pair"`
	SpecialTokens map[string]struct {
		ID     any     `json:"id"`
		IDs    []int32 `json:"ids"`
		Tokens any     `json:"tokens"`
	} `json:"special_tokens"`
}

// jsonMerge is a merge: "a b" or ["a", "b"].
type jsonMerge [2]string

// UnmarshalJSON reads either form.
func (p *jsonMerge) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		left, right, ok := strings.Cut(text, " ")
		if !ok || strings.Contains(right, " ") {
			return fmt.Errorf("merges: %q, want two tokens with a blank between them", text)
		}
		*p = jsonMerge{left, right}
		return nil
	}
	var both []string
	if err := json.Unmarshal(data, &both); err != nil || len(both) != 2 {
		return fmt.Errorf("merges: %s, want two tokens", data)
	}
	*p = jsonMerge{both[0], both[1]}
	return nil
}

// ParseJSON reads a tokenizer.json of Hugging Face. What it does not know it refuses by
// name, since other ids than the model's would look like a bad model. Which tokens end an
// answer is taken from their names.
func ParseJSON(data []byte) (*BPE, error) {
	f, unknown, err := readFile(data)
	if err != nil {
		return nil, fmt.Errorf("tokenizer.json: %w", input.FromJSON(err))
	}
	// A kind of component that is not known may have any fields: the kind is named first.
	t, err := f.tokenizer()
	if err = cmp.Or(err, unknown); err != nil {
		return nil, fmt.Errorf("tokenizer.json: %w", err)
	}
	return t, nil
}

// readFile decodes data. unknown is about a field that file has not.
func readFile(data []byte) (f *file, unknown, err error) {
	f = &file{}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err = d.Decode(f); err == nil && len(bytes.TrimSpace(data[d.InputOffset():])) == 0 {
		return f, nil, nil
	}
	if name := input.UnknownField(err); name != "" {
		unknown = input.Errorf(name, "unknown, and the ids might depend on it")
	}
	f = &file{}
	return f, unknown, json.Unmarshal(data, f)
}

func (f *file) tokenizer() (*BPE, error) {
	m := &f.Model
	switch {
	case m.Type != "BPE" && m.Type != "":
		return nil, fmt.Errorf("model.type: %q, allowed is BPE", m.Type)
	case m.Dropout != 0:
		return nil, fmt.Errorf("model.dropout: %v, allowed is 0", m.Dropout)
	case m.Prefix != "":
		return nil, fmt.Errorf("model.continuing_subword_prefix: %q, allowed is none", m.Prefix)
	case m.Suffix != "":
		return nil, fmt.Errorf("model.end_of_word_suffix: %q, allowed is none", m.Suffix)
	}
	t := &BPE{ignoreMerges: m.IgnoreMerges, fuseUnknown: m.FuseUnknown}
	v := &vocabulary{fields: [2]string{"vocab", "added_tokens"}, unknown: m.Unknown, byteFallback: m.ByteFallback, added: f.Added}
	if m.Vocab == nil {
		return nil, errors.New("model.vocab: missing")
	}
	if err := json.Unmarshal(m.Vocab, &v.ids); err != nil {
		return nil, fmt.Errorf("model.vocab: %w", err)
	}
	for rank, p := range m.Merges {
		v.merges = append(v.merges, merge{p[0], p[1], rank})
	}
	if err := f.steps(t, v); err != nil {
		return nil, err
	}
	if err := t.fill(v); err != nil {
		return nil, err
	}
	return t, f.finish(t)
}

// steps sets what comes before the merges, and the decoding.
func (f *file) steps(t *BPE, v *vocabulary) (err error) {
	if t.normalize, err = f.Normalizer.normalizers(); err != nil {
		return fmt.Errorf("normalizer: %w", err)
	}
	if err := f.PreTokenizer.split(t); err != nil {
		return fmt.Errorf("pre_tokenizer: %w", err)
	}
	if t.bytes && v.byteFallback {
		return errors.New("model.byte_fallback: true beside a ByteLevel pre-tokenizer, want one of them")
	}
	if f.Decoder == nil {
		return errors.New("decoder: missing, allowed are ByteLevel, Metaspace, or Replace, ByteFallback, Fuse and Strip")
	}
	if err := f.Decoder.decode(t, v); err != nil {
		return fmt.Errorf("decoder: %w", err)
	}
	return nil
}

// finish sets what needs the vocabulary: the tokens around a prompt.
func (f *file) finish(t *BPE) error {
	if err := f.PostProcessor.begin(t); err != nil {
		return fmt.Errorf("post_processor: %w", err)
	}
	t.ends = t.knownEnds()
	return nil
}
