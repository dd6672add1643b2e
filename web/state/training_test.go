package state

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"kvscope/engine/history"
	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/web/api"
)

// points are the measurements of a training at steps.
func points(steps ...int) []history.Point {
	var out []history.Point
	for _, step := range steps {
		out = append(out, history.Point{Step: step})
	}
	return out
}

// schooled is a desk whose models have a training each, the runs of both over.
func schooled(t *testing.T, query string) *desk {
	t.Helper()
	d := &desk{t: t, s: New(ParseQuery(query), fourViews)}
	d.do(MetaArrived{api.Meta{Models: []run.ModelInfo{
		{Name: "attention", Arch: "attention", Context: 1024, Steps: points(10, 50, 200, 900)},
		{Name: "ratplus", Arch: "ratplus", Memory: true, Context: 1024, Steps: points(10, 60, 900)},
	}}})
	return d.finish(scored(t, 1))
}

// rest is how a moved slider comes to rest.
func (d *desk) rest() *desk {
	d.t.Helper()
	for _, e := range d.effects {
		if r, rests := e.(Rest); rests {
			return d.do(Rested{r.Gen})
		}
	}
	d.t.Fatalf("no slider is on its way: %v", d.effects)
	return nil
}

func (d *desk) models() string {
	var out []string
	for _, s := range d.starts() {
		out = append(out, s.Request.Model)
	}
	return fmt.Sprint(out)
}

// TestScrub: a slider that moves runs nothing, one that rests runs the question at its step
// in every column that follows it, at the step nearest to it.
func TestScrub(t *testing.T) {
	d := schooled(t, "task=MK-1&line=2")
	if tr := d.s.Training(0); tr.Model != "attention" || tr.At != 3 || len(tr.Answers) != 4 || tr.Answers[3].Score != 1 || tr.Answers[0].Phase != "" {
		t.Fatalf("the training is %+v", tr)
	}
	d.do(Scrub{0, 0}).do(Scrub{0, 1})
	early := d.effects
	if d.do(Scrub{0, 2}); len(d.starts()) != 0 || d.s.Training(0).At != 2 || d.s.Training(1).At != 1 {
		t.Errorf("on its way it is at %d and %d, effects %v", d.s.Training(0).At, d.s.Training(1).At, d.effects)
	}
	moved := d.effects
	if d.do(Rested{early[0].(Rest).Gen}); len(d.effects) != 0 {
		t.Errorf("a place that was left does %v", d.effects)
	}
	d.effects = moved
	if d.rest(); d.models() != "[attention@200 ratplus@60]" {
		t.Errorf("at rest it runs %s", d.models())
	}
	if l, ok := d.link(); !ok || !l.Push || l.Query != "left=attention@200&right=ratplus@60&line=2" {
		t.Errorf("link %+v", l)
	}
	if got := ParseQuery(d.s.Query()); got.Form.Left != "attention@200" || got.Line != 2 {
		t.Errorf("the link leads to %+v", got)
	}
	d.finish(scored(t, 0))
	if tr := d.s.Training(0); tr.At != 2 || tr.Answers[2].Phase != Done || tr.Answers[2].Score != 0 || tr.Answers[3].Score != 1 {
		t.Errorf("then the training is %+v", tr)
	}
	if d.do(Scrub{0, 2}).rest(); len(d.starts()) != 0 {
		t.Errorf("back where it was, it runs %s", d.models())
	}
	d.do(Toggle{ApartOption}).do(Scrub{1, 2}).rest()
	if l, _ := d.link(); l.Query != "left=attention@200&line=2&apart=1" || d.s.Column(1) != "ratplus" {
		t.Errorf("apart it goes to %q", l.Query)
	}
	for _, a := range []Action{Scrub{0, -1}, Scrub{0, 4}, Scrub{2, 0}, Rested{99}} {
		if d.do(a); len(d.effects) != 0 {
			t.Errorf("%+v does %v", a, d.effects)
		}
	}
}

// Column is the model that a column was asked for.
func (s *Snapshot) Column(side int) string { return s.Columns[side].Model() }

// TestTrainingOfNone: what has no steps has no training, and neither has a file.
func TestTrainingOfNone(t *testing.T) {
	d := ready(t).finish(scored(t, 1))
	if d.s.Training(0) != nil {
		t.Error("a model without steps has a training")
	}
	if d = schooled(t, "left=attention@7"); d.s.Training(0) != nil || d.s.Training(1) == nil {
		t.Error("a step that was not kept has a training")
	}
	d.do(Opened{Side: 1, Name: "a.safetensors", Run: d.s.Columns[1].Run()})
	if d.s.Training(1) != nil {
		t.Error("a file has a training")
	}
	if m := schooled(t, "right=ratplus@60").s.Model("ratplus@60"); m == nil || !m.Memory {
		t.Errorf("a step is %+v", m)
	}
}

// TestEveryStep: where the view says so, the question is asked at one step after the other
// while nothing else runs, and what was not known is known then.
func TestEveryStep(t *testing.T) {
	d := schooled(t, "view=memory")
	var asked []string
	answerAll := func() {
		for queue := d.denses(); len(queue) > 0; queue = append(queue[1:], d.denses()...) {
			a := queue[0]
			if a.Request.Method != "dense" {
				asked = append(asked, a.Request.Model)
			}
			var err error
			if a.Request.Model == "attention@50" {
				err = errors.New("lost")
			}
			d.do(AnswerArrived{Gen: a.Gen, Request: a.Request, Hits: []trace.Hit{{Hit: true}, {}}, Err: err})
		}
	}
	if answerAll(); len(asked) > 0 {
		t.Errorf("unasked, it asks for %v", asked)
	}
	aside := &desk{t: t, s: d.s}
	if aside.do(HasEngines{Engines: []Engine{{Kind: "server", Apart: true}}}); len(aside.denses()) != 2 {
		t.Errorf("an engine elsewhere is asked for %v, want a step of each column unasked", aside.denses())
	}
	d.do(Toggle{EveryOption})
	answerAll()
	slices.Sort(asked)
	if got := fmt.Sprint(asked); got != "[attention@10 attention@200 attention@50 ratplus@10 ratplus@60]" {
		t.Errorf("asked are %s", got)
	}
	tr := d.s.Training(0)
	if tr.Answers[0].Holding() != 1 || tr.Answers[1].Phase != Failed || tr.Answers[2].Phase != Done {
		t.Errorf("known are %+v", tr.Answers)
	}
	if d.do(Set{"budget", "1/4"}).do(Submit{}); len(d.denses()) != 0 {
		t.Error("steps are asked while another run goes on")
	}
	if d.do(Show{"prompt"}).finish(scored(t, 1)); slices.ContainsFunc(d.denses(), func(a AskAnswer) bool { return a.Request.Method != "dense" }) {
		t.Error("steps are asked that nobody looks at")
	}
}
