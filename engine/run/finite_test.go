package run

import (
	"math"
	"testing"

	"kvscope/engine/model"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// TestWeightsThatAreNoNumbers: a model whose weights hold NaN is told at the first token,
// whatever method reads what it computes.
func TestWeightsThatAreNoNumbers(t *testing.T) {
	e := testEngine(t, model.RATPlus)
	in := &e.models[0].model.Weights().Layers[0].In
	in.F32[3] = float32(math.NaN())
	for _, m := range sparse.Methods() {
		req := Request{Model: "m", Task: "MK-1", Seed: 3, Context: new(160)}
		req.Method = m.ID
		if _, has := m.Param("budget"); has {
			req.Values = sparse.Values{"budget": "1/2"}
		}
		if err := e.Run(t.Context(), req, &trace.Run{}); !says(err, "is NaN: weights of the model hold what is no number, which kvscope info --check finds") {
			t.Errorf("%s: %v", m.ID, err)
		}
	}
}
