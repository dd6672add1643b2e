package picture

import (
	"fmt"
	"unicode/utf8"

	"kvscope/engine/tokenizer"
	"kvscope/engine/trace"
)

// Pieces is the text of each token as it stands among the others, blanks included:
// together they are the text. Tokens of the demo models say what they are, not how
// they space, so their tokenizer is asked; the tokens of any other model are taken
// as they are. A character made of several tokens belongs to the last of them.
func Pieces(tokens []trace.Token) []string {
	out := make([]string, len(tokens))
	tok := tokenizer.NewDemo()
	ids := make([]int32, len(tokens))
	for i, t := range tokens {
		ids[i], out[i] = t.ID, t.Text
	}
	for _, t := range tokens {
		if tok.Text(t.ID) != t.Text {
			return out
		}
	}
	text, offsets := tok.DecodeOffsets(ids)
	start := 0
	for i, o := range offsets {
		out[i] = ""
		end := o.End
		if i+1 < len(tokens) && !wholeText(text[start:end]) {
			continue
		}
		out[i] = text[start:end]
		start = end
	}
	return out
}

// wholeText reports whether s does not end within a character.
func wholeText(s string) bool {
	for n := 1; n <= min(utf8.UTFMax, len(s)); n++ {
		if b := s[len(s)-n]; utf8.RuneStart(b) {
			return utf8.FullRuneInString(s[len(s)-n:])
		}
	}
	return true
}

// Label is the text of a token standing by itself: blanks and line ends are made
// visible, a byte that is a character is shown as it, and the names of tokens without
// text are kept.
func Label(t trace.Token) string {
	switch t.Text {
	case "":
		return "∅"
	case "\n":
		return "↵"
	case " ":
		return "␣"
	case "<eos>", "</s>", "<|endoftext|>":
		return "end"
	}
	var b byte
	if _, err := fmt.Sscanf(t.Text, "<0x%02X>", &b); err == nil && len(t.Text) == len("<0x00>") && ' ' < b && b < 0x7f {
		return string(rune(b))
	}
	return t.Text
}
