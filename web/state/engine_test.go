package state

import (
	"errors"
	"reflect"
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
