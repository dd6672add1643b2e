package state

import (
	"errors"
	"testing"

	"kvscope/engine/trace"
	"kvscope/web/client"
	"kvscope/web/picture"
)

// previewed is a desk with a run of Quest on the screen and another budget asked for.
func previewed(t testing.TB) *desk {
	t.Helper()
	d := ready(t).finish(events(t, "quest"))
	d.do(Set{"budget", "1/4"}).do(Submit{})
	for side := range 2 {
		c := d.s.Columns[side]
		if c.Preview() == nil || c.Pictured() != c.Preview() || c.Phase() != Loading || !c.Stale() {
			t.Fatalf("side %d: %s, preview %v; want a preview of a run that is loading", side, c.Phase(), c.Preview())
		}
	}
	return d
}

func TestAnotherBudgetIsPreviewed(t *testing.T) {
	d := previewed(t)
	c := d.s.Columns[0]
	was, now := c.Run(), c.Preview()
	if len(d.starts()) != 2 {
		t.Error("the run behind the preview is not started")
	}
	if now.Header.Budget != 0.25 || now.LineCount() != was.LineCount() || len(now.Steps) != 0 || now.Done != nil {
		t.Errorf("budget %g, %d lines, %d tokens, done %v; want those of the run at the new budget, and no answer", now.Header.Budget, now.LineCount(), len(now.Steps), now.Done)
	}
	for _, s := range now.Selections {
		if s.Count(0) != now.Header.K {
			t.Fatalf("%d blocks are picked, want %d", s.Count(0), now.Header.K)
		}
	}
	if d.s.Cursor() != 0 {
		t.Errorf("rests on line %d, want the first with an answer to find", d.s.Cursor())
	}
}

// TestTheRunReplacesThePreview with its first picks, not before and not after.
func TestTheRunReplacesThePreview(t *testing.T) {
	d, e := previewed(t), events(t, "quest")
	gen := d.s.Columns[0].Gen()
	if d.do(Arrived{0, gen, e[:1]}); d.s.Columns[0].Preview() == nil {
		t.Error("a header alone takes the preview away")
	}
	d.do(Arrived{0, gen, e[1:2]})
	if c := d.s.Columns[0]; c.Preview() != nil || c.Pictured() != c.Run() || c.Stale() || len(c.Run().Selections) != 1 {
		t.Errorf("after the first picks the column shows %d selections, preview %v", len(c.Run().Selections), c.Preview())
	}
	if d.s.Columns[1].Preview() == nil {
		t.Error("the other column's preview went with it")
	}
	if d.s.Cursor() != 0 {
		t.Errorf("what is looked at moves to line %d", d.s.Cursor())
	}
	d.do(Arrived{0, gen, e[2:]})
	if c := d.s.Columns[0]; c.Phase() != Done || c.Run().Done == nil {
		t.Errorf("in the end: %s", c.Phase())
	}
}

// TestAPreviewEndsWithItsRun: what did not come about is not left standing.
func TestAPreviewEndsWithItsRun(t *testing.T) {
	for name, end := range map[string]func(gen int) Action{
		"failed":  func(gen int) Action { return Arrived{0, gen, []trace.Event{&trace.Failure{Message: "no"}}} },
		"lost":    func(gen int) Action { return Ended{0, gen, &client.LostError{Err: errors.New("cut")}} },
		"broken":  func(gen int) Action { return Arrived{0, gen, []trace.Event{&trace.Step{}}} },
		"stopped": func(int) Action { return Stop{} },
	} {
		d := previewed(t)
		was := d.s.Columns[0].Run()
		d.do(end(d.s.Columns[0].Gen()))
		if c := d.s.Columns[0]; c.Preview() != nil || c.Pictured() != was || !c.Stale() || c.Phase() == Loading || c.Phase() == Done {
			t.Errorf("%s: %s, preview %v; want the run before, as such", name, c.Phase(), c.Preview())
		}
	}
}

// TestPreviewsComeOfRuns: of the last that is over, however many were asked for since,
// and of none where scores do not tell.
func TestPreviewsComeOfRuns(t *testing.T) {
	d := previewed(t)
	was := d.s.Columns[0]
	d.do(Set{"budget", "1/16"}).do(Submit{})
	if c := d.s.Columns[0]; c.Preview() == nil || c.Preview() == was.Preview() || c.Run() != was.Run() || c.Preview().Header.K >= was.Preview().Header.K {
		t.Error("a second budget before the first is there has no preview of its own")
	}
	for name, do := range map[string]Action{
		"block": Set{"block", "32"}, "seed": Set{"seed", "2"}, "method": Set{"method", "moba"}, "nothing": Set{"budget", "1/8"},
	} {
		d := ready(t).finish(events(t, "quest"))
		if d.do(do).do(Submit{}); d.s.Columns[0].Preview() != nil {
			t.Errorf("%s: a preview of what the scores do not tell", name)
		}
	}
	d = ready(t).finish(events(t, "quest"))
	d.do(Opened{Side: 0, Name: "file", Run: replayed(t)})
	if d.do(Set{"budget", "1/4"}).do(Submit{}); d.s.Columns[0].Preview() != nil {
		t.Error("a preview of a file, of whose request nothing is known")
	}
}

// replayed is a run of Quest.
func replayed(t testing.TB) *picture.Run {
	t.Helper()
	r := &picture.Run{}
	for _, e := range events(t, "quest") {
		if err := r.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	return r
}
