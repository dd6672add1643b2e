package tokenizer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"kvscope/engine/lexicon"
)

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

// Demo is the word-level tokenizer of the demo models. Its vocabulary is written down,
// not learned: every byte, punctuation, hexadecimal digits and pairs, and a lexicon of
// common English words. It is lossless: Decode(Encode(s)) is s for every string, valid
// UTF-8 or not. Blanks cost no token where a fixed rule over the two neighbours (see
// demo_spacing.go) already puts one.
//
// Text is cut into runs of letters and digits, and single other characters. A run
// becomes, the first that applies: its lexicon word; <cap> and the lexicon word it
// is the capitalised form of; hexadecimal pairs from the left, an odd last digit by
// itself; its bytes.
//
// It is immutable and safe for concurrent use.
type Demo struct {
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
	fingerprint string
}

// NewDemo builds the vocabulary. It takes a fraction of a millisecond.
func NewDemo() *Demo {
	t := &Demo{
		words:     make(map[string]int32),
		wideMarks: make(map[rune]int32),
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
	for _, w := range lexicon.New().Words() {
		t.words[w] = t.add(w, word)
	}

	t.setSpacing()
	h := sha256.New()
	for id := range t.text {
		fmt.Fprintf(h, "%d %q %t %t\n", t.kinds[id], t.text[id], t.gapBefore[id], t.gapAfter[id])
	}
	t.fingerprint = hex.EncodeToString(h.Sum(nil)[:8])
	return t
}

func (t *Demo) add(text string, k kind) int32 {
	t.text = append(t.text, text)
	t.kinds = append(t.kinds, k)
	return int32(len(t.text) - 1)
}

// Size is the number of tokens, V.
func (t *Demo) Size() int { return len(t.text) }

// BOS is the token that starts every prompt.
func (t *Demo) BOS() int32 { return bosID }

// EOS is the token that ends every answer.
func (t *Demo) EOS() int32 { return eosID }

// Begin is BOS.
func (t *Demo) Begin() []int32 { return []int32{bosID} }

// Ends is EOS.
func (t *Demo) Ends() []int32 { return []int32{eosID} }

// Chat is none: the demo models continue text.
func (t *Demo) Chat() Chat { return Chat{} }

// Fingerprint identifies the vocabulary: the first 8 bytes, in hexadecimal, of the
// SHA-256 of its tokens in order and how they space. A checkpoint trained on another
// vocabulary has another fingerprint.
func (t *Demo) Fingerprint() string { return t.fingerprint }

// Text is the display form of one token: its text, <0x41> for a byte, <name> for a
// special, <unknown> for an id outside the vocabulary.
func (t *Demo) Text(id int32) string {
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
func (t *Demo) Token(text string) (int32, bool) {
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

// WordIDs lists the tokens of the lexicon.
func (t *Demo) WordIDs() []int32 { return ids(t.firstWord, int32(len(t.text))) }

// PairIDs lists the tokens of the pairs 00 to ff, in order.
func (t *Demo) PairIDs() []int32 { return ids(t.firstPair, t.firstWord) }

// SingleIDs lists the tokens of the single digits 0 to f, in order.
func (t *Demo) SingleIDs() []int32 { return ids(t.firstSingle, t.firstPair) }

// ByteIDs lists the tokens of the bytes 0 to 255, in order.
func (t *Demo) ByteIDs() []int32 { return ids(firstByteID, t.firstMark) }

func ids(from, to int32) []int32 {
	out := make([]int32, 0, to-from)
	for id := from; id < to; id++ {
		out = append(out, id)
	}
	return out
}
