package state

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"kvscope/engine/run"
	"kvscope/web/api"
	"kvscope/web/client"
)

var two = []Engine{{Kind: "server", Title: "on the server", Advice: "start it"}, {Kind: "browser", Title: "in this browser"}}

// TestUseEngine: another engine is asked what it has, and then runs what is drafted; runs
// under way on the one before are stopped. The same engine, or none, changes nothing.
func TestUseEngine(t *testing.T) {
	for kind, want := range map[string]string{"": "server", "browser": "browser", "moon": "server"} {
		s, _ := New(FirstPlace(), nil).Do(HasEngines{Engines: two, Kind: kind})
		if s.Engine.Kind != want {
			t.Errorf("%q was kept: %q is used, want %q", kind, s.Engine.Kind, want)
		}
	}
	s, _ := New(FirstPlace(), nil).Do(HasEngines{Engines: two})
	s, _ = s.Do(twoModels)
	gen := s.Columns[0].Gen()
	s, effects := s.Do(UseEngine{Kind: "browser"})
	want := []Effect{Cancel{Gen: gen}, Cancel{Gen: gen + 1}, Engage{Kind: "browser"}, AskMeta{}}
	if !reflect.DeepEqual(effects, want) || s.Engine != two[1] || s.MetaPhase != Loading {
		t.Errorf("changing gives %+v with %+v, want %+v", effects, s.Engine, want)
	}
	for _, kind := range []string{"browser", "moon"} {
		if _, effects := s.Do(UseEngine{Kind: kind}); len(effects) > 0 {
			t.Errorf("%s: %+v", kind, effects)
		}
	}
	s, _ = s.Do(twoModels)
	if s.Columns[0].Phase() != Loading || s.Columns[0].Gen() == gen {
		t.Errorf("the other engine does not run: %+v", s.Columns[0])
	}
}

// TestLostEngineSaysWhatToDo: each engine has advice of its own.
func TestLostEngineSaysWhatToDo(t *testing.T) {
	s, _ := New(FirstPlace(), nil).Do(HasEngines{Engines: two})
	s, _ = s.Do(twoModels)
	s, _ = s.Do(Ended{Side: 0, Gen: s.Columns[0].Gen(), Err: &client.LostError{Err: errors.New("cut")}})
	if p := s.Columns[0].Problem(); p.Advice != "start it" || !p.Lost {
		t.Errorf("%+v", p)
	}
}

// TestProgressed: what a run waits for is its own, until it is over.
func TestProgressed(t *testing.T) {
	s, _ := New(FirstPlace(), nil).Do(twoModels)
	gen := s.Columns[0].Gen()
	half := api.RunProgress{Kind: api.Weights, Done: 1, Of: 2}
	s, _ = s.Do(Progressed{Side: 0, Gen: gen, Progress: half})
	if s.Columns[0].Waits() != half || s.Columns[1].Waits() != (api.RunProgress{}) {
		t.Errorf("%+v", s.Columns[0].Waits())
	}
	s, _ = s.Do(Progressed{Side: 0, Gen: gen + 9, Progress: api.RunProgress{Kind: api.Recorded}})
	if s.Columns[0].Recorded() {
		t.Error("another run was recorded")
	}
	s, _ = s.Do(Progressed{Side: 0, Gen: gen, Progress: api.RunProgress{Kind: api.Recorded}})
	if !s.Columns[0].Recorded() {
		t.Error("a recorded run is not said to be")
	}
	s, _ = s.Do(Submit{})
	if s.Columns[0].Recorded() || s.Columns[0].Waits() != (api.RunProgress{}) {
		t.Errorf("the next run begins with %+v", s.Columns[0])
	}
}

// TestModelBrought: a model that somebody brings stands in the column that it was brought
// to, is listed once, and runs.
func TestModelBrought(t *testing.T) {
	s, _ := New(FirstPlace(), nil).Do(twoModels)
	for range 2 {
		next, effects := s.Do(ModelBrought{Side: 1, Model: run.ModelInfo{Name: "mine", Arch: "llama", Context: 2048}})
		s = next
		started := ""
		for _, e := range effects {
			if start, ok := e.(Start); ok && start.Side == 1 {
				started = start.Request.Model
			}
		}
		if started != "mine" || s.Draft.Model(1) != "mine" || s.Draft.Columns() != 2 || len(s.Meta.Models) != len(twoModels.Meta.Models)+1 {
			t.Errorf("runs %q, the draft has %q, there are %d models", started, s.Draft.Model(1), len(s.Meta.Models))
		}
	}
	s, _ = s.Do(ModelBrought{Side: 2, Model: run.ModelInfo{Name: "third", Arch: "llama", Context: 2048}})
	if s.Draft.Columns() != 3 || s.Draft.Model(2) != "third" || s.Draft.Model(1) != "mine" {
		t.Errorf("columns of %q, %q, %q", s.Draft.Model(0), s.Draft.Model(1), s.Draft.Model(2))
	}
}

// TestAnotherEngineIsAskedAnew: what one engine said of its runs is no verdict on those of another,
// and what it was about to say is given up.
func TestAnotherEngineIsAskedAnew(t *testing.T) {
	d := &desk{t: t, s: New(DefaultPlace(), fourViews)}
	d.do(HasEngines{Engines: two}).do(twoModels).over(scored(t, 0))
	asked := d.denses()
	d.do(AnswerArrived{Gen: asked[0].Gen, Request: asked[0].Request, Score: 1})
	if d.s.Verdict(0) == "" {
		t.Fatal("no verdict to take back")
	}
	d.do(Repeat{}).do(OpenModel{Path: "/models/a"})
	d.s.runs++
	d.s.Questions = Questions{Phase: Loading, Gen: d.s.runs}
	many, questions := d.s.Many.Gen, d.s.Questions.Gen
	d.do(UseEngine{Kind: "browser"})
	for what, gen := range map[string]int{"the dense answer": asked[1].Gen, "many seeds": many, "the questions": questions} {
		if !slices.Contains(d.effects, Effect(Cancel{gen})) && !slices.Contains(d.effects, Effect(CancelSeeds{gen})) {
			t.Errorf("%s go on: %v", what, d.effects)
		}
	}
	if d.s.Verdict(0) != "" || len(d.s.answers) != 0 || d.s.Many.Phase != "" || d.s.Questions.Phase != "" || d.s.Opening != "" {
		t.Errorf("still there: verdict %q, %d answers, seeds %q, questions %q, opening %q", d.s.Verdict(0), len(d.s.answers), d.s.Many.Phase, d.s.Questions.Phase, d.s.Opening)
	}
	if c := d.s.Columns[0]; !c.Stale() || c.Run() == nil {
		t.Error("the run of the engine before is gone, or stands for one of this")
	}
	if d.do(Show{"attention"}); len(d.looks()) != 0 {
		t.Errorf("this engine is asked for heads of a run of the one before: %v", d.looks())
	}
	if d.do(twoModels); len(d.starts()) != 2 {
		t.Fatalf("starts %v", d.starts())
	}
	if d.over(scored(t, 0)); len(d.denses()) != 2 {
		t.Errorf("asks for %v, want both anew", d.denses())
	}
}
