// Package tokenizer is the word-level tokenizer of the demo models. Its vocabulary
// is written down, not learned: every byte, punctuation, hexadecimal digits and
// pairs, and a lexicon of common English words. It is lossless: Decode(Encode(s))
// is s for every string, valid UTF-8 or not. Blanks cost no token where a fixed
// rule over the two neighbours (see spacing.go) already puts one.
//
// Text is cut into runs of letters and digits, and single other characters. A run
// becomes, the first that applies: its lexicon word; <cap> and the lexicon word it
// is the capitalised form of; hexadecimal pairs from the left, an odd last digit by
// itself; its bytes.
package tokenizer

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"strings"
)

//go:embed lexicon.txt
var lexicon string

// kind says what sort of text a token stands for; it decides how the token spaces.
type kind uint8

const (
	special kind = iota
	byteToken
	mark   // punctuation
	single // one hexadecimal digit
	pair   // two hexadecimal digits
	word
)

// Ids of the special tokens, which come first in the vocabulary.
const (
	bosID int32 = iota
	eosID
	capID     // the next word starts with a capital letter
	spaceID   // a blank, in place of what the spacing rule says
	nospaceID // no blank, in place of what the spacing rule says
	firstByteID
)

const hexDigits = "0123456789abcdef"

// Tokenizer holds the vocabulary. It is immutable and safe for concurrent use.
type Tokenizer struct {
	text        []string // decoded form of each token; empty for specials
	kinds       []kind
	gapBefore   []bool // the token lets a blank stand before it
	gapAfter    []bool
	words       map[string]int32
	marks       [128]int32 // ASCII punctuation to id, -1 elsewhere
	wideMarks   map[rune]int32
	firstMark   int32
	firstSingle int32
	firstPair   int32
	firstWord   int32
	sections    map[string][]string
	fingerprint string
}

// New builds the vocabulary. It takes a fraction of a millisecond.
func New() *Tokenizer {
	t := &Tokenizer{
		words:     make(map[string]int32),
		wideMarks: make(map[rune]int32),
		sections:  make(map[string][]string),
	}
	for i := range t.marks {
		t.marks[i] = -1
	}
	for range firstByteID {
		t.add("", special)
	}
	for b := range 256 {
		t.add(string([]byte{byte(b)}), byteToken)
	}
	t.firstMark = int32(len(t.text))
	for _, m := range marks {
		id := t.add(m.text, mark)
		if r := []rune(m.text)[0]; r < 128 {
			t.marks[r] = id
		} else {
			t.wideMarks[r] = id
		}
	}
	t.firstSingle = int32(len(t.text))
	for i := range hexDigits {
		t.add(hexDigits[i:i+1], single)
	}
	t.firstPair = int32(len(t.text))
	for b := range 256 {
		t.add(hex.EncodeToString([]byte{byte(b)}), pair)
	}
	t.firstWord = int32(len(t.text))
	t.addLexicon()

	t.setSpacing()
	h := sha256.New()
	for id := range t.text {
		fmt.Fprintf(h, "%d %q %t %t\n", t.kinds[id], t.text[id], t.gapBefore[id], t.gapAfter[id])
	}
	t.fingerprint = hex.EncodeToString(h.Sum(nil)[:8])
	return t
}

func (t *Tokenizer) add(text string, k kind) int32 {
	t.text = append(t.text, text)
	t.kinds = append(t.kinds, k)
	return int32(len(t.text) - 1)
}

func (t *Tokenizer) addLexicon() {
	section := ""
	for line := range strings.Lines(lexicon) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		default:
			for _, w := range strings.Fields(line) {
				if _, dup := t.words[w]; dup {
					panic(fmt.Sprintf("BUG: tokenizer: lexicon has %q twice", w))
				}
				t.words[w] = t.add(w, word)
				t.sections[section] = append(t.sections[section], w)
			}
		}
	}
}

// Size is the number of tokens, V.
func (t *Tokenizer) Size() int { return len(t.text) }

// BOS is the token that starts every prompt.
func (t *Tokenizer) BOS() int32 { return bosID }

// EOS is the token that ends every answer.
func (t *Tokenizer) EOS() int32 { return eosID }

// Fingerprint identifies the vocabulary: the first 8 bytes, in hexadecimal, of the
// SHA-256 of its tokens in order and how they space. A checkpoint trained on another
// vocabulary has another fingerprint.
func (t *Tokenizer) Fingerprint() string { return t.fingerprint }

// Text is the display form of one token: its text, <0x41> for a byte, <name> for a
// special, <unknown> for an id outside the vocabulary.
func (t *Tokenizer) Text(id int32) string {
	if id < 0 || int(id) >= len(t.text) {
		return "<unknown>"
	}
	switch t.kinds[id] {
	case special:
		return [...]string{"<bos>", "<eos>", "<cap>", "<space>", "<nospace>"}[id]
	case byteToken:
		return fmt.Sprintf("<0x%02X>", id-firstByteID)
	}
	return t.text[id]
}

// Token is the id of the token that displays as text. "a" and "be" are both words
// and hexadecimal: the word is returned.
func (t *Tokenizer) Token(text string) (int32, bool) {
	if id, ok := t.words[text]; ok {
		return id, true
	}
	for id := range t.firstWord {
		if t.Text(id) == text {
			return id, true
		}
	}
	return 0, false
}

// Section lists the words of one section of the lexicon, in order; nil when there
// is no such section.
func (t *Tokenizer) Section(name string) []string {
	return append([]string(nil), t.sections[name]...)
}

// Adjectives lists the words that needle keys take their first half from.
func (t *Tokenizer) Adjectives() []string { return t.Section("adjective") }

// Nouns lists the words that needle keys take their second half from.
func (t *Tokenizer) Nouns() []string {
	var nouns []string
	for _, s := range []string{"person", "animal", "place", "thing", "nature"} {
		nouns = append(nouns, t.sections[s]...)
	}
	return nouns
}

// WordIDs lists the tokens of the lexicon.
func (t *Tokenizer) WordIDs() []int32 { return ids(t.firstWord, int32(len(t.text))) }

// PairIDs lists the tokens of the pairs 00 to ff, in order.
func (t *Tokenizer) PairIDs() []int32 { return ids(t.firstPair, t.firstWord) }

// SingleIDs lists the tokens of the single digits 0 to f, in order.
func (t *Tokenizer) SingleIDs() []int32 { return ids(t.firstSingle, t.firstPair) }

// ByteIDs lists the tokens of the bytes 0 to 255, in order.
func (t *Tokenizer) ByteIDs() []int32 { return ids(firstByteID, t.firstMark) }

func ids(from, to int32) []int32 {
	out := make([]int32, 0, to-from)
	for id := from; id < to; id++ {
		out = append(out, id)
	}
	return out
}
