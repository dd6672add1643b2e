package niah

import (
	"bytes"
	"fmt"
	"testing"

	"kvscope/engine/input/inputtest"
)

// TestBrokenTasks breaks a file of tasks as RULER writes them.
func TestBrokenTasks(t *testing.T) {
	const good = `{"index": 3, "input": "Some text", "outputs": ["12", "34"], "length": 9, "answer_prefix": " The answer is"}` + "\n" +
		`{"index": 4, "input": "Older \u00e9 text", "outputs": ["56"]}` + "\n"
	inputtest.Broken(t, "tasks", []byte(good), 4<<20, 400, func(data []byte) error {
		_, err := ReadRULER(bytes.NewReader(data))
		return err
	})
}

// TestWalkTasks gives every field of a line that RULER writes values of every kind. Of others
// that its scripts may add nothing depends, and of the number of the line neither.
func TestWalkTasks(t *testing.T) {
	const good = `{"index": 2, "input": "Some text", "outputs": ["12", "34"], "length": 9, "answer_prefix": " The answer is"}`
	inputtest.WalkJSON(t, "line", good, []string{"length", "unknown"}, map[string][]string{"index": {"0", "-1", "3"}}, func(text []byte) (string, error) {
		examples, err := ReadRULER(bytes.NewReader(text))
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%q %q", examples[0].Input+examples[0].AnswerPrefix, examples[0].Outputs), nil
	})
}
