package niah

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Limits of a RULER file.
const (
	maxRULERLine  = 32 << 20 // bytes: a context of some million tokens
	maxRULERLines = 100_000
)

// RULERExample is one line of a file made by RULER's own scripts.
type RULERExample struct {
	Index        int      `json:"index"`
	Input        string   `json:"input"`         // the prompt, without the answer prefix
	AnswerPrefix string   `json:"answer_prefix"` // may be missing in older files, whose input ends with it
	Outputs      []string `json:"outputs"`       // the expected values
}

// Prompt is the text a model continues.
func (e RULERExample) Prompt() string { return e.Input + e.AnswerPrefix }

// ReadRULER reads RULER's JSON lines. Unknown fields and empty lines are skipped;
// errors name the line.
func ReadRULER(r io.Reader) ([]RULERExample, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxRULERLine)
	var examples []RULERExample
	n := 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		if len(examples) == maxRULERLines {
			return nil, fmt.Errorf("ruler: line %d: more than %d examples", n, maxRULERLines)
		}
		var e RULERExample
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("ruler: line %d: %w", n, err)
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
