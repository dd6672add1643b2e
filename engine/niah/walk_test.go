package niah

import (
	"bytes"
	"testing"

	"kvscope/engine/input/inputtest"
)

// TestBrokenTasks breaks a file of tasks as RULER writes them.
func TestBrokenTasks(t *testing.T) {
	const good = `{"index": 3, "input": "Some text", "outputs": ["12", "34"], "length": 9, "answer_prefix": " The answer is"}` + "\n" +
		`{"index": 4, "input": "Older \u00e9 text", "outputs": ["56"]}` + "\n"
	inputtest.Broken(t, "tasks", []byte(good), 4<<20, 400, func(data []byte) error {
		examples, err := ReadRULER(bytes.NewReader(data))
		for _, e := range examples {
			e.Prompt()
		}
		return err
	})
}
