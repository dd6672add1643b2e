package niah

import (
	"fmt"
	"slices"
	"strings"

	"kvscope/engine/ops"
	"kvscope/engine/tokenizer"
)

// Asked lists the keys that e asks for, in the order of the text.
func (e *Example) Asked() []string {
	var keys []string
	for _, n := range e.Needles {
		if n.Queried && !slices.Contains(keys, n.Key) {
			keys = append(keys, n.Key)
		}
	}
	return keys
}

// Keys lists the keys of the needles in a text, in its order.
func Keys(text string) []string {
	var keys []string
	for _, n := range needlesIn(text) {
		if !slices.Contains(keys, n.Key) {
			keys = append(keys, n.Key)
		}
	}
	return keys
}

// shown is how many keys of a text a message names.
const shown = 8

// some are the first of keys, and how many there are beside them.
func some(keys []string) string {
	if more := len(keys) - shown; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(keys[:shown], ", "), more)
	}
	return strings.Join(keys, ", ")
}

// Ask is e, an example of a task in tok, with the question for the values of one of its keys
// alone, in the form of e's own question: everything before it is the same, token for token.
func (e *Example) Ask(tok tokenizer.Tokenizer, key string) (*Example, error) {
	var asked []Needle
	out := &Example{Task: e.Task, Seed: e.Seed, Context: e.Context, asks: e.asks}
	for _, n := range e.Needles {
		if n.Queried = n.Key == key; n.Queried {
			asked = append(asked, n)
		}
		out.Needles = append(out.Needles, n)
	}
	if len(asked) == 0 {
		return nil, fmt.Errorf("%q, the text has no needle for it, but for %s", key, some(Keys(e.Text)))
	}
	kind, single, keys := e.Task.Value, e.Task.single(), []string{key}
	out.Question = Question(kind, single, keys)
	out.Text = e.Text[:e.asks] + asking(tok.Chat(), out.Question, AnswerPrefix(kind, single, keys))
	out.encode(tok)
	out.QuestionSpan = ops.Span{Start: e.QuestionSpan.Start, End: len(out.Tokens)}
	if at := e.QuestionSpan.Start; !slices.Equal(out.Tokens[:at], e.Tokens[:at]) {
		return nil, fmt.Errorf("%q, tokens of the text change with the question", key)
	}
	slices.Reverse(asked) // see Generator.assemble
	out.answer(tok, asked)
	return out, nil
}
