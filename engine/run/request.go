package run

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Request says what to run. Its JSON form is the API's and its field names are
// the command line's flags. Zero values mean the default named in the comment.
type Request struct {
	Model string `json:"model"` // name of a loaded model

	Task    string   `json:"task,omitempty"`    // MK-2 or its RULER name; empty with Text
	Seed    uint64   `json:"seed"`              //
	Context int      `json:"context,omitempty"` // tokens of prompt and answer; the model's context
	Depth   *float64 `json:"depth,omitempty"`   // 0..1, place of the needle; nil: drawn from the seed

	Text     string `json:"text,omitempty"`     // own text instead of a task
	Key      string `json:"key,omitempty"`      // own needle: its key, also what is asked
	Value    string `json:"value,omitempty"`    // own needle: its value; empty: the text already holds it
	Method   string `json:"method,omitempty"`   // dense, quest, moba, snapkv, ...; dense
	Selector string `json:"selector,omitempty"` // own or random; own
	// SelectorSeed tells random selectors of one example apart.
	SelectorSeed uint64 `json:"selector_seed,omitempty"`
	Budget       string `json:"budget,omitempty"`  // 1, 1/4, 0.25; 1
	Block        int    `json:"block,omitempty"`   // 16
	K            int    `json:"k,omitempty"`       // blocks (or tokens) kept; from the budget
	Window       int    `json:"window,omitempty"`  // SnapKV's observation window; 32
	Kernel       int    `json:"kernel,omitempty"`  // SnapKV's pooling kernel, odd; 7
	Pooling      string `json:"pooling,omitempty"` // avg or max; avg

	PublicCode  bool   `json:"public_code,omitempty"`  // Quest and MoBA as in their authors' code
	DenseLayers int    `json:"dense_layers,omitempty"` // Quest: first layers that read everything
	Dilation    int    `json:"dilation,omitempty"`     // dilated: D; from the budget
	Initial     int    `json:"initial,omitempty"`      // dilated, streaming: first tokens always read
	TopP        string `json:"top_p,omitempty"`        // Twilight: share of the attention; 0.95

	MaxNew int `json:"max_new,omitempty"` // generated tokens at most; the expected answer and a few

	// Blocks, with commas between them, that every query reads, and that none does,
	// whatever the method says.
	Force string `json:"force,omitempty"`
	Drop  string `json:"drop,omitempty"`

	// What the memory of a RAT+ model does instead of what it was trained to; see
	// model.Intervention.
	MemoryStrength *float64 `json:"memory_strength,omitempty"` // 0 to 1; 1
	MemoryCap      int      `json:"memory_cap,omitempty"`      // tokens; no cap
	SelectWith     string   `json:"select_with,omitempty"`     // memory or plain keys; memory
	ComputeWith    string   `json:"compute_with,omitempty"`    // memory or plain keys and values; memory
}

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
