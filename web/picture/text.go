package picture

import (
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/trace"
)

// Pieces is the text of each token of a prompt as it stands among the others, blanks
// included. Runs from before headers carried it have the tokens alone: those without any
// blank then stand apart by one each.
func Pieces(h *trace.Header) []string {
	out := make([]string, len(h.Tokens))
	spaced := slices.ContainsFunc(h.Tokens, func(t trace.Token) bool { return strings.Contains(t.Text, " ") })
	for i, t := range h.Tokens {
		if len(h.Pieces) > 0 {
			out[i] = Named(h.Pieces[i])
			continue
		}
		out[i] = Named(t.Text)
		if i > 0 && !spaced && t.Text != "\n" {
			out[i] = " " + out[i]
		}
	}
	return out
}

// Label is the text of a token standing by itself: blanks and line ends are made
// visible, a byte that is a character is shown as it, and the names of tokens without
// text are kept. Text that is read from the right stays in its place among other words.
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
	if b, ok := byteOf(t.Text); ok && ' ' < b && b < 0x7f {
		return string(rune(b))
	}
	text := Named(t.Text)
	if strings.ContainsFunc(text, fromRight) {
		return "\u2068" + text + "\u2069" // first strong isolate, pop isolate
	}
	return text
}

// byteOf is the byte that a token stands for whose text is as "<0x0A>".
func byteOf(text string) (byte, bool) {
	digits, ok := strings.CutPrefix(text, "<0x")
	digits, closed := strings.CutSuffix(digits, ">")
	b, err := strconv.ParseUint(digits, 16, 8)
	return byte(b), ok && closed && err == nil && len(digits) == 2
}

// fromRight reports whether r is in one of the blocks that Unicode keeps for scripts
// written from right to left (DerivedBidiClass.txt, "unassigned code points that default
// to R or AL").
func fromRight(r rune) bool {
	return 0x590 <= r && r < 0x900 || 0xfb1d <= r && r < 0xfe00 || 0xfe70 <= r && r < 0xff00 ||
		0x10800 <= r && r < 0x11000 || 0x1e800 <= r && r < 0x1f000
}

// directions names the characters that have no shape but turn the direction of the text
// around them, by which one token would reorder others: Unicode's bidirectional controls,
// by their abbreviations.
var directions = strings.NewReplacer(
	"\u061c", "⟨ALM⟩", "\u200e", "⟨LRM⟩", "\u200f", "⟨RLM⟩",
	"\u202a", "⟨LRE⟩", "\u202b", "⟨RLE⟩", "\u202c", "⟨PDF⟩", "\u202d", "⟨LRO⟩", "\u202e", "⟨RLO⟩",
	"\u2066", "⟨LRI⟩", "\u2067", "⟨RLI⟩", "\u2068", "⟨FSI⟩", "\u2069", "⟨PDI⟩",
)

// Named is text with the controls of its direction shown by name.
func Named(text string) string { return directions.Replace(text) }
