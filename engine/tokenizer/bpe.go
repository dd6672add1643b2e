package tokenizer

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// BPE is a byte-pair encoding, of bytes (GPT-2, Llama 3, Qwen, SmolLM, OLMo) or of
// characters with bytes to fall back on (Llama 2, Mistral). Text goes through five steps,
// as in Hugging Face's tokenizers, whose ids it gives: added tokens are taken out, the
// rest is normalized, split into pieces, and each piece's symbols are merged.
//
// It is immutable and safe for concurrent use.
type BPE struct {
	tokens []token          // by id
	ids    map[string]int32 // of what text may become, by its own bytes
	merges merges

	raw, normal added // tokens looked for in the text; in the normalized text
	normalize   []normalizer
	split       []step

	bytes        bool    // symbols are bytes, else characters
	byteIDs      []int32 // [256] tokens of single bytes, -1 for none
	ignoreMerges bool    // a piece that is a token stays whole
	unknown      int32   // token of what has none; -1: it is left out
	fuseUnknown  bool    // neighbours of the sort are one
	strip        int     // blanks that decoding takes off the front

	begin, ends []int32
	chat        Chat
	fingerprint string
}

// token is an entry of the vocabulary.
type token struct {
	name    string // as the file has it
	text    string // what it decodes to
	known   bool   // there is such an id
	byte    bool   // it stands for a byte of a character that has no token
	special bool   // no text, but a mark
}

// normalizer rewrites a text before it is split.
type normalizer func(aligned) aligned

// step cuts a piece of text into smaller ones, or rewrites it.
type step func(a aligned, next func(aligned))

// scanning is the step that cuts by a scanner.
func scanning(scan scanner) step {
	return func(a aligned, next func(aligned)) {
		for i := 0; i < len(a.text); {
			n := scan(a.text[i:])
			next(a.slice(i, i+n))
			i += n
		}
	}
}

// Encode turns text into tokens; see Tokenizer.
func (t *BPE) Encode(text string) []int32 {
	ids, _ := t.EncodeOffsets(text)
	return ids
}

// EncodeOffsets is Encode with the place of each token in text. A token of a character's
// part has that part's bytes; what the normalization put in has none.
func (t *BPE) EncodeOffsets(text string) ([]int32, []Offset) {
	ids, offsets := make([]int32, 0, len(text)/3+4), make([]Offset, 0, len(text)/3+4)
	emit := func(id int32, start, end int) {
		ids, offsets = append(ids, id), append(offsets, Offset{start, end})
	}
	t.raw.split(text, emit, func(start, end int) {
		a := aligned{text: text[start:end], base: start}
		for _, n := range t.normalize {
			a = n(a)
		}
		t.normal.split(a.text,
			func(id int32, i, j int) { emit(id, a.source(i), a.source(j)) },
			func(i, j int) { t.pieces(t.split, a.slice(i, j), emit) })
	})
	return ids, offsets
}

// pieces takes a through the steps and merges what comes out.
func (t *BPE) pieces(steps []step, a aligned, emit func(id int32, start, end int)) {
	if len(steps) > 0 {
		steps[0](a, func(piece aligned) { t.pieces(steps[1:], piece, emit) })
		return
	}
	if t.ignoreMerges {
		if id, ok := t.ids[a.text]; ok {
			emit(id, a.source(0), a.source(len(a.text)))
			return
		}
	}
	for _, s := range t.merges.apply(t.symbols(a.text)) {
		emit(s.id, a.source(s.start), a.source(s.end))
	}
}

// symbols are the tokens of the single bytes, or characters, of a piece.
func (t *BPE) symbols(piece string) []symbol {
	out := make([]symbol, 0, len(piece))
	missing := -1 // where the characters without a token start that wait to be one token
	flush := func(end int) {
		if missing >= 0 {
			out = append(out, symbol{id: t.unknown, start: missing, end: end})
			missing = -1
		}
	}
	for i := 0; i < len(piece); {
		n := 1
		if !t.bytes {
			_, n = utf8.DecodeRuneInString(piece[i:])
		}
		id, ok := t.ids[piece[i:i+n]]
		switch {
		case ok:
			flush(i)
			out = append(out, symbol{id: id, start: i, end: i + n})
		case t.spelled(piece[i : i+n]):
			flush(i)
			for j := i; j < i+n; j++ {
				out = append(out, symbol{id: t.byteIDs[piece[j]], start: j, end: j + 1})
			}
		case t.unknown >= 0:
			if !t.fuseUnknown {
				flush(i)
			}
			if missing < 0 {
				missing = i
			}
		}
		i += n
	}
	flush(len(piece))
	return out
}

// spelled reports whether every byte of char has a token to fall back on.
func (t *BPE) spelled(char string) bool {
	if t.byteIDs == nil {
		return false
	}
	for i := range len(char) {
		if t.byteIDs[char[i]] < 0 {
			return false
		}
	}
	return true
}

// Decode turns tokens into text; see Tokenizer.
func (t *BPE) Decode(ids []int32) string {
	text, _ := t.DecodeOffsets(ids)
	return text
}

// DecodeOffsets is Decode with the place of each token in the text. Bytes to fall back on
// that make no characters together become U+FFFD each; a token of bytes has these, which
// may be a part of a character only.
func (t *BPE) DecodeOffsets(ids []int32) (string, []Offset) {
	var text strings.Builder
	offsets := make([]Offset, 0, len(ids))
	strip := t.strip
	put := func(s string) {
		for strip > 0 && strings.HasPrefix(s, " ") {
			s = s[1:]
			strip--
		}
		if s != "" {
			strip = 0
		}
		start := text.Len()
		text.WriteString(s)
		offsets = append(offsets, Offset{start, text.Len()})
	}
	for i := 0; i < len(ids); {
		end, spelled := i, ""
		for end < len(ids) && t.token(ids[end]).byte {
			spelled += t.token(ids[end]).text
			end++
		}
		if end == i {
			if e := t.token(ids[i]); e.special {
				put("")
			} else {
				put(e.text)
			}
			i++
			continue
		}
		valid := utf8.ValidString(spelled)
		for ; i < end; i++ {
			if valid {
				put(t.token(ids[i]).text)
			} else {
				put(string(utf8.RuneError))
			}
		}
	}
	return text.String(), offsets
}

// token is the entry of id, U+FFFD for one that is not in the vocabulary.
func (t *BPE) token(id int32) token {
	if id < 0 || int(id) >= len(t.tokens) || !t.tokens[id].known {
		return token{name: "<unknown>", text: string(utf8.RuneError)}
	}
	return t.tokens[id]
}

// Text is one token by itself: what it decodes to, <0x41> for bytes that are no text.
func (t *BPE) Text(id int32) string {
	e := t.token(id)
	if !e.known || e.byte {
		return e.name
	}
	if utf8.ValidString(e.text) {
		return e.text
	}
	var b strings.Builder
	for i := range len(e.text) {
		fmt.Fprintf(&b, "<0x%02X>", e.text[i])
	}
	return b.String()
}

// Size is the number of ids, those that no token has included.
func (t *BPE) Size() int { return len(t.tokens) }

// Begin lists the tokens that every prompt starts with.
func (t *BPE) Begin() []int32 { return append([]int32(nil), t.begin...) }

// Ends lists the tokens that end an answer.
func (t *BPE) Ends() []int32 { return append([]int32(nil), t.ends...) }

// Chat returns the text around a prompt, see Tokenizer.
func (t *BPE) Chat() Chat { return t.chat }

// Fingerprint is the first 8 bytes, in hexadecimal, of the SHA-256 of tokens and merges.
func (t *BPE) Fingerprint() string { return t.fingerprint }
