package experiment

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

// Cell is the unit of work: some examples of one combination of a grid. It says
// everything that its outcome depends on.
type Cell struct {
	Model        string `json:"model"`
	ModelHash    string `json:"model_hash"`
	Task         string `json:"task"`
	Method       string `json:"method"`
	Selector     string `json:"selector"`
	SelectorSeed uint64 `json:"selector_seed"`
	// Params are the parameters of the method that are not its default.
	Params   sparse.Setting `json:"params"`
	Context  int            `json:"context"`
	First    int            `json:"first"` // number of the first example
	Examples int            `json:"examples"`
	Version  string         `json:"version"` // of the program
	Swap
}

// Swap says which of a memory's two uses are taken away from a RAT+ model: methods
// select by the plain keys K instead of K~, or attention reads the plain (K, V)
// instead of (K~, V~). Its fields are empty, which is as the model was trained, or
// run.WithPlain.
type Swap struct {
	SelectWith  string `json:"select_with,omitempty"`
	ComputeWith string `json:"compute_with,omitempty"`
}

// Key names the cell among all cells: two with the same key are the same work.
// The model counts by its fingerprint, whatever its name.
func (c Cell) Key() string {
	c.Model = ""
	// As a string, parameters take half the time that they take as an object.
	text, err := json.Marshal(struct {
		plainCell
		Params string `json:"params"`
	}{plainCell(c), string(c.Params)})
	if err != nil {
		panic("BUG: " + err.Error()) // numbers and strings only
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// seedsFrom is where the examples' seeds begin: the trainer draws below 2^40 and
// examines itself from there.
const seedsFrom = 1 << 41

// Seed is the task seed of example i of a grid, counted from 0.
func Seed(i int) uint64 { return seedsFrom + uint64(i) }

// Request is example i of the cell, from 0 to Examples-1.
func (c Cell) Request(i int) run.Request {
	return run.Request{
		Model: c.Model, Task: c.Task, Seed: Seed(c.First + i), Context: &c.Context,
		Config:     c.config(),
		SelectWith: c.SelectWith, ComputeWith: c.ComputeWith,
	}
}

// config is the selection of the cell.
func (c Cell) config() sparse.Config {
	return sparse.Config{Method: c.Method, Selector: c.Selector, SelectorSeed: c.SelectorSeed, Values: c.Params.Values()}
}

// Resolved are the parameters that the cell's method is made with, defaults among them.
func (c Cell) Resolved() sparse.Values {
	out, err := c.config().Resolved()
	if err != nil {
		return c.Params.Values() // of a method that there is no more
	}
	return out
}

// Selection says in words what is selected how: "Quest at budget 1/8, blocks of 16".
func (c Cell) Selection() string { return Selection(c.Method, c.Resolved()) }

// Selection says in words what a method with resolved parameters is asked to do.
func Selection(method string, params sparse.Values) string {
	info, ok := sparse.Method(method)
	if !ok {
		return method
	}
	text := info.Name
	_, k := params["k"] // which says how much is read in the budget's place
	if _, ok := info.Param("budget"); ok && !k {
		text += " at budget " + sparse.FormatBudget(params.Budget())
	}
	if how := info.Describe(params); how != "" {
		text += ", " + how
	}
	return text
}

// modelNamed finds a model, or says which there are.
func modelNamed(models []run.ModelInfo, name string) (run.ModelInfo, error) {
	var names []string
	for _, m := range models {
		if m.Name == name {
			return m, nil
		}
		names = append(names, m.Name)
	}
	return run.ModelInfo{}, fmt.Errorf("%q, want one of %s", name, strings.Join(names, ", "))
}

// SameExamples reports whether c and o ask a model about the same prompts.
func (c Cell) SameExamples(o Cell) bool {
	return c.Model == o.Model && c.Task == o.Task && c.Context == o.Context && c.First == o.First && c.Examples == o.Examples
}

// Measured is a cell with its outcome.
type Measured struct {
	Cell    Cell
	Outcome *Outcome
}
