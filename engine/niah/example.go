package niah

import (
	"sort"

	"kvscope/engine/ops"
	"kvscope/engine/tokenizer"
)

// Example is one prompt with its expected answer.
type Example struct {
	Task    Task
	Seed    uint64
	Context int // the limit on len(Tokens) + len(Answer) it was made for; 0 for none

	Text    string  // the prompt: opening, haystack, question, start of the answer
	Tokens  []int32 // the prompt in tokens, after those that every prompt begins with
	Offsets []tokenizer.Offset

	// Expected are the values asked for: in the order of the queries, and those of
	// one key from the last in the text to the first. Score asks for no order; a
	// model in training is taught this one.
	Expected []string
	// Answer is the answer in tokens: the expected values with commas between them,
	// a full stop, and the token that ends an answer where there is one. A model that is
	// right continues Tokens with it. Empty when nothing is expected.
	Answer []int32
	// Gold is, for every token of Answer, the position in Tokens it is copied from:
	// that of the same place in the needle's value; -1 for commas, stop and end.
	Gold []int

	// Most is how many tokens of an answer are wanted at most, 0 for a few more than are
	// expected.
	Most int

	Cut *Cut // what of an own text did not fit, nil where all did

	Needles      []Needle // all needles, in the order they appear
	Question     string   // what is asked, a sentence of Text
	QuestionSpan ops.Span // the question and the start of the answer, to the end of Tokens

	asks  int  // byte of Text at which the question begins; 0 where none does
	begin int  // tokens before those of Text
	any   bool // whether one of Expected is enough
}

// Needle is one needle in the prompt. Spans are positions in Example.Tokens.
type Needle struct {
	Key, Value string
	Span       ops.Span // the sentence, with its full stop
	KeySpan    ops.Span
	ValueSpan  ops.Span
	Queried    bool // its key is asked for

	valueAt int // byte of Example.Text where the value starts; -1 where it does not stand
}

// Cut is an own text that was shortened to fit: it has so many tokens, the first Kept of
// which are in the prompt.
type Cut struct{ Tokens, Kept int }

// encode sets Tokens and Offsets from Text.
func (e *Example) encode(tok tokenizer.Tokenizer) {
	ids, offsets := tok.EncodeOffsets(e.Text)
	begin := tok.Begin()
	e.begin = len(begin)
	e.Tokens = append(append(make([]int32, 0, len(begin)+len(ids)), begin...), ids...)
	e.Offsets = append(make([]tokenizer.Offset, len(begin), len(e.Tokens)), offsets...)
}

// size is the number of tokens of prompt and answer, which must fit the context.
func (e *Example) size() int { return len(e.Tokens) + len(e.Answer) }

// tokens is the span of the tokens that stand for Text[start:end], those included that
// only reach into it.
func (e *Example) tokens(start, end int) ops.Span {
	first := func(reached func(tokenizer.Offset) bool) int {
		return e.begin + sort.Search(len(e.Offsets)-e.begin, func(i int) bool { return reached(e.Offsets[e.begin+i]) })
	}
	return ops.Span{
		Start: first(func(o tokenizer.Offset) bool { return o.Start >= start || o.End > start }),
		End:   first(func(o tokenizer.Offset) bool { return o.Start >= end }),
	}
}
