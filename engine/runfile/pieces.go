package runfile

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"kvscope/engine/tokenizer"
)

// readable reads tokens as a tokenizer's convert_ids_to_tokens writes them, with marks for
// blanks and bytes, as text: each token by itself, and as it stands among the others.
// Tokens that are text already stay as they are, which a blank in one of them tells.
func readable(raw []string) (texts, pieces []string) {
	bytes := slices.Clone(raw)
	if !slices.ContainsFunc(raw, func(t string) bool { return strings.ContainsAny(t, " \n") }) {
		inBytes := slices.ContainsFunc(raw, func(t string) bool {
			return strings.HasPrefix(t, "Ġ") || strings.HasPrefix(t, "Ċ")
		})
		for i, t := range raw {
			bytes[i] = piece(t, inBytes)
		}
	}
	for i, b := range bytes {
		if len(raw[i]) == len("<0x00>") {
			var value byte
			if n, err := fmt.Sscanf(raw[i], "<0x%02X>", &value); n == 1 && err == nil {
				bytes[i], b = string([]byte{value}), string([]byte{value})
			}
		}
		text := b
		if !utf8.ValidString(b) {
			text = ""
			for _, part := range []byte(b) {
				text += fmt.Sprintf("<0x%02X>", part)
			}
		}
		texts = append(texts, text)
	}
	return texts, tokenizer.Whole(bytes)
}

// piece returns the bytes of a token that is written with marks: byte-level BPE, as of GPT-2,
// has a letter for each byte; SentencePiece has ▁ for a blank; WordPiece has ## before what
// goes on.
func piece(t string, inBytes bool) string {
	if strings.Contains(t, "▁") {
		return strings.ReplaceAll(t, "▁", " ")
	}
	if rest, goesOn := strings.CutPrefix(t, "##"); goesOn && rest != "" && !strings.HasPrefix(rest, "#") {
		return rest
	}
	if !inBytes {
		return t
	}
	var b []byte
	for _, r := range t {
		v, ok := byteLetters[r]
		if !ok {
			return t
		}
		b = append(b, v)
	}
	return string(b)
}

// byteLetters are the letters of GPT-2's byte-level BPE: printable bytes of Latin-1 stand
// for themselves, the others, in order, for the letters from U+0100 on.
var byteLetters = func() map[rune]byte {
	out := make(map[rune]byte, 256)
	next := rune(0x100)
	for b := range 256 {
		if '!' <= b && b <= '~' || 0xa1 <= b && b <= 0xac || 0xae <= b && b <= 0xff {
			out[rune(b)] = byte(b)
			continue
		}
		out[next] = byte(b)
		next++
	}
	return out
}()
