package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// scanner returns how many bytes the first piece of s takes, s being more than empty.
// It stands for the regular expression that a vocabulary was learned with, written by
// hand: Go's have no lookahead.
type scanner func(s string) int

// The regular expressions of public vocabularies, as they stand in tokenizer.json.
const (
	gpt2Pattern   = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
	cl100kPattern = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	qwen2Pattern  = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

// patternScanner is the scanner of a known expression, nil of any other.
func patternScanner(pattern string) scanner {
	switch pattern {
	case gpt2Pattern:
		return scanGPT2
	case cl100kPattern:
		return scanCL100K(3)
	case qwen2Pattern:
		return scanCL100K(1)
	}
	return nil
}

// class is one of the classes of characters that the expressions tell apart.
type class uint8

const (
	other class = iota
	letter
	number
	space
)

// classify is the class of the first character of s and its bytes; 0 at the end.
func classify(s string) (class, int) {
	if s == "" {
		return other, 0
	}
	if c := s[0]; c < utf8.RuneSelf {
		switch {
		case (c|0x20)-'a' < 26:
			return letter, 1
		case c-'0' < 10:
			return number, 1
		case c == ' ' || c-'\t' < 5:
			return space, 1
		}
		return other, 1
	}
	r, n := utf8.DecodeRuneInString(s)
	switch {
	case isLetter(r):
		return letter, n
	case isNumber(r):
		return number, n
	case unicode.IsSpace(r):
		return space, n
	}
	return other, n
}

// run is the bytes of the longest run of class c at the start of s, of most characters
// at most.
func run(s string, c class, most int) int {
	end := 0
	for ; most > 0; most-- {
		k, n := classify(s[end:])
		if n == 0 || k != c {
			break
		}
		end += n
	}
	return end
}

// scanGPT2 is gpt2Pattern.
func scanGPT2(s string) int {
	if n := contraction(s, false); n > 0 {
		return n
	}
	blank := 0
	if s[0] == ' ' {
		blank = 1
	}
	if c, _ := classify(s[blank:]); len(s) > blank && c != space {
		return blank + run(s[blank:], c, len(s))
	}
	return scanSpace(s)
}

// scanCL100K is cl100kPattern with pieces of so many digits at most; with 1 it is
// qwen2Pattern.
func scanCL100K(digits int) scanner {
	return func(s string) int {
		if n := contraction(s, true); n > 0 {
			return n
		}
		c, n := classify(s)
		if c == letter {
			return run(s, letter, len(s))
		}
		if c != number && s[0] != '\r' && s[0] != '\n' {
			if letters := run(s[n:], letter, len(s)); letters > 0 {
				return n + letters
			}
		}
		if c == number {
			return run(s, number, digits)
		}
		blank := 0
		if s[0] == ' ' {
			blank = 1
		}
		if end := run(s[blank:], other, len(s)); end > 0 {
			end += blank
			return end + len(s[end:]) - len(strings.TrimLeft(s[end:], "\r\n"))
		}
		if breaks := strings.LastIndexAny(s[:run(s, space, len(s))], "\r\n"); breaks >= 0 {
			return breaks + 1
		}
		return scanSpace(s)
	}
}

// scanSpace is \s+(?!\S)|\s+: a run of blanks without the one before what follows.
func scanSpace(s string) int {
	end := run(s, space, len(s))
	if end == len(s) {
		return end
	}
	if _, last := utf8.DecodeLastRuneInString(s[:end]); last < end {
		return end - last
	}
	return end
}

// contraction is the bytes of an apostrophe and what English puts after it, at the start
// of s; 0 for none. Folding, the long s is an s as well.
func contraction(s string, fold bool) int {
	if len(s) < 2 || s[0] != '\'' {
		return 0
	}
	after := s[1:]
	if fold {
		if strings.HasPrefix(after, "ſ") {
			return 1 + len("ſ")
		}
		after = strings.ToLower(after[:min(2, len(after))])
	}
	switch after[0] {
	case 's', 't', 'm', 'd':
		return 2
	}
	for _, two := range []string{"re", "ve", "ll"} {
		if strings.HasPrefix(after, two) {
			return 3
		}
	}
	return 0
}

// scanDigits parts digits from the rest, one by one or runs of them.
func scanDigits(single bool) scanner {
	return func(s string) int {
		c, n := classify(s)
		digit := c == number
		if digit && single {
			return n
		}
		for n < len(s) {
			c, more := classify(s[n:])
			if (c == number) != digit {
				break
			}
			n += more
		}
		return n
	}
}

// scanBefore starts a piece at every mark.
func scanBefore(mark string) scanner {
	return func(s string) int {
		from := 0
		if strings.HasPrefix(s, mark) {
			from = len(mark)
		}
		if n := strings.Index(s[from:], mark); n >= 0 {
			return from + n
		}
		return len(s)
	}
}
