package niah

import (
	"kvscope/engine/ops"
	"kvscope/engine/tokenizer"
)

// Example is one prompt with its expected answer.
type Example struct {
	Task    Task
	Seed    uint64
	Context int // the limit on len(Tokens) + len(Answer) it was made for; 0 for none

	Text    string  // the prompt: opening, haystack, question, start of the answer
	Tokens  []int32 // the prompt in tokens, after BOS
	Offsets []tokenizer.Offset

	// Expected are the values asked for: in the order of the queries, and those of
	// one key from the last in the text to the first. Score asks for no order; a
	// model in training is taught this one.
	Expected []string
	// Answer is the answer in tokens: the expected values with commas between them,
	// a full stop, EOS. It is what follows Tokens. Empty when nothing is expected.
	Answer []int32
	// Gold is, for every token of Answer, the position in Tokens it is copied from:
	// that of the same token in the needle's value; -1 for commas, stop and EOS.
	Gold []int

	Needles      []Needle // all needles, in the order they appear
	QuestionSpan ops.Span // the question and the start of the answer, to the end of Tokens
}

// Needle is one needle in the prompt. Spans are positions in Example.Tokens.
type Needle struct {
	Key, Value string
	Span       ops.Span // the sentence, with its full stop
	KeySpan    ops.Span
	ValueSpan  ops.Span
	Queried    bool // its key is asked for
}

// answer sets Expected, Answer and Gold from the needles in the order given.
func (e *Example) answer(tok *tokenizer.Tokenizer, asked []Needle) {
	separator := tok.Encode(",")[0]
	stop := tok.Encode(".")[0]
	for i, n := range asked {
		if i > 0 {
			e.Answer = append(e.Answer, separator)
			e.Gold = append(e.Gold, -1)
		}
		e.Expected = append(e.Expected, n.Value)
		for at := n.ValueSpan.Start; at < n.ValueSpan.End; at++ {
			e.Answer = append(e.Answer, e.Tokens[at])
			e.Gold = append(e.Gold, at)
		}
	}
	if len(asked) > 0 {
		e.Answer = append(e.Answer, stop, tok.EOS())
		e.Gold = append(e.Gold, -1, -1)
	}
}
