package niah

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"kvscope/engine/input"
	"kvscope/engine/tokenizer"
)

// Limits of a RULER file.
const (
	maxRULERLine  = 32 << 20 // bytes: a context of some million tokens
	maxRULERLines = 100_000
)

// RULERExample is one line of a file made by RULER's own scripts. A model continues Input
// and AnswerPrefix.
type RULERExample struct {
	Index        int      `json:"index"`
	Input        string   `json:"input"`         // the prompt, without the answer prefix
	AnswerPrefix string   `json:"answer_prefix"` // may be missing in older files, whose input ends with it
	Outputs      []string `json:"outputs"`       // the expected values
}

// Line is e as a line of a file.
func (e RULERExample) Line() string {
	line, err := json.Marshal(e)
	if err != nil {
		panic("BUG: " + err.Error()) // texts only
	}
	return string(line)
}

// RULERID is the Task.ID of examples from RULER's files.
const RULERID = "ruler"

// rulerKind is how RULER asks a kind of task and scores it.
type rulerKind struct {
	mark string // in the template of its prompts
	most int    // tokens to generate
	any  bool   // whether one of the outputs is enough: string_match_part, else string_match_all
}

// rulerKinds lists the kinds of RULER's synthetic tasks; see scripts/data/synthetic/constants.py
// and scripts/eval/synthetic/constants.py there. A file does not name its task, whose
// template its input is. Retrieval comes last: what is none of the others is taken for it.
var rulerKinds = []rulerKind{
	{"Answer the question based on the given documents.", 32, true},
	{"track the chain(s) of variable assignment", 30, false},
	{"a numbered list of words", 120, false},
	{"track the frequency of each coded word", 50, false},
	{"", 128, false},
}

// IsRULER reports whether text begins as RULER's files do: with an object in one line
// that has an input and outputs.
func IsRULER(text string) bool {
	line, _, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(text, "\ufeff")), "\n")
	var fields map[string]json.RawMessage
	if !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &fields) != nil {
		return false
	}
	return fields["input"] != nil && fields["outputs"] != nil
}

// PickRULER is the example that a seed asks for: the first one for 1. The only one is
// that of any seed, which then tells its random selectors apart.
func PickRULER(examples []RULERExample, seed uint64) (RULERExample, error) {
	if len(examples) == 1 {
		return examples[0], nil
	}
	if seed < 1 || seed > uint64(len(examples)) {
		return RULERExample{}, fmt.Errorf("%d, want 1 to %d, the examples of the file", seed, len(examples))
	}
	return examples[seed-1], nil
}

// FromRULER is the example as RULER wrote it: its input as it is, in which no chat
// wraps the question, its answer prefix at the end, its outputs expected, and scored as
// RULER's evaluation does. Needles in
// its wording are found; an output that none of them holds comes from nowhere.
func FromRULER(tok tokenizer.Tokenizer, r RULERExample) (*Example, error) {
	for _, text := range append([]string{r.Input, r.AnswerPrefix}, r.Outputs...) {
		if !utf8.ValidString(text) {
			return nil, fmt.Errorf("is not UTF-8 text")
		}
	}
	d := &draft{}
	d.find(r.Input, func(n Needle) bool { return slices.Contains(r.Outputs, n.Value) })
	d.text.WriteString(r.AnswerPrefix)
	question := strings.TrimSpace(r.Input)
	question = question[strings.LastIndexByte(question, '\n')+1:]
	e, asked := d.example(tok, question, strings.LastIndex(r.Input, question))
	e.Task = Task{ID: RULERID, Value: Number, Keys: 1, Values: len(r.Outputs), Queries: 1}
	needles := make([]Needle, len(r.Outputs))
	for i, value := range r.Outputs {
		needles[i] = Needle{Value: value, valueAt: -1}
		if at := slices.IndexFunc(asked[0], func(n Needle) bool { return n.Value == value }); at >= 0 {
			needles[i] = asked[0][at]
		}
	}
	e.answer(tok, needles)
	kind := rulerKinds[slices.IndexFunc(rulerKinds, func(k rulerKind) bool { return strings.Contains(r.Input, k.mark) })]
	e.Most, e.any = kind.most, kind.any
	return e, nil
}

// ReadRULER reads RULER's JSON lines. Unknown fields and empty lines are skipped;
// errors name the line.
func ReadRULER(r io.Reader) ([]RULERExample, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxRULERLine)
	var examples []RULERExample
	n := 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(bytes.TrimPrefix(lines.Bytes(), []byte("\ufeff")))
		if len(line) == 0 {
			continue
		}
		if len(examples) == maxRULERLines {
			return nil, fmt.Errorf("ruler: line %d: more than %d examples", n, maxRULERLines)
		}
		var e RULERExample
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("ruler: line %d: %w", n, input.FromJSON(err))
		}
		if e.Input == "" {
			return nil, fmt.Errorf("ruler: line %d: field input is missing or empty", n)
		}
		if len(e.Outputs) == 0 {
			return nil, fmt.Errorf("ruler: line %d: field outputs is missing or empty", n)
		}
		examples = append(examples, e)
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("ruler: line %d: longer than %d bytes", n+1, maxRULERLine)
	} else if err != nil {
		return nil, fmt.Errorf("ruler: line %d: %w", n+1, err)
	}
	if len(examples) == 0 {
		return nil, fmt.Errorf("ruler: no examples in %d lines", n)
	}
	return examples, nil
}
