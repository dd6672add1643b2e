package summary

import (
	"testing"

	"kvscope/engine/experiment"
)

// TestDifferences: models are compared over the examples that both answered, each with
// those before it, way by way.
func TestDifferences(t *testing.T) {
	other := cell("c", "quest", "own", 0, 0.25, 4, 1, 0)
	other.Cell.Task = "S-1"
	got := Differences([]experiment.Measured{
		cell("a", "quest", "own", 0, 0.25, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0),
		cell("b", "quest", "own", 0, 0.25, 0, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0),
		cell("a", "quest", "own", 0, 1, 0, 1, 1),
		cell("b", "quest", "own", 0, 1, 0, 1, 0),
		cell("b", "quest", "random", 1, 0.25, 0, 1),
		other, // of which neither of the others answered any
		cell("c", "quest", "own", 0, 0.25, 2, 0),
	})
	want := []struct {
		model, less string
		budget      float64
		examples    int
		difference  float64
	}{{"b", "a", 0.25, 10, 0.2}, {"b", "a", 1, 2, -0.5}, {"c", "a", 0.25, 1, -1}, {"c", "b", 0.25, 1, -1}}
	if len(got) != len(want) {
		t.Fatalf("%d differences: %+v", len(got), got)
	}
	for i, w := range want {
		if d := got[i]; d.Model != w.model || d.Less != w.less || d.Budget != w.budget || d.Examples != w.examples || d.Tasks != 1 || !near(d.Difference, w.difference) {
			t.Errorf("difference %d: %+v, want %+v", i, d, w)
		}
	}
	// The interval is that of the pairs: 1 right in both, 1 in the first alone, 3 in the second.
	low, high := newcombe(pairsOf([4]int{1, 1, 3, 5}))
	if ci := got[0].CI95; !near(ci[0], low) || !near(ci[1], high) {
		t.Errorf("interval %v, want %v to %v", ci, low, high)
	}
	if ci := got[1].CI95; ci != [2]float64{-1, 1} {
		t.Errorf("two examples have an interval of %v", ci)
	}
}

// TestDifferencesSeeds: several random selectors on one example are one example.
func TestDifferencesSeeds(t *testing.T) {
	got := Differences([]experiment.Measured{
		cell("a", "quest", "random", 1, 0.25, 0, 1), cell("a", "quest", "random", 2, 0.25, 0, 0),
		cell("b", "quest", "random", 1, 0.25, 0, 1), cell("b", "quest", "random", 2, 0.25, 0, 1),
	})
	if len(got) != 1 || got[0].Examples != 1 || !near(got[0].Difference, 0.5) {
		t.Errorf("%+v", got)
	}
}
