package state

import "testing"

// Columns of methods that pick at other times stand at the same answer step, and a run
// opens at the first.
func TestColumnsStandAtOneStep(t *testing.T) {
	d := ready(t)
	for side, method := range []string{"quest", "moba"} {
		d.do(Arrived{side, d.s.Columns[side].Gen(), events(t, method)})
	}
	quest, moba := d.s.Columns[0].Run(), d.s.Columns[1].Run()
	queries := moba.Prompted()
	if queries == 0 || quest.Prompted() != 0 || d.s.Shift(quest) != queries || d.s.Shift(moba) != 0 {
		t.Fatalf("%d and %d lines of queries, shifts %d and %d", quest.Prompted(), queries, d.s.Shift(quest), d.s.Shift(moba))
	}
	steps := func() [2]int {
		at := d.s.Cursor()
		return [2]int{quest.Lines()[d.s.LineOf(quest, at)].Step, moba.Lines()[d.s.LineOf(moba, at)].Step}
	}
	if got := steps(); got != [2]int{0, 0} {
		t.Errorf("the runs open at steps %v", got)
	}
	if d.do(Step{By: 1}); steps()[0] != 1 {
		t.Errorf("a line on, the columns stand at steps %v", steps())
	}
	if d.do(GoTo{Line: 0}); steps() != [2]int{0, -1} {
		t.Errorf("at the first queries the columns stand at steps %v", steps())
	}
	if n := d.s.Lines(); n != max(queries+quest.LineCount(), moba.LineCount()) {
		t.Errorf("%d lines in all", n)
	}
}
