package tokenizer

import (
	"unicode"
	"unicode/utf8"
)

// Encode turns text into tokens. It adds neither BOS nor EOS.
func (t *Demo) Encode(text string) []int32 {
	e := encoder{t: t, text: text, last: -1, ids: make([]int32, 0, len(text)/4+8)}
	e.run()
	return e.ids
}

// EncodeOffsets is Encode with the place of each token in text. <cap> and <nospace>
// have empty ranges, at the start of the token they apply to.
func (t *Demo) EncodeOffsets(text string) ([]int32, []Offset) {
	n := len(text)/4 + 8
	e := encoder{t: t, text: text, last: -1, ids: make([]int32, 0, n), offsets: make([]Offset, 0, n)}
	e.run()
	return e.ids, e.offsets
}

type encoder struct {
	t       *Demo
	text    string
	last    int32 // the last token with text; -1 at the start
	ids     []int32
	offsets []Offset // nil when not asked for
}

func (e *encoder) run() {
	s := e.text
	for i := 0; i < len(s); {
		start := i
		for i < len(s) && s[i] == ' ' {
			i++
		}
		blanks := i - start
		if i == len(s) {
			e.spaces(start, blanks)
			return
		}
		end, alphanumeric := scan(s, i)
		if alphanumeric {
			e.alphanumeric(i, end, blanks)
		} else if id, ok := e.markAt(i, end); ok {
			e.first(id, i, end, blanks)
		} else {
			e.bytes(i, end, blanks)
		}
		i = end
	}
}

// scan returns the end of the piece that starts at i: a run of letters, digits and
// the marks that combine with them, or one other character.
func scan(s string, i int) (end int, alphanumeric bool) {
	for end = i; end < len(s); {
		if c := s[end]; c < utf8.RuneSelf {
			if !asciiAlphanumeric(c) {
				break
			}
			end++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[end:])
		if !unicode.In(r, unicode.L, unicode.M, unicode.N) {
			break
		}
		end += n
	}
	if end > i {
		return end, true
	}
	_, n := utf8.DecodeRuneInString(s[i:])
	return i + n, false
}

func asciiAlphanumeric(c byte) bool {
	return c-'0' < 10 || (c|0x20)-'a' < 26
}

// alphanumeric encodes the run s[i:end].
func (e *encoder) alphanumeric(i, end, blanks int) {
	t, s := e.t, e.text[i:end]
	if id, ok := t.words[s]; ok {
		e.first(id, i, end, blanks)
		return
	}
	if c := s[0]; c-'A' < 26 {
		// Longer than any word: it need not be looked up.
		var buf [24]byte
		if len(s) <= len(buf) {
			n := copy(buf[:], s)
			buf[0] |= 0x20
			if id, ok := t.words[string(buf[:n])]; ok {
				e.first(capID, i, i, blanks)
				e.push(id, i, end)
				return
			}
		}
	}
	if !isHex(s) {
		e.bytes(i, end, blanks)
		return
	}
	for ; i < end; blanks = -1 {
		id, n := t.firstSingle+hexValue(e.text[i]), 1
		if i+1 < end {
			id, n = t.firstPair+hexValue(e.text[i])<<4+hexValue(e.text[i+1]), 2
		}
		if blanks >= 0 {
			e.first(id, i, i+n, blanks)
		} else {
			e.push(id, i, i+n)
		}
		i += n
	}
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; c-'0' >= 10 && c-'a' >= 6 {
			return false
		}
	}
	return true
}

func hexValue(c byte) int32 {
	if c <= '9' {
		return int32(c - '0')
	}
	return int32(c-'a') + 10
}

// markAt is the punctuation token of the single character s[i:end].
func (e *encoder) markAt(i, end int) (int32, bool) {
	if c := e.text[i]; c < utf8.RuneSelf {
		id := e.t.marks[c]
		return id, id >= 0
	}
	r, _ := utf8.DecodeRuneInString(e.text[i:end])
	id, ok := e.t.wideMarks[r]
	return id, ok
}

func (e *encoder) bytes(i, end, blanks int) {
	e.first(firstByteID+int32(e.text[i]), i, i+1, blanks)
	for i++; i < end; i++ {
		e.push(firstByteID+int32(e.text[i]), i, i+1)
	}
}

// first emits the first token of a piece, s[i:end], that follows blanks blanks:
// before it, what is needed when the spacing rule would not give that number.
func (e *encoder) first(id int32, i, end, blanks int) {
	ruled := 0
	if e.last >= 0 && e.t.gap(e.last, id) {
		ruled = 1
	}
	if blanks != ruled {
		if blanks == 0 {
			e.push(nospaceID, i, i)
		} else {
			e.spaces(i-blanks, blanks)
		}
	}
	e.push(id, i, end)
}

func (e *encoder) spaces(at, n int) {
	for ; n > 0; n-- {
		e.push(spaceID, at, at+1)
		at++
	}
}

func (e *encoder) push(id int32, start, end int) {
	e.ids = append(e.ids, id)
	if e.offsets != nil {
		e.offsets = append(e.offsets, Offset{start, end})
	}
	e.last = id
}
