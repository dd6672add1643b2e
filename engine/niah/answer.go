package niah

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"kvscope/engine/tokenizer"
)

// answer sets Expected, Answer and Gold from the needles in the order given. The
// answer is encoded as it follows the last line of the prompt, since a token may hold
// the blank before a value.
func (e *Example) answer(tok tokenizer.Tokenizer, asked []Needle) {
	if len(asked) == 0 {
		return
	}
	line := e.Text[strings.LastIndexByte(e.Text, '\n')+1:]
	text := line
	starts := make([]int, len(asked)) // of the values in text
	for i, n := range asked {
		if i > 0 {
			text += ","
		}
		if last, _ := utf8.DecodeLastRuneInString(text); text != "" && !unicode.IsSpace(last) {
			text += " "
		}
		starts[i] = len(text)
		text += n.Value
		e.Expected = append(e.Expected, n.Value)
	}
	ids, offsets := tok.EncodeOffsets(text + ".")
	from := len(tok.Encode(line))
	e.Answer = ids[from:]
	for i, n := range asked {
		for ; from < len(ids) && offsets[from].Start < starts[i]+len(n.Value); from++ {
			at := -1
			if o := offsets[from]; n.valueAt >= 0 && (o.Start >= starts[i] || o.End > starts[i]) {
				at = e.source(n, ids[from], o, n.valueAt-starts[i])
			}
			e.Gold = append(e.Gold, at)
		}
	}
	if ends := tok.Ends(); len(ends) > 0 {
		e.Answer = append(e.Answer, ends[0])
	}
	for len(e.Gold) < len(e.Answer) {
		e.Gold = append(e.Gold, -1)
	}
}

// source is the position of the value of n that a token of the answer is copied from:
// that of the same token shift bytes further in the prompt, else the one that covers
// the place.
func (e *Example) source(n Needle, id int32, o tokenizer.Offset, shift int) int {
	for at := n.ValueSpan.Start; at < n.ValueSpan.End; at++ {
		if e.Tokens[at] == id && e.Offsets[at].End == o.End+shift {
			return at
		}
	}
	return e.tokens(max(o.Start+shift, n.valueAt), o.End+shift).Start
}
