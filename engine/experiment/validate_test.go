package experiment

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// TestValidateOutcome: what Measure makes passes; what it cannot make is refused with
// the field.
func TestValidateOutcome(t *testing.T) {
	c := Cell{Model: "ratplus", ModelHash: "r", Task: "S-1", Method: "quest", Params: `{"budget":"1/4"}`, Examples: 8}
	models := teller{}.Models()
	good, err := Measure(t.Context(), teller{}, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := good.Validate(c, models); err != nil {
		t.Fatalf("of Measure: %v", err)
	}
	for _, bad := range []struct {
		field  string
		change func(*Outcome, *Cell)
	}{
		{"scores", func(o *Outcome, _ *Cell) { o.Scores = nil }},
		{"scores", func(o *Outcome, _ *Cell) { o.Scores[2] = 1e308 }},
		{"scores", func(o *Outcome, _ *Cell) { o.Scores[0] = -0.5 }},
		{"scores", func(o *Outcome, _ *Cell) { o.Scores[0] = math.NaN() }},
		{"depths", func(o *Outcome, _ *Cell) { o.Depths = o.Depths[:3] }},
		{"depths", func(o *Outcome, _ *Cell) { o.Depths[7] = 1.5 }},
		{"arch", func(o *Outcome, _ *Cell) { o.Heads = 0 }},
		{"arch", func(o *Outcome, _ *Cell) { o.Layers, o.Hits = 1000, make([]int, 1000*o.Heads) }},
		{"arch", func(o *Outcome, _ *Cell) { o.Arch = "<script>" }},
		{"title", func(o *Outcome, _ *Cell) { o.Title = "Best of all" }},
		{"memory", func(o *Outcome, _ *Cell) { o.Memory = true }},
		{"hits", func(o *Outcome, _ *Cell) { o.Hits = append(o.Hits, 0) }},
		{"hits", func(o *Outcome, _ *Cell) { o.Hits[0] = 9 }},
		{"head_output_errors", func(o *Outcome, _ *Cell) { o.HeadErrors = []float64{1} }},
		{"head_output_errors", func(o *Outcome, _ *Cell) { o.HeadErrors = make([]float64, len(o.Hits)); o.HeadErrors[1] = -1 }},
		{"head_output_errors", func(o *Outcome, _ *Cell) { o.HeadErrors = make([]float64, len(o.Hits)); o.HeadErrors[1] = 1e308 }},
		{"output_errors", func(o *Outcome, c *Cell) { o.Errors = make([]float64, c.Examples); o.Errors[1] = 1e308 }},
		{"expected_logliks", func(o *Outcome, c *Cell) { o.LogLiks = make([]float64, c.Examples); o.LogLiks[1] = -1e308 }},
		{"block", func(o *Outcome, _ *Cell) { o.K = math.MaxInt }},
		{"hits", func(o *Outcome, _ *Cell) { o.Hits[0] = -1 }},
		{"kernels", func(o *Outcome, _ *Cell) { o.Kernels = strings.Repeat("x", 1000) }},
		{"block", func(o *Outcome, _ *Cell) { o.Block = -1 }},
		{"kv_read_fraction", func(o *Outcome, _ *Cell) { o.Read = 2 }},
		{"seconds", func(o *Outcome, _ *Cell) { o.Seconds = -1 }},
		{"seconds", func(o *Outcome, _ *Cell) { o.Seconds = math.Inf(1) }},
		{"model", func(_ *Outcome, c *Cell) { c.Model = "gpt" }},
		{"model_hash", func(_ *Outcome, c *Cell) { c.ModelHash = "x" }},
		{"examples", func(o *Outcome, c *Cell) { c.Examples, o.Scores, o.Depths = 0, nil, nil }},
		{"examples", func(_ *Outcome, c *Cell) { c.Examples = 1 << 40 }},
	} {
		o, cell := *good, c
		o.Scores, o.Depths, o.Hits = slices.Clone(o.Scores), slices.Clone(o.Depths), slices.Clone(o.Hits)
		bad.change(&o, &cell)
		if err := o.Validate(cell, models); err == nil || !strings.HasPrefix(err.Error(), bad.field) {
			t.Errorf("%s: %v", bad.field, err)
		}
	}
}
