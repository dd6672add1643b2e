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
	text, _ := tokenizer.BytesOf(t)
	return text
}
