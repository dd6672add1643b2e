package history

import (
	"fmt"

	"kvscope/engine/model"
)

// Point holds the measurements of a model at one step of its training.
type Point struct {
	Step    int                `json:"step"`
	Tokens  int                `json:"tokens"`   // trained on so far
	Loss    float64            `json:"loss"`     // on the training mix of that moment
	First   float64            `json:"first"`    // training accuracy on the first tokens of values
	Exact   map[string]float64 `json:"exact"`    // held-out exact answers per task, 0 to 1
	FirstOf map[string]float64 `json:"first_of"` // held-out first value tokens per task
}

// Snapshot is a model at one step of its training.
type Snapshot struct {
	Point
	Weights *model.Weights `json:"-"`
}

const format = "kvscope-history-1"

// prefix of the names of snapshot s, and suffix of a matrix's quantisation step.
func prefix(s int) string { return fmt.Sprintf("%02d/", s) }

const stepSuffix = ".step"
