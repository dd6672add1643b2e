package experiment

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

// Cell is the unit of work: some examples of one combination of a grid. It says
// everything that its outcome depends on.
type Cell struct {
	Model        string  `json:"model"`
	ModelHash    string  `json:"model_hash"`
	Task         string  `json:"task"`
	Method       string  `json:"method"`
	Selector     string  `json:"selector"`
	SelectorSeed uint64  `json:"selector_seed"`
	Budget       float64 `json:"budget"`
	Block        int     `json:"block"`  // 0: the method's default, or it has none
	Window       int     `json:"window"` // likewise
	Context      int     `json:"context"`
	First        int     `json:"first"` // number of the first example
	Examples     int     `json:"examples"`
	Version      string  `json:"version"` // of the program
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
// The model counts by its weights, whatever its name.
func (c Cell) Key() string {
	c.Model = ""
	text, err := json.Marshal(c)
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

// config is the selection of the cell. What its method has not, it does not set.
func (c Cell) config() sparse.Config {
	out := sparse.Config{Method: c.Method, Selector: c.Selector, SelectorSeed: c.SelectorSeed}
	info, _ := sparse.Method(c.Method)
	set := func(name, text string) {
		if _, ok := info.Param(name); ok && text != "0" {
			out = out.With(name, text)
		}
	}
	set("budget", strconv.FormatFloat(c.Budget, 'f', -1, 64))
	set("block", strconv.Itoa(c.Block))
	set("window", strconv.Itoa(c.Window))
	return out
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

// Measured is a cell with its outcome.
type Measured struct {
	Cell    Cell
	Outcome *Outcome
}
