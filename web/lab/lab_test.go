package lab

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"kvscope/engine/experiment"
	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/viz/chart"
	"kvscope/web/api"
	"kvscope/web/client"
	"kvscope/web/state"
)

// desk is a page without a browser.
type desk struct {
	t       testing.TB
	s       Snapshot
	effects []Effect // of the last action
}

func (d *desk) do(a Action) *desk {
	d.t.Helper()
	d.s, d.effects = d.s.Do(a)
	return d
}

// asked is the effect of a kind that the last action had, false without any.
func asked[E Effect](d *desk) (E, bool) {
	for _, f := range d.effects {
		if f, is := f.(E); is {
			return f, true
		}
	}
	var none E
	return none, false
}

var models = api.Meta{Models: []run.ModelInfo{{Name: "attention", Arch: "attention", Context: 1024}, {Name: "ratplus", Arch: "ratplus", Memory: true, Context: 1024}}}

func described(id string, state api.State, done, cells int) api.Described {
	x := api.Described{Experiment: api.Experiment{ID: id, Name: "one", Grid: experiment.Presets(models.Models)[0].Grid, State: state}}
	x.Status = api.Status{Progress: api.Progress{Cells: cells, Done: done}, State: state, Over: done == cells}
	return x
}

// ready is a page whose form is filled in and on which an experiment is open.
func ready(t testing.TB) *desk {
	d := &desk{t: t, s: New()}
	d.do(MetaArrived{Meta: models})
	if e, ok := asked[Estimate](d); !ok || len(e.Grid.Models) != 2 {
		t.Fatalf("the first preset's cost is not asked for: %v", d.effects)
	}
	d.do(ListArrived{List: []api.Described{described("b", api.Running, 0, 4), described("a", api.Finished, 4, 4)}})
	if f, ok := asked[Follow](d); !ok || f.ID != "b" || d.s.Place.ID != "b" {
		t.Fatalf("the newest is not opened: %v", d.effects)
	}
	return d.do(Got{Gen: d.gen(), Described: described("b", api.Running, 0, 4)})
}

// gen is the start that answers about the open experiment are of.
func (d *desk) gen() int { return d.s.opens }

func TestEstimates(t *testing.T) {
	d := ready(t)
	old := d.s.costs
	d.do(Write{"examples", "7"})
	if e, _ := asked[Estimate](d); e.Grid.Examples != 7 || e.After == 0 || !d.s.Estimating(e.Gen) || d.s.Estimating(old) {
		t.Errorf("effects %v", d.effects)
	}
	if d.do(Estimated{Gen: old, Cost: api.Estimate{Cells: 1}}); d.s.Cost.Phase != state.Loading {
		t.Error("a late estimate is taken")
	}
	if d.do(Estimated{Gen: d.s.costs, Err: input.Errorf("tasks", "none")}); d.s.Problems["tasks"] != "none" || d.s.Cost.Phase != state.Failed {
		t.Errorf("problems %v", d.s.Problems)
	}
	if d.do(Write{"examples", "x"}); d.s.Problems["examples"] == "" || len(d.effects) != 0 {
		t.Errorf("a bad form asks for %v", d.effects)
	}
	if d.do(Start{}); len(d.effects) != 0 || d.s.Starting {
		t.Error("a bad form starts")
	}
	if d.do(UsePreset{experiment.Presets(models.Models)[0].ID}).do(Tick{"tasks", "S-1"}); d.s.Form.Preset != "" {
		t.Error("a changed form is still called the preset")
	}
}

func TestStart(t *testing.T) {
	d := ready(t)
	d.do(Start{})
	if c, ok := asked[Create](d); !ok || c.Name != d.s.Form.Name || !d.s.Starting {
		t.Fatalf("effects %v", d.effects)
	}
	if d.do(Start{}); len(d.effects) != 0 {
		t.Error("it starts twice")
	}
	d.do(Created{Described: described("c", api.Running, 0, 2)})
	link, _ := asked[Link](d)
	if f, ok := asked[Follow](d); !ok || f.ID != "c" || d.s.Starting || link != (Link{"id=c", true}) {
		t.Errorf("starting %v, link %v, effects %v", d.s.Starting, link, d.effects)
	}
	d.do(Start{}).do(Created{Err: input.Errorf("tasks", "S-9, want another")})
	if d.s.Problems["tasks"] == "" || d.s.Refused == "" || d.s.Place.ID != "c" {
		t.Errorf("refused %q, problems %v", d.s.Refused, d.s.Problems)
	}
}

func TestOpening(t *testing.T) {
	d := ready(t)
	old := d.gen()
	d.do(Open{"a"})
	if l, _ := asked[Link](d); l != (Link{"id=a", true}) || d.s.Open.Phase != state.Loading {
		t.Errorf("link %v", l)
	}
	for _, late := range []Action{
		Got{Gen: old, Described: described("b", api.Running, 1, 4)}, PicturesArrived{Gen: old, Paper: "3"},
		Heard{Gen: old, Status: api.Status{Over: true}}, Decided{Gen: old, What: "resume"},
	} {
		if d.do(late); d.s.Open.Phase != state.Loading || len(d.effects) != 0 {
			t.Errorf("%T of the experiment before is taken: %v", late, d.effects)
		}
	}
	d.do(Got{Gen: d.gen(), Described: described("a", api.Finished, 4, 4)})
	if d.do(Open{"a"}); len(d.effects) != 0 {
		t.Errorf("opened again: %v", d.effects)
	}
	d.do(PicturesArrived{Gen: d.gen(), Paper: "3", Pictures: api.Pictures{Script: "/x.js"}})
	if n, ok := asked[NeedScript](d); !ok || n.Path != "/x.js" || d.s.Pictures.Phase != state.Done {
		t.Errorf("effects %v", d.effects)
	}
	d.do(Look{"paper", "4"})
	if p, ok := asked[AskPictures](d); !ok || p.Paper != "4" {
		t.Errorf("another table: %v", d.effects)
	}
	if l, _ := asked[Link](d); l != (Link{"id=a&paper=4", false}) {
		t.Errorf("link %v", l)
	}
	if d.do(PicturesArrived{Gen: d.gen(), Paper: "3", Err: errors.New("late")}); d.s.Pictures.Phase != state.Done {
		t.Error("charts beside the table before are taken")
	}
	d.do(Restore{ParseQuery("id=b&view=table")})
	if _, links := asked[Link](d); links || d.s.Place.View != "table" || d.s.Place.ID != "b" {
		t.Errorf("the way back leads to %+v, effects %v", d.s.Place, d.effects)
	}
}

// TestProgress: a running experiment's charts are asked for again every few seconds, and
// when it is over.
func TestProgress(t *testing.T) {
	d, at := ready(t), time.Unix(1000, 0)
	hear := func(done int, after time.Duration) bool {
		at = at.Add(after)
		d.do(Heard{Gen: d.gen(), Status: described("b", api.Running, done, 4).Status, At: at})
		_, asks := asked[AskPictures](d)
		return asks
	}
	for _, c := range []struct {
		done  int
		after time.Duration
		asks  bool
	}{{1, 0, false}, {2, time.Second, false}, {2, 10 * time.Second, false}, {3, time.Second, true}, {3, 10 * time.Second, false}} {
		if got := hear(c.done, c.after); got != c.asks {
			t.Errorf("%d done after %v more: asks %v, want %v", c.done, c.after, got, c.asks)
		}
	}
	if d.s.List.Value[0].Status.Done != 3 || d.s.Open.Value.Status.Done != 3 {
		t.Error("list or page lag behind")
	}
	if asks := hear(4, time.Millisecond); !asks {
		t.Error("the last charts are not asked for")
	}
	if _, stops := asked[Unfollow](d); !stops {
		t.Error("it is listened to beyond its end")
	}
	if _, estimates := asked[Estimate](d); !estimates {
		t.Error("what is known now changes no estimate")
	}
}

func TestDecisions(t *testing.T) {
	d := ready(t)
	d.do(Choose{"pause"})
	if f, ok := asked[Decide](d); !ok || f.ID != "b" || f.What != "pause" || d.s.Decision != "pause" {
		t.Errorf("effects %v", d.effects)
	}
	d.do(Decided{Gen: d.gen(), What: "pause", Described: described("b", api.Paused, 1, 4)})
	if d.s.Open.Value.State != api.Paused || d.s.Decision != "" {
		t.Errorf("state %s", d.s.Open.Value.State)
	}
	d.do(Decided{Gen: d.gen(), What: "resume", Described: described("b", api.Running, 1, 4)})
	if _, follows := asked[Follow](d); !follows {
		t.Error("resumed, it is not followed")
	}
	if d.do(Decided{Gen: d.gen(), What: "pause", Err: errors.New("no")}); d.s.Open.Err != "no" {
		t.Errorf("a refusal reads %q", d.s.Open.Err)
	}
}

func TestRemoveAndUndo(t *testing.T) {
	d := ready(t)
	if d.do(AskRemove{true}); !d.s.Removing || len(d.effects) != 0 {
		t.Error("it does not ask first")
	}
	d.do(Remove{})
	f, ok := asked[Forget](d)
	if !ok || f.Described.ID != "b" {
		t.Fatalf("effects %v", d.effects)
	}
	if d.do(Gone{Gen: f.Gen, Err: errors.New("no")}); d.s.Open.Err != "no" || d.s.Removing {
		t.Errorf("a refusal reads %q, and is asked for: %v", d.s.Open.Err, d.s.Removing)
	}
	d.do(Gone{Gen: f.Gen, Described: f.Described})
	if _, asks := asked[AskList](d); !asks || d.s.Place.ID != "" || d.s.Removed == nil || d.s.Removing {
		t.Errorf("effects %v, place %v", d.effects, d.s.Place)
	}
	d.do(Undo{})
	again, ok := asked[Recreate](d)
	if !ok || again.Described.Name != "one" {
		t.Fatalf("effects %v", d.effects)
	}
	d.do(Created{Undone: true, Err: errors.New("full")})
	if d.s.Unreturned != "full" || d.s.Open.Err != "" || d.s.Removed == nil {
		t.Errorf("that it does not come back reads %q, and of the open experiment %q", d.s.Unreturned, d.s.Open.Err)
	}
	if d.do(Undo{}); d.s.Unreturned != "" {
		t.Error("asked for again, it is said not to come back")
	}
	if d.do(Created{Described: described("z", api.Running, 0, 4), Undone: true}); d.s.Removed != nil || d.s.Place.ID != "z" {
		t.Errorf("place %v, removed %v", d.s.Place, d.s.Removed)
	}
	if d.do(Undo{}); len(d.effects) != 0 {
		t.Error("nothing is undone twice")
	}
}

// An experiment that is gone late does not close the one that was opened meanwhile.
func TestRemovedLate(t *testing.T) {
	for _, err := range []error{nil, errors.New("no")} {
		d := ready(t)
		d.do(AskRemove{true}).do(Remove{})
		f, _ := asked[Forget](d)
		d.do(Open{ID: "a"}).do(Gone{Gen: f.Gen, Described: f.Described, Err: err})
		if _, asks := asked[AskList](d); !asks || d.s.Place.ID != "a" || (d.s.Removed != nil) != (err == nil) || d.s.Open.Err != "" {
			t.Errorf("%v: effects %v, place %v, said of it %q", err, d.effects, d.s.Place, d.s.Open.Err)
		}
	}
}

// A script that does not come is said, until it comes.
func TestScriptThatDoesNotCome(t *testing.T) {
	d := ready(t)
	if d.do(ScriptLoaded{Err: errors.New("lost")}); d.s.Drawing || d.s.Undrawn != "lost" {
		t.Errorf("without a script charts are drawn: %v, said is %q", d.s.Drawing, d.s.Undrawn)
	}
	if d.do(ScriptLoaded{}); !d.s.Drawing || d.s.Undrawn != "" {
		t.Errorf("with a script charts are drawn: %v, said is %q", d.s.Drawing, d.s.Undrawn)
	}
}

func TestExamples(t *testing.T) {
	d := ready(t)
	d.do(Pick{chart.Ref{Task: "S-1"}, "first"})
	old, _ := asked[AskExamples](d)
	d.do(Pick{chart.Ref{Task: "S-2"}, "second"})
	now, ok := asked[AskExamples](d)
	if !ok || now.ID != "b" || now.Ref.Task != "S-2" {
		t.Fatalf("effects %v", d.effects)
	}
	if d.do(ExamplesArrived{Gen: old.Gen}); d.s.Picked.Examples.Phase != state.Loading {
		t.Error("examples of the row before are taken")
	}
	before := d.s
	d.do(ExamplesArrived{Gen: now.Gen, Examples: api.Examples{Examples: make([]experiment.Example, 3)}})
	if len(d.s.Picked.Examples.Value.Examples) != 3 || before.Picked.Examples.Phase != state.Loading {
		t.Errorf("examples %+v", d.s.Picked.Examples)
	}
	if d.do(Unpick{}); d.s.Picked != nil {
		t.Error("they stay")
	}
}

// TestLost: what cannot be reached is asked for again.
func TestLost(t *testing.T) {
	d := &desk{t: t, s: New()}
	gone := &client.LostError{Err: errors.New("no route")}
	if d.do(MetaArrived{Err: gone}); !reflect.DeepEqual(d.effects, []Effect{AskMeta{again}}) {
		t.Errorf("effects %v", d.effects)
	}
	if d.do(ListArrived{Err: gone}); !reflect.DeepEqual(d.effects, []Effect{AskList{again}}) || d.s.List.Phase != state.Failed {
		t.Errorf("effects %v", d.effects)
	}
	d.do(MetaArrived{Meta: models}).do(Tick{"tasks", "S-1"})
	form := d.s.Form
	if d.do(MetaArrived{Meta: models}); !reflect.DeepEqual(d.s.Form, form) {
		t.Error("a form that was changed is filled in again")
	}
}

func TestAround(t *testing.T) {
	d := &desk{t: t, s: New()}
	d.do(Around{state.UseTheme{Theme: state.Dark}}).do(Around{state.ToggleHelp{}})
	if !d.s.IsDark() || !d.s.Help {
		t.Errorf("%+v", d.s.Chrome)
	}
	if d.do(Around{state.UseTheme{Theme: state.Light}}); !slices.Contains(d.effects, Effect(KeepAround{state.KeepTheme{Theme: state.Light}})) {
		t.Errorf("effects %v", d.effects)
	}
}
