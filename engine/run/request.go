package run

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"

	"kvscope/engine/sparse"
)

// Request says what to run. Its JSON form is the API's and its field names are
// the command line's flags; the parameters of the method stand among them. What is
// nil, empty or absent is the default named in the comment.
type Request struct {
	Model string `json:"model"` // name of a loaded model

	Task    string   `json:"task,omitempty"`    // MK-2 or its RULER name; empty with Text
	Seed    uint64   `json:"seed"`              //
	Context *int     `json:"context,omitempty"` // tokens of prompt and answer; nil: the model's context, of a task DefaultContext at most
	Depth   *float64 `json:"depth,omitempty"`   // 0..1, place of the needle; nil: drawn from the seed

	Prose string `json:"prose,omitempty"` // what tasks with prose hide needles in: sentences or a book's name; empty: the model's own

	Text  string `json:"text,omitempty"`  // own text instead of a task
	Key   string `json:"key,omitempty"`   // own needle: its key, also what is asked; of a task, the key that is asked for alone
	Value string `json:"value,omitempty"` // own needle: its value; empty: the text already holds it

	// Questions are keys, each of which is asked for by a run of its own; EachKey stands for
	// all. See Engine.Questions, which makes a request of each.
	Questions []string `json:"questions,omitempty"`

	Prompt string `json:"prompt,omitempty"` // free text to continue instead of a task, without a needle

	// Config is the method and what it is made with. Its SelectorSeed tells random
	// selectors of one example apart.
	sparse.Config

	MaxNew *int `json:"max_new,omitempty"` // generated tokens at most; nil: the expected answer and a few

	// Blocks, with commas between them, that every query reads, and that none does,
	// whatever the method says.
	Force string `json:"force,omitempty"`
	Drop  string `json:"drop,omitempty"`

	// What the memory of a RAT+ model does instead of what it was trained to; see
	// model.Intervention.
	MemoryStrength *float64 `json:"memory_strength,omitempty"` // 0 to 1; 1
	MemoryCap      *int     `json:"memory_cap,omitempty"`      // tokens; nil: no cap
	SelectWith     string   `json:"select_with,omitempty"`     // memory or plain keys; memory
	ComputeWith    string   `json:"compute_with,omitempty"`    // memory or plain keys and values; memory
}

// Equal reports whether o asks for the same in the same words.
func (r Request) Equal(o Request) bool { return reflect.DeepEqual(r, o) }

// ID names what r asks for: equal requests have equal ones, and since a run depends
// on nothing else, so do their runs.
func (r Request) ID() string {
	text, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("BUG: request is not JSON: %v", err))
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}
