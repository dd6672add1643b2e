package state

import (
	"errors"
	"slices"
	"testing"

	"kvscope/engine/seeds"
	"kvscope/engine/trace"
)

// denses are the dense answers that the last action asked for.
func (d *desk) denses() []AskAnswer {
	var out []AskAnswer
	for _, e := range d.effects {
		if a, asks := e.(AskAnswer); asks {
			out = append(out, a)
		}
	}
	return out
}

// scored is a run of Quest that ends with a score.
func scored(t testing.TB, score float64) []trace.Event {
	e := slices.Clone(events(t, "quest"))
	done := *e[len(e)-1].(*trace.Done)
	done.Score = score
	e[len(e)-1] = &done
	return e
}

// over lets the runs of the first two columns be the same run.
func (d *desk) over(e []trace.Event) *desk {
	for side := range 2 {
		d.do(Arrived{side, d.s.Columns[side].Gen(), e})
	}
	return d
}

// TestDenseAnswers: a scored run is asked for densely once it is over and nothing else
// runs, and once for a model and a prompt, whatever method reads it.
func TestDenseAnswers(t *testing.T) {
	d := ready(t)
	if d.do(Arrived{0, d.s.Columns[0].Gen(), scored(t, 0)}); len(d.denses()) != 0 {
		t.Errorf("asks for %v while the other column runs", d.denses())
	}
	d.do(Arrived{1, d.s.Columns[1].Gen(), scored(t, 0)})
	asked := d.denses()
	if len(asked) != 2 || asked[0].Request.Method != "dense" || asked[0].Request.Model != "attention" || len(asked[0].Request.Values) != 0 || asked[0].Request.Task != "MK-1" {
		t.Fatalf("asks for %+v", asked)
	}
	if d.do(Point{Block: 1}); len(d.denses()) != 0 || d.s.Verdict(0) != "" {
		t.Errorf("asks again for %v, says %q", d.denses(), d.s.Verdict(0))
	}
	d.do(AnswerArrived{Gen: asked[0].Gen, Request: asked[0].Request, Score: 1})
	d.do(AnswerArrived{Gen: asked[1].Gen, Request: asked[1].Request})
	if got := d.s.Verdict(0); got != "right with everything read, lost by Quest at 1/8" {
		t.Errorf("the first column says %q", got)
	}
	if got := d.s.Verdict(1); got != "wrong anyway: with everything read too" {
		t.Errorf("the second column says %q", got)
	}
	d.do(Set{"budget", "1/4"}).do(Submit{})
	for side := range 2 {
		d.do(Arrived{side, d.s.Columns[side].Gen(), scored(t, 1)})
	}
	if len(d.denses()) != 0 {
		t.Errorf("another budget of the same prompt asks for %v", d.denses())
	}
	if got := [2]string{d.s.Verdict(0), d.s.Verdict(1)}; got != [2]string{"right with everything read too", "wrong with everything read"} {
		t.Errorf("the columns say %q", got)
	}
	d.do(Choose{Line: 0, Block: 2}).do(Edit{"drop", 2})
	for side := range 2 {
		d.do(Arrived{side, d.s.Columns[side].Gen(), scored(t, 0.5)})
	}
	if got := d.s.Verdict(0); got != "right with everything read, lost by Quest at 1/8 with blocks forced or dropped" || len(d.denses()) != 0 {
		t.Errorf("edited, it says %q and asks for %v", got, d.denses())
	}
}

// TestDenseGivesWay: a person's run stops the dense ones, which are asked for afterwards.
func TestDenseGivesWay(t *testing.T) {
	d := ready(t).finish(scored(t, 0))
	asked := d.s.answers[askingOf(seeds.Dense(d.s.Columns[0].On().Of.(Asked).Request))]
	d.do(Set{"budget", "1/4"}).do(Submit{})
	if !slices.Contains(d.effects, Effect(Cancel{asked.gen})) {
		t.Errorf("effects %v", d.effects)
	}
	late := seeds.Dense(d.s.Columns[0].Status.(Waiting).Request)
	if _, taken := d.do(AnswerArrived{Gen: asked.gen, Request: late, Score: 1}).s.answers[askingOf(late)]; taken {
		t.Error("an answer that was given up is taken")
	}
	d.do(Arrived{0, d.s.Columns[0].Gen(), scored(t, 0)}).do(Arrived{1, d.s.Columns[1].Gen(), scored(t, 0)})
	again := d.denses()
	if len(again) != 2 {
		t.Fatalf("asks for %v", again)
	}
	if d.do(AnswerArrived{Gen: again[0].Gen, Request: again[0].Request, Err: errors.New("no")}); d.s.Verdict(0) != "" || len(d.denses()) != 0 {
		t.Errorf("a failure says %q and asks for %v", d.s.Verdict(0), d.denses())
	}
	d.do(AnswerArrived{Gen: again[1].Gen, Request: again[1].Request, Score: 1}).do(Submit{}).over(scored(t, 0))
	if asked := d.denses(); len(asked) != 1 || asked[0].Request.Model != again[0].Request.Model {
		t.Errorf("run again, what failed and nothing else is to be asked for: %v", asked)
	}
}

// TestDenseOfDense: a run that reads everything is its own answer.
func TestDenseOfDense(t *testing.T) {
	d := ready(t)
	d.do(Set{"method", "dense"}).do(Submit{})
	d.do(Arrived{0, d.s.Columns[0].Gen(), scored(t, 1)}).do(Arrived{1, d.s.Columns[1].Gen(), scored(t, 0)})
	if len(d.denses()) != 0 || d.s.Verdict(0) != "everything is read" {
		t.Errorf("asks for %v, says %q", d.denses(), d.s.Verdict(0))
	}
	d.do(Set{"method", "quest"}).do(Submit{})
	d.do(Arrived{0, d.s.Columns[0].Gen(), scored(t, 0)}).do(Arrived{1, d.s.Columns[1].Gen(), scored(t, 0)})
	if len(d.denses()) != 0 || d.s.Verdict(0) != "right with everything read, lost by Quest at 1/8" {
		t.Errorf("asks for %v, says %q", d.denses(), d.s.Verdict(0))
	}
}
