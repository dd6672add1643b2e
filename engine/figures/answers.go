package figures

import (
	"fmt"
	"slices"

	"kvscope/engine/trace"
)

// Answers hold the results of several questions asked of one context.
type Answers struct {
	// Compressed is the cache that the first was asked of, nil where nothing was evicted before
	// the questions. Built is how many of the runs read the context and evicted of it, the
	// others having taken that over, and Same whether all were asked of the same cache.
	Compressed *trace.Compressed `json:"compressed"`
	Built      int               `json:"built"`
	Same       bool              `json:"same"`

	Questions []Answered `json:"questions"`
}

// Answered is the result of one question, by the key that it asked for.
type Answered struct {
	Key string `json:"key"`
	Result
}

// AnswersOf sums up the answers to questions.
func AnswersOf(questions []Answered) Answers {
	out := Answers{Questions: questions}
	if len(questions) == 0 {
		return out
	}
	out.Compressed, out.Same = questions[0].Compressed, questions[0].Compressed != nil
	for _, q := range questions {
		if q.Compressed == nil || !q.Compressed.Shared {
			out.Built++
		}
		out.Same = out.Same && q.Compressed != nil && q.Compressed.Hash == out.Compressed.Hash && slices.Equal(q.Compressed.Kept, out.Compressed.Kept)
	}
	return out
}

// Evidence says in words of what cache the questions were asked.
func (a Answers) Evidence() string {
	c := a.Compressed
	if c == nil || len(c.Kept) == 0 {
		return fmt.Sprintf("nothing was evicted before the %d questions: each had all of the context", len(a.Questions))
	}
	if !a.Same {
		return fmt.Sprintf("%s for %d questions, and not the same each time: the prompt says before the text whether a number, numbers or uuids will be asked for", a.made(), len(a.Questions))
	}
	kept := fmt.Sprintf("%d entries of each head", c.Kept[0])
	if least, most := slices.Min(c.Kept), slices.Max(c.Kept); least != most {
		kept = fmt.Sprintf("%d to %d entries a head", least, most)
	}
	return fmt.Sprintf("%s from %d tokens for %d questions, the same for all: %s are left, of hash %s", a.made(), c.Tokens, len(a.Questions), kept, c.Hash)
}

// made says how often the cache was built.
func (a Answers) made() string {
	switch a.Built {
	case 0:
		return "built once, by a run before these,"
	case 1:
		return "built once"
	}
	return fmt.Sprintf("built %d times", a.Built)
}
