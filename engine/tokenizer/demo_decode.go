package tokenizer

import "unicode/utf8"

// Decode turns tokens into text. Any sequence decodes: BOS and EOS have no text,
// and an id outside the vocabulary becomes U+FFFD.
func (t *Demo) Decode(ids []int32) string {
	text, _ := t.decode(ids, nil)
	return string(text)
}

// DecodeOffsets is Decode with the place of each token in the text.
func (t *Demo) DecodeOffsets(ids []int32) (string, []Offset) {
	text, offsets := t.decode(ids, make([]Offset, 0, len(ids)))
	return string(text), offsets
}

func (t *Demo) decode(ids []int32, offsets []Offset) ([]byte, []Offset) {
	text := make([]byte, 0, len(ids)*5)
	last := int32(-1)   // the token before, for the spacing rule; -1 for none
	overridden := false // the blanks before the next token are already written
	capital := false    // the next token starts with a capital
	for _, id := range ids {
		if last >= 0 && !overridden && id >= capID && int(id) < len(t.text) &&
			id != spaceID && id != nospaceID && t.gap(last, id) {
			text = append(text, ' ')
		}
		start := len(text)
		switch {
		case id < 0 || int(id) >= len(t.text):
			text = utf8.AppendRune(text, utf8.RuneError)
			last, overridden, capital = -1, false, false
		case id == spaceID:
			text = append(text, ' ')
			overridden = true
		case id == nospaceID:
			overridden = true
		case id == capID:
			overridden, capital = true, true
		default:
			text = append(text, t.text[id]...)
			if capital && len(text) > start && text[start]-'a' < 26 {
				text[start] &^= 0x20
			}
			overridden, capital = false, false
			last = id
			if id == bosID || id == eosID {
				last = -1
			}
		}
		if offsets != nil {
			offsets = append(offsets, Offset{start, len(text)})
		}
	}
	return text, offsets
}
