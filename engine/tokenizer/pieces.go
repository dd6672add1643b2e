package tokenizer

import "unicode/utf8"

// Pieces is the text of each token as it stands among the others, blanks included:
// together they are the decoded text. See Whole for characters of several tokens.
func Pieces(t Tokenizer, ids []int32) []string {
	text, offsets := t.DecodeOffsets(ids)
	parts := make([]string, len(offsets))
	start := 0
	for i, o := range offsets {
		parts[i], start = text[start:o.End], o.End
	}
	return Whole(parts)
}

// Whole gives the characters that are cut over several parts of a text to the last of
// these.
func Whole(parts []string) []string {
	out := make([]string, len(parts))
	rest := ""
	for i, part := range parts {
		rest += part
		if i+1 < len(parts) && cut(rest) {
			continue
		}
		out[i], rest = rest, ""
	}
	return out
}

// cut reports whether s ends within a character.
func cut(s string) bool {
	for n := 1; n <= min(utf8.UTFMax, len(s)); n++ {
		if b := s[len(s)-n]; utf8.RuneStart(b) {
			return !utf8.FullRuneInString(s[len(s)-n:])
		}
	}
	return false
}
