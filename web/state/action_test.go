package state

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/web/api"
	"kvscope/web/client"
	"kvscope/web/picture"
	"kvscope/web/sample"
)

// desk is a page without a browser: it keeps the state and what it asked for.
type desk struct {
	t testing.TB
	s Snapshot
	// of the last action
	effects []Effect
}

func (d *desk) do(a Action) *desk {
	d.t.Helper()
	d.s, d.effects = d.s.Do(a)
	return d
}

// starts are the runs that the last action asked for.
func (d *desk) starts() []Start {
	var out []Start
	for _, e := range d.effects {
		if s, ok := e.(Start); ok {
			out = append(out, s)
		}
	}
	return out
}

// link is the address that the last action wrote.
func (d *desk) link() (Link, bool) {
	for _, e := range d.effects {
		if l, ok := e.(Link); ok {
			return l, true
		}
	}
	return Link{}, false
}

var twoModels = MetaArrived{api.Meta{Models: []run.ModelInfo{
	{Name: "attention", Arch: "attention", Context: 1024}, {Name: "ratplus", Arch: "ratplus", Memory: true, Context: 512}}}}

// fourViews are views such as the page has.
var fourViews = []View{
	{Name: "prompt", Title: "Prompt", Options: []Option{Choice("shade", "picks", "mass")}},
	{Name: "attention", Title: "Attention", Needs: NeedsStates, Options: []Option{
		Flag("linear"), Flag("nosink"), {"map", func(v string) (string, bool) { return v, v == "" || strings.Count(v, ",") == 2 }},
	}},
	{Name: "memory", Title: "Memory", Needs: NeedsStates, Options: []Option{Flag(ApartOption), Flag(EveryOption)}},
	{Name: "scores", Title: "Scores", Needs: NeedsHead, Keys: []Key{{Keys: []string{"y"}, Label: "y", About: "nine lines on", Do: Always(Step{9})}}},
}

// ready is a desk whose first runs have been asked for.
func ready(t testing.TB) *desk {
	d := &desk{t: t, s: New(DefaultPlace(), fourViews)}
	d.do(twoModels)
	if n := len(d.starts()); n != 2 {
		t.Fatalf("%d runs started by themselves, want 2", n)
	}
	return d
}

func events(t testing.TB, method string) []trace.Event {
	t.Helper()
	e, err := sample.Events(sample.Spec{Method: method, Model: "attention", Layers: 2, Heads: 3, Context: 256, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// finish lets all runs under way be the same run.
func (d *desk) finish(e []trace.Event) *desk {
	for side := range d.s.Columns {
		d.do(Arrived{side, d.s.Columns[side].Gen(), e})
	}
	return d
}

func TestFirstRunStartsByItself(t *testing.T) {
	d := ready(t)
	for side, want := range []string{"attention", "ratplus"} {
		st := d.starts()[side]
		if st.Side != side || st.Request.Model != want || st.Request.Method != "quest" || st.Request.Values["budget"] != "1/8" {
			t.Errorf("side %d asks for %+v", side, st.Request)
		}
		if c := d.s.Columns[side]; c.Phase() != Loading || c.Gen() != st.Gen {
			t.Errorf("side %d is %s of start %d, want loading of %d", side, c.Phase(), c.Gen(), st.Gen)
		}
	}
	if l, ok := d.link(); !ok || l.Push || l.Query != "task=MK-1" {
		t.Errorf("link %+v, want the defaults' without a trace in the history", l)
	}
	if d.s.Longest() != 512 {
		t.Errorf("longest context is %d, want that of the shorter model", d.s.Longest())
	}
}

// A page without a query runs the first place's request and keeps its address empty.
func TestFirstPlaceRuns(t *testing.T) {
	d := &desk{t: t, s: New(ParseQuery(""), fourViews)}
	d.do(twoModels)
	for _, st := range d.starts() {
		if st.Request.Task != "MK-2" || st.Request.Seed != 3 || st.Request.Method != "quest" || st.Request.Values["budget"] != "1/8" {
			t.Errorf("the first request is %+v", st.Request)
		}
	}
	if l, ok := d.link(); !ok || l.Query != "" {
		t.Errorf("link %+v, want none of the address", l)
	}
	d.do(SubmitWith{[]Set{{Field: "seed", Value: "4"}, {Field: "budget", Value: "1/16"}}})
	if l, ok := d.link(); !ok || l.Query != "task=MK-2&seed=4&budget=1/16" || len(d.starts()) != 2 {
		t.Errorf("after another seed and budget the link is %+v, and %d runs start", l, len(d.starts()))
	}
	d.do(Restore{Place: ParseQuery("")})
	if got := d.s.Form; !got.Equal(FirstPlace().Form) {
		t.Errorf("the way back leads to %+v", got)
	}
}

func TestOtherModelNames(t *testing.T) {
	d := &desk{t: t, s: New(DefaultPlace(), fourViews)}
	d.do(MetaArrived{api.Meta{Models: []run.ModelInfo{{Name: "r", Arch: "ratplus", Memory: true}, {Name: "a", Arch: "attention"}}}})
	if d.s.Form.Left != "a" || d.s.Form.Right != "r" {
		t.Errorf("models %q and %q, want a and r", d.s.Form.Left, d.s.Form.Right)
	}
	d = &desk{t: t, s: New(ParseQuery("left=gone"), fourViews)}
	d.do(twoModels)
	if got := d.starts()[0].Request.Model; got != "gone" {
		t.Errorf("asks for %q, want the model of the link, so that the server can say it is gone", got)
	}
	d = &desk{t: t, s: New(DefaultPlace(), fourViews)}
	if d.do(MetaArrived{}); len(d.starts()) != 0 || d.s.Problems["model"] == "" {
		t.Errorf("without models: %v, problems %v", d.effects, d.s.Problems)
	}
}

func TestRunArrives(t *testing.T) {
	d, e := ready(t), events(t, "quest")
	half := len(e) / 2
	gen := d.s.Columns[0].Gen()
	if d.s.Columns[0].Run() != nil || !d.s.Columns[0].Stale() {
		t.Fatal("a picture before the first header")
	}
	d.do(Arrived{0, gen, e[:half]})
	if c := d.s.Columns[0]; c.Phase() != Loading || c.Stale() || d.s.Cursor() != c.Run().LineCount()-1 {
		t.Errorf("half way: %s, line %d of %d; want loading, the newest line", c.Phase(), d.s.Cursor(), c.Run().LineCount())
	}
	version := d.s.Columns[0].Version
	d.do(Arrived{0, gen, e[half:]})
	if c := d.s.Columns[0]; c.Phase() != Done || c.Version == version {
		t.Errorf("in the end: %s, version %d", c.Phase(), c.Version)
	}
	if !d.s.Running() {
		t.Error("the other column has ended too")
	}
	d.do(Arrived{1, d.s.Columns[1].Gen(), e})
	if line := d.s.Cursor(); d.s.Running() || line != 0 {
		t.Errorf("rests on line %d, want the first with an answer to find", line)
	}
}

func TestLateEventsAreIgnored(t *testing.T) {
	d, e := ready(t), events(t, "quest")
	old := d.s.Columns[0].Gen()
	d.do(Set{"budget", "1/4"}).do(Submit{})
	for _, late := range []Action{
		Arrived{0, old, e}, Arrived{0, old, []trace.Event{&trace.Failure{Message: "x"}}}, Ended{0, old, &client.LostError{Err: errors.New("x")}},
	} {
		d.do(late)
		if c := d.s.Columns[0]; c.Phase() != Loading || c.Run() != nil {
			t.Errorf("%T of an earlier run was taken: %+v", late, c)
		}
	}
}

func TestRunAgainKeepsThePictureUntilTheNext(t *testing.T) {
	d, e := ready(t).finish(events(t, "quest")), events(t, "snapkv")
	was := d.s.Columns[0].Run()
	d.do(GoTo{3}).do(Set{"method", "snapkv"}).do(Submit{})
	if l, _ := d.link(); !l.Push || !strings.Contains(l.Query, "method=snapkv") || strings.Contains(l.Query, "line") {
		t.Errorf("link %+v, want one to go back from, at no line", l)
	}
	if c := d.s.Columns[0]; c.Run() != was || !c.Stale() {
		t.Error("the old picture is gone before there is a new one")
	}
	d.do(Arrived{0, d.s.Columns[0].Gen(), e[:1]})
	if c := d.s.Columns[0]; c.Run() == was || c.Stale() {
		t.Error("the old picture stays after the new header")
	}
}

func TestProblemsStopARun(t *testing.T) {
	d := ready(t).finish(events(t, "quest"))
	d.do(Set{"context", "5"})
	if d.s.Problems["context"] == "" {
		t.Error("a context of 5 is taken without a word")
	}
	if d.do(Submit{}); len(d.effects) != 0 || d.s.Columns[0].Phase() != Done {
		t.Errorf("it runs: %v", d.effects)
	}
	if d.do(Set{"context", "500"}); d.s.Problems["context"] != "" {
		t.Errorf("corrected, it still says %q", d.s.Problems["context"])
	}
}

func TestFailureGoesToItsField(t *testing.T) {
	d := ready(t)
	d.do(Arrived{0, d.s.Columns[0].Gen(), []trace.Event{&trace.Failure{Field: "budget", Message: "too small"}}})
	if c := d.s.Columns[0]; c.Phase() != Failed || c.Problem().Message != "budget: too small" || c.Problem().Lost {
		t.Errorf("column %+v", c)
	}
	if d.s.Problems["budget"] != "too small" {
		t.Errorf("problems %v", d.s.Problems)
	}
	if d.s.Draft.Get("budget") != "1/8" {
		t.Error("what was typed is gone")
	}
	if d.do(Set{"budget", "1/4"}); d.s.Problems["budget"] != "" {
		t.Error("the complaint outlives its cause")
	}
}

func TestFailureOfAFieldThatIsNotShown(t *testing.T) {
	for _, field := range []string{"", "model", "dilation", "window", "text"} {
		d := ready(t)
		d.do(Arrived{0, d.s.Columns[0].Gen(), []trace.Event{&trace.Failure{Field: field, Message: "no"}}})
		c := d.s.Columns[0]
		if c.Phase() != Failed || !strings.HasSuffix(c.Problem().Message, "no") || !strings.HasPrefix(c.Problem().Message, field) || len(d.s.Problems) != 0 {
			t.Errorf("%q: column says %+v, fields %v", field, c.Problem(), d.s.Problems)
		}
	}
}

func TestEventOutOfOrderFailsTheRun(t *testing.T) {
	d := ready(t)
	d.do(Arrived{0, d.s.Columns[0].Gen(), []trace.Event{&trace.Step{}}})
	if c := d.s.Columns[0]; c.Phase() != Failed || !reflect.DeepEqual(d.effects, []Effect{Cancel{1}}) {
		t.Errorf("column %+v, effects %v", c, d.effects)
	}
}

func TestServerGoesAndComesBack(t *testing.T) {
	d := ready(t)
	gone := &client.LostError{Err: errors.New("no route")}
	d.do(Ended{0, d.s.Columns[0].Gen(), gone})
	if c := d.s.Columns[0]; c.Phase() != Failed || !c.Problem().Lost || !reflect.DeepEqual(d.effects, []Effect{AskMeta{retryAfter}}) {
		t.Errorf("column %+v, effects %v", c, d.effects)
	}
	if d.do(Ended{1, d.s.Columns[1].Gen(), gone}); len(d.effects) != 0 {
		t.Errorf("it is asked for twice: %v", d.effects)
	}
	if d.do(Submit{}); len(d.effects) != 0 {
		t.Errorf("a run without a server: %v", d.effects)
	}
	if d.do(MetaFailed{gone}); !reflect.DeepEqual(d.effects, []Effect{AskMeta{retryAfter}}) {
		t.Errorf("it is not asked for again: %v", d.effects)
	}
	if d.do(twoModels); len(d.starts()) != 2 {
		t.Errorf("back again, it does not run: %v", d.effects)
	}
}

// A run that the tab has no memory for ends with what to do, and is not run again by itself.
func TestOutOfMemory(t *testing.T) {
	d := ready(t)
	d.do(Ended{0, d.s.Columns[0].Gen(), &client.LostError{Err: errors.New("Error: fatal error: out of memory")}})
	if c := d.s.Columns[0]; c.Phase() != Failed || c.Problem().Lost || !strings.Contains(c.Problem().Message, "ran out of memory") || !strings.Contains(c.Problem().Advice, "fewer columns") || len(d.effects) != 0 {
		t.Errorf("column %+v, effects %v", c, d.effects)
	}
	if d.do(Submit{}); len(d.starts()) != 2 {
		t.Errorf("it does not run again: %v", d.effects)
	}
}

func TestStop(t *testing.T) {
	d, e := ready(t), events(t, "quest")
	gen := d.s.Columns[0].Gen()
	d.do(Arrived{0, gen, e[:5]}).do(Stop{})
	if !reflect.DeepEqual(d.effects, []Effect{Cancel{1}, Cancel{2}}) || d.s.Running() {
		t.Errorf("effects %v", d.effects)
	}
	if c := d.s.Columns[0]; c.Phase() != Idle || !stopped(c) || c.Run() == nil {
		t.Errorf("column %+v, want what arrived", c)
	}
}

func TestRestore(t *testing.T) {
	d := ready(t).finish(events(t, "quest"))
	d.do(Restore{ParseQuery("head=1.2&line=2")})
	if len(d.effects) != 0 || d.s.Head == nil || *d.s.Head != (picture.Head{Layer: 1, Head: 2}) || d.s.Cursor() != 2 {
		t.Errorf("a view: effects %v, head %v, line %d", d.effects, d.s.Head, d.s.Cursor())
	}
	d.do(Set{"text", "unfinished"}).do(Restore{ParseQuery("budget=1/2&head=1.2")})
	if len(d.starts()) != 2 || d.s.Draft.Get("budget") != "1/2" || d.s.Draft.Text != "" {
		t.Errorf("a request: effects %v, draft %+v", d.effects, d.s.Draft)
	}
	if l, _ := d.link(); l.Push {
		t.Error("going back makes history")
	}
	if d.s.Head == nil {
		t.Error("the link's head is lost")
	}
	d.do(Restore{ParseQuery("budget=never")})
	if len(d.starts()) != 0 || d.s.Problems["budget"] == "" || d.s.Draft.Get("budget") != "never" {
		t.Errorf("a bad request: effects %v, problems %v", d.effects, d.s.Problems)
	}
}

func TestViewGoesIntoTheAddress(t *testing.T) {
	d := ready(t).finish(events(t, "quest"))
	for _, c := range []struct {
		do   Action
		want string
	}{
		{Lock{&picture.Head{Layer: 1, Head: 0}}, "head=1.0"},
		{GoTo{2}, "head=1.0&line=2"},
		{Choose{Line: 3, Block: 5}, "head=1.0&line=3&at=5"},
		{ColourBy{picture.Hit}, "head=1.0&line=3&at=5&metric=hit"},
		{SetOption{"shade", "mass"}, "head=1.0&line=3&at=5&metric=hit&shade=mass"},
		{Choose{Line: 3, Block: 5}, "head=1.0&line=3&metric=hit&shade=mass"},
		{Lock{}, "line=3&metric=hit&shade=mass"},
	} {
		d.do(c.do)
		if l, ok := d.link(); !ok || l.Push || l.Query != c.want {
			t.Errorf("%+v: link %+v, want %q", c.do, l, c.want)
		}
	}
	for _, quiet := range []Action{Point{Block: 3}, Leave{}, PreviewHead{&picture.Head{}}, PreviewHead{}, ToggleHelp{}, Set{"seed", "4"}} {
		if d.do(quiet); len(d.effects) != 0 {
			t.Errorf("%T has effects %v", quiet, d.effects)
		}
	}
}

func TestHeads(t *testing.T) {
	d := ready(t)
	if d.do(MoveHead{1}); d.s.Head != nil {
		t.Error("a head before any run")
	}
	d.finish(events(t, "quest")) // 2 layers of 3 heads
	for _, c := range []struct {
		do   Action
		want picture.Head
	}{
		{MoveHead{-1}, picture.Head{Layer: 1, Head: 2}},
		{MoveHead{1}, picture.Head{Layer: 0, Head: 0}},
		{MoveHead{1}, picture.Head{Layer: 0, Head: 1}},
		{MoveLayer{1}, picture.Head{Layer: 1, Head: 1}},
		{MoveLayer{1}, picture.Head{Layer: 0, Head: 1}},
		{Lock{&picture.Head{Layer: 1, Head: 2}}, picture.Head{Layer: 1, Head: 2}},
	} {
		if d.do(c.do); d.s.Head == nil || *d.s.Head != c.want {
			t.Errorf("%+v: locked %v, want %v", c.do, d.s.Head, c.want)
		}
	}
	d.do(PreviewHead{&picture.Head{}})
	if *d.s.Looked() != (picture.Head{}) {
		t.Error("the pointer does not look")
	}
	if d.do(Lock{&picture.Head{Layer: 1, Head: 2}}); d.s.Looked() != nil {
		t.Error("pressing the locked head does not let it go")
	}
	for range 2 {
		if d.do(LookAt{picture.Head{Layer: 1, Head: 1}}); *d.s.Looked() != (picture.Head{Layer: 1, Head: 1}) {
			t.Error("a head that was looked for is not looked at, or let go the second time")
		}
	}
}

func TestLines(t *testing.T) {
	d := ready(t).finish(events(t, "quest"))
	n := d.s.Lines()
	if n < 3 {
		t.Fatalf("%d lines, too few to step through", n)
	}
	for _, c := range []struct {
		do   Action
		want int
	}{
		{Step{-1}, 0}, {Step{1}, 1}, {Step{1}, 2}, {GoTo{n + 5}, n - 1}, {Step{1}, n - 1}, {GoTo{Auto}, 0}, {GoTo{-9}, 0},
	} {
		if d.do(c.do); d.s.Cursor() != c.want {
			t.Errorf("%+v: line %d, want %d", c.do, d.s.Cursor(), c.want)
		}
	}
}

func TestPlay(t *testing.T) {
	d := &desk{t: t, s: New(DefaultPlace(), fourViews)}
	if d.do(TogglePlay{}); d.s.Playing {
		t.Error("plays nothing")
	}
	d = ready(t).finish(events(t, "quest"))
	n := d.s.Lines()
	d.do(GoTo{n - 1}).do(TogglePlay{})
	if d.s.Cursor() != 0 {
		t.Errorf("plays from line %d at the end, want the start", d.s.Cursor())
	}
	beats := 0
	for ; d.s.Playing && beats < 100; beats++ {
		if len(d.effects) == 0 {
			t.Fatal("no beat is asked for")
		}
		d.do(Tick{d.s.plays})
	}
	if beats != n-1 || d.s.Cursor() != n-1 {
		t.Errorf("%d beats to line %d, want %d to %d", beats, d.s.Cursor(), n-1, n-1)
	}
	if d.do(TogglePlay{}).do(Step{1}); d.s.Playing {
		t.Error("a step by hand does not stop it")
	}
	if d.do(Tick{d.s.plays}); len(d.effects) != 0 {
		t.Error("a late beat goes on")
	}
}

func TestKeys(t *testing.T) {
	d := ready(t)
	for _, c := range []struct {
		key   string
		shift bool
		want  Action
	}{
		{"ArrowRight", false, Step{1}}, {"ArrowLeft", false, Step{-1}},
		{"ArrowDown", false, MoveHead{1}}, {"ArrowDown", true, MoveLayer{1}},
		{" ", false, Stop{}}, {"/", false, Focus{}}, {"/", true, Focus{}}, {"?", true, ToggleHelp{}}, {"?", false, ToggleHelp{}},
		{"Escape", false, Lock{}}, {"m", false, ColourBy{picture.Hit}}, {"y", false, Step{9}},
		{"ArrowRight", true, nil}, {"x", false, nil}, {"Tab", false, nil}, {"v", false, Show{"attention"}}, {"w", false, Toggle{"wide"}},
	} {
		if got := d.s.Press(c.key, c.shift); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q (shift %v) is %#v, want %#v", c.key, c.shift, got, c.want)
		}
	}
	d.finish(events(t, "quest")).do(ToggleHelp{})
	if got := d.s.Press(" ", false); got != (Submit{}) {
		t.Errorf("space at rest is %#v, want Run", got)
	}
	if got := d.s.Press("Escape", false); got != (ToggleHelp{}) {
		t.Errorf("escape with the list open is %#v, want ToggleHelp", got)
	}
	seen := map[string]bool{}
	for _, k := range d.s.Keys() {
		for _, name := range k.Keys {
			if id := name + k.Label; seen[id] || k.About == "" {
				t.Errorf("key %q is listed twice or says nothing", id)
			} else {
				seen[id] = true
			}
		}
	}
}

func TestColours(t *testing.T) {
	d := &desk{t: t, s: New(DefaultPlace(), fourViews)}
	for _, c := range []struct {
		theme  Theme
		system bool
		dark   bool
	}{{System, false, false}, {System, true, true}, {Light, true, false}, {Dark, false, true}} {
		d.do(SystemColours{c.system}).do(UseTheme{c.theme})
		if d.s.IsDark() != c.dark || !reflect.DeepEqual(d.effects, []Effect{KeepTheme{c.theme}}) {
			t.Errorf("%s on a dark=%v system: dark %v, effects %v", c.theme, c.system, d.s.IsDark(), d.effects)
		}
	}
}

func TestDoLeavesTheSnapshotAsItWas(t *testing.T) {
	d := ready(t).finish(events(t, "quest"))
	d.do(Set{"context", "5"})
	before, problems := d.s, len(d.s.Problems)
	for _, a := range []Action{
		Set{"context", "600"}, Set{"depth", "200"}, Lock{&picture.Head{}}, GoTo{1}, Choose{1, 1}, Point{1, 1}, ToggleHelp{},
	} {
		before.Do(a)
		if !reflect.DeepEqual(before, d.s) || len(d.s.Problems) != problems {
			t.Fatalf("%T changed the snapshot it was applied to", a)
		}
	}
}

// stopped reports whether a column was ended by hand.
func stopped(c Column) bool {
	_, is := c.Status.(Stopped)
	return is
}

// TestLettersOff: letters and signs can be no keys at all; what writes none stays one.
func TestLettersOff(t *testing.T) {
	d := ready(t).finish(events(t, "quest"))
	if d.do(UseLetters{Off: true}); !d.s.LettersOff || !reflect.DeepEqual(d.effects, []Effect{KeepLetters{Off: true}}) {
		t.Errorf("letters off %t, effects %v", d.s.LettersOff, d.effects)
	}
	for key, letter := range map[string]bool{"m": true, "?": true, "[": true, "/": true, "y": true, " ": false, "ArrowLeft": false, "Escape": false, "PageDown": false} {
		shift := key == "?"
		if IsLetter(key) != letter || letter && d.s.Press(key, shift) != nil {
			t.Errorf("%q is a letter: %t, does %v", key, IsLetter(key), d.s.Press(key, shift))
		}
	}
	if d.s.Press(" ", false) == nil || d.s.Press("ArrowLeft", false) == nil || d.do(UseLetters{}).s.Press("m", false) == nil {
		t.Error("what is no letter is no key, or a letter that is one again")
	}
}

// TestPlayTwice: who stops and plays again plays at the same speed, since beats of the playing
// before are none of this one's.
func TestPlayTwice(t *testing.T) {
	d := ready(t).finish(events(t, "quest")).do(GoTo{0}).do(TogglePlay{})
	before := d.effects[0].(Wait)
	d.do(TogglePlay{}).do(TogglePlay{})
	now := d.effects[0].(Wait)
	line := d.s.Cursor()
	if d.do(Tick{before.Gen}); d.s.Cursor() != line || len(d.effects) != 0 {
		t.Errorf("a beat from before the pause goes to line %d of %d, with %v", d.s.Cursor(), line, d.effects)
	}
	if d.do(Tick{now.Gen}); d.s.Cursor() != line+1 || len(d.effects) == 0 || d.effects[0].(Wait).Gen != now.Gen {
		t.Errorf("a beat goes to line %d, with %v", d.s.Cursor(), d.effects)
	}
}
