package niah

import (
	"strings"
	"unicode/utf8"

	"kvscope/engine/input"
	"kvscope/engine/ops"
	"kvscope/engine/tokenizer"
)

// PromptID is the Task.ID of examples that Complete makes.
const PromptID = "prompt"

// Complete is the prompt that is text as it stands, for a model to continue: without a
// needle, a question or a chat around it, and with nothing expected.
func Complete(tok tokenizer.Tokenizer, text string) (*Example, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return nil, input.Errorf("prompt", "is empty, want a text to continue")
	case !utf8.ValidString(text):
		return nil, input.Errorf("prompt", "is not UTF-8 text")
	}
	e := &Example{Task: Task{ID: PromptID}, Text: text}
	e.encode(tok)
	e.QuestionSpan = ops.Span{Start: len(e.Tokens), End: len(e.Tokens)}
	return e, nil
}
