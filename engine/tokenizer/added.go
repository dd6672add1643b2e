package tokenizer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// addedToken is a token that is looked for in the text before it is split, such as
// <|im_start|>. The fields are those of tokenizer.json.
type addedToken struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"` // only where no letter, digit or underscore touches it
	LStrip     bool   `json:"lstrip"`      // takes the blanks before it along
	RStrip     bool   `json:"rstrip"`      // and those after it
	Normalized bool   `json:"normalized"`  // looked for after the normalization, as that leaves it
	Special    bool   `json:"special"`     // no text, but a mark such as the end of a turn
}

// added finds tokens in a text: the first, the longest of those that start there.
type added struct {
	byFirst map[byte][]addedToken // the longest first
}

func newAdded(tokens []addedToken) added {
	a := added{byFirst: map[byte][]addedToken{}}
	for _, t := range tokens {
		if t.Content != "" {
			a.byFirst[t.Content[0]] = append(a.byFirst[t.Content[0]], t)
		}
	}
	for _, list := range a.byFirst {
		slices.SortStableFunc(list, func(x, y addedToken) int { return len(y.Content) - len(x.Content) })
	}
	return a
}

// split calls token for every added token of s and text for every part between them, in
// order, with the bytes they take.
func (a added) split(s string, token func(id int32, start, end int), text func(start, end int)) {
	done := 0
	for at := 0; at < len(s); {
		t, ok := a.at(s, at)
		if !ok {
			at++
			continue
		}
		start, end := at, at+len(t.Content)
		at = end
		if t.SingleWord && (endsWithWord(s[:start]) || startsWithWord(s[end:])) {
			continue
		}
		if t.LStrip {
			start = max(len(strings.TrimRightFunc(s[:start], unicode.IsSpace)), done)
		}
		if t.RStrip {
			end = len(s) - len(strings.TrimLeftFunc(s[end:], unicode.IsSpace))
		}
		if done < start {
			text(done, start)
		}
		token(t.ID, start, end)
		done = end
	}
	if done < len(s) {
		text(done, len(s))
	}
}

// at is the longest token whose content starts at byte i of s.
func (a added) at(s string, i int) (addedToken, bool) {
	for _, t := range a.byFirst[s[i]] {
		if strings.HasPrefix(s[i:], t.Content) {
			return t, true
		}
	}
	return addedToken{}, false
}

func startsWithWord(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s != "" && isWord(r)
}

func endsWithWord(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return s != "" && isWord(r)
}

// isWord is \w.
func isWord(r rune) bool {
	return isLetter(r) || unicode.In(r, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc)
}
