package state

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/lens"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/web/client"
	"kvscope/web/picture"
)

// looks are the looks into heads that the last action asked for.
func (d *desk) looks() []AskHead {
	var out []AskHead
	for _, e := range d.effects {
		if l, ok := e.(AskHead); ok {
			out = append(out, l)
		}
	}
	return out
}

// read answers the looks into heads of files that the last action asked for.
func (d *desk) read() *desk {
	d.t.Helper()
	for _, l := range d.looks() {
		if l.Heads != nil {
			head, err := l.Heads(l.Head.Layer, l.Head.Head)
			d.do(HeadArrived{Side: l.Side, Gen: l.Gen, At: l.Head, Head: head, Err: err})
		}
	}
	return d
}

// TestLooks: a view of one head asks for it once in every column, when the run is
// done, and again for another head or another run.
func TestLooks(t *testing.T) {
	d := ready(t)
	if d.do(Show{"attention"}); len(d.looks()) != 0 {
		t.Errorf("asks for heads of a run that is not done: %v", d.looks())
	}
	d.finish(events(t, "quest"))
	if d.do(Show{"attention"}); d.s.Head == nil || len(d.looks()) != 2 {
		t.Fatalf("locks %v and asks for %v, want a head in both columns", d.s.Head, d.looks())
	}
	look := d.looks()[1]
	if look.Side != 1 || look.Gen != d.s.Columns[1].Gen() || look.Request.Model != "ratplus" || look.Head != *d.s.Head {
		t.Errorf("asks for %+v", look)
	}
	if d.do(Show{"memory"}); len(d.looks()) != 0 {
		t.Errorf("asks again: %v", d.looks())
	}
	head := &lens.HeadTensors{Dim: 2}
	d.do(HeadArrived{Side: 1, Gen: look.Gen, At: look.Head, Head: head})
	if got := d.s.Columns[1].HeadData(look.Head); got.Phase != Done || got.Head != head {
		t.Errorf("data %+v", got)
	}
	d.do(HeadArrived{Side: 0, Gen: d.s.Columns[0].Gen(), At: look.Head, Err: &client.LostError{Err: errors.New("gone")}})
	if got := d.s.Columns[0].HeadData(look.Head); got.Phase != Failed || got.Problem == "" {
		t.Errorf("data %+v", got)
	}
	if d.do(Forget{}); len(d.looks()) != 1 || d.looks()[0].Side != 0 {
		t.Errorf("after a failure asks for %v", d.looks())
	}
	if d.do(MoveHead{1}); len(d.looks()) != 2 {
		t.Errorf("another head: asks for %v", d.looks())
	}
	d.do(Submit{}).finish(events(t, "quest"))
	if got := d.s.Columns[1].HeadData(look.Head); got.Head == head {
		t.Error("another run shows the head of the one before")
	}
	if d.do(HeadArrived{Side: 1, Gen: look.Gen, At: look.Head, Head: head}); d.s.Columns[1].HeadData(look.Head).Head == head {
		t.Error("a late answer is taken")
	}
}

// TestEditRunsBesideWhatItChanges: a forced block is run and compared with the run on
// the screen, from which the eye does not move.
func TestEditRunsBesideWhatItChanges(t *testing.T) {
	d := ready(t).finish(events(t, "quest"))
	before := d.s.Columns[0].Run()
	d.do(Choose{Line: 2, Block: 4}).do(Edit{"force", 4})
	starts := d.starts()
	if len(starts) != 2 || starts[0].Request.Force != "4" || starts[1].Request.Force != "4" {
		t.Fatalf("starts %+v", starts)
	}
	if d.s.Line != 2 || d.s.PinnedBlock != 4 || d.s.Columns[0].BaseRun() != before {
		t.Errorf("line %d, block %d, compared with %p, want 2, 4, %p", d.s.Line, d.s.PinnedBlock, d.s.Columns[0].BaseRun(), before)
	}
	if l, ok := d.link(); !ok || !l.Push || l.Query != "force=4&line=2&at=4" {
		t.Errorf("link %+v", l)
	}
	d.finish(events(t, "quest")).do(Edit{"drop", 4})
	if d.s.Form.Force != "" || d.s.Form.Drop != "4" || d.s.Columns[0].BaseRun() != before {
		t.Errorf("forced %q, dropped %q, compared with %p, want it dropped instead, compared with %p", d.s.Form.Force, d.s.Form.Drop, d.s.Columns[0].BaseRun(), before)
	}
	d.finish(events(t, "quest")).do(Edit{"drop", 4})
	if d.s.Form.Drop != "" || d.s.Columns[0].BaseRun() != nil {
		t.Error("undone, it is still there")
	}
}

// TestEditedLinkRunsBoth: a link to an edited run asks for what it is compared with.
func TestEditedLinkRunsBoth(t *testing.T) {
	d := &desk{t: t, s: New(ParseQuery("drop=3,7"), fourViews)}
	d.do(twoModels)
	starts := d.starts()
	if len(starts) != 4 || starts[0].Request.Drop != "3,7" || starts[1].Request.Drop != "" || starts[1].Side != 0 {
		t.Fatalf("starts %+v", starts)
	}
	d.do(Arrived{0, starts[1].Gen, events(t, "quest")})
	if c := d.s.Columns[0]; c.BaseRun() == nil || c.BaseRun().Done == nil || c.Run() != nil || c.Phase() != Loading {
		t.Errorf("column %+v", c)
	}
	d.do(Arrived{0, starts[0].Gen, events(t, "quest")})
	if c := d.s.Columns[0]; c.Run() == c.BaseRun() || c.Phase() != Done {
		t.Errorf("column %+v", c)
	}
}

// drawn is a method in whose place chance selects.
func drawn(method string) sparse.Config {
	return sparse.Config{Method: method, Selector: sparse.SelectorRandom}
}

func TestColumns(t *testing.T) {
	d := ready(t)
	d.do(Set{"third", "ratplus:snapkv"}).do(Set{"fourth", "ratplus:quest:plain/memory"}).do(Set{"memory_strength", "0.5"}).do(Set{"selector", "random"}).do(Submit{})
	starts := d.starts()
	if len(starts) != 4 || d.s.Shown() != 4 {
		t.Fatalf("%d columns start, %d are shown: %v", len(starts), d.s.Shown(), d.s.Problems)
	}
	for i, want := range []run.Request{
		{Model: "attention", Config: drawn("quest")}, {Model: "ratplus", Config: drawn("quest")},
		{Model: "ratplus", Config: drawn("snapkv")}, {Model: "ratplus", Config: drawn("quest"), SelectWith: "plain"},
	} {
		got := starts[i].Request
		if (got.MemoryStrength == nil) != (i == 0) {
			t.Errorf("column %d: memory strength %v", i, got.MemoryStrength)
		}
		want.Task, want.Seed, want.Values, want.MemoryStrength = got.Task, got.Seed, got.Values, got.MemoryStrength
		if got.Values["block"] == "" {
			t.Errorf("column %d has no block", i)
		}
		if !got.Equal(want) {
			t.Errorf("column %d asks for %+v, want %+v", i, got, want)
		}
	}
	d.finish(events(t, "quest"))
	d.do(Set{"fourth", ""}).do(Submit{})
	if d.s.Shown() != 3 || d.s.Columns[3].Run() != nil {
		t.Errorf("%d columns, want three", d.s.Shown())
	}
	if f := d.s.Draft.Swap("ratplus"); f.Columns() != 4 || f.Column(1) != (ColumnSpec{Model: "ratplus", Memory: "plain/memory"}) {
		t.Errorf("swapped columns %v %v %v %v", f.Left, f.Right, f.Third, f.Fourth)
	}
	for text, want := range map[string]ColumnSpec{
		"ratplus": {Model: "ratplus"}, "": {}, "a:b:c": {Model: "a"}, "a:moba:trained": {"a", "moba", AsTrained}, "a::plain/plain": {Model: "a", Memory: "plain/plain"},
	} {
		if got := ParseColumn(text); got != want {
			t.Errorf("%q is %+v, want %+v", text, got, want)
		}
		if again := ParseColumn(want.String()); again != want {
			t.Errorf("%+v is written %q and read %+v", want, want.String(), again)
		}
	}
}

func TestBadMeddlingIsToldAtItsField(t *testing.T) {
	for field, value := range map[string]string{
		"memory_strength": "2", "memory_cap": "x", "select_with": "luck", "force": "3,x", "max_new": "0x", "k": "-1", "selector_seed": "a",
	} {
		d := ready(t)
		d.do(Set{"selector", "random"}).do(Set{field, value}).do(Submit{})
		if d.s.Problems[field] == "" || len(d.starts()) != 0 {
			t.Errorf("%s %q: problems %v, %d runs", field, value, d.s.Problems, len(d.starts()))
		}
	}
}

func TestOpened(t *testing.T) {
	d := ready(t).finish(events(t, "quest"))
	r := &picture.Run{}
	for _, e := range events(t, "snapkv") {
		if err := r.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	data := &lens.HeadTensors{Dim: 1}
	d.do(Show{"attention"}).do(Opened{Side: 1, Name: "run.safetensors", Run: r, Heads: func(int, int) (*lens.HeadTensors, error) { return data, nil }}).read()
	c := d.s.Columns[1]
	if c.File() == "" || c.Run() != r || c.Phase() != Done || c.Stale() || c.HeadData(*d.s.Head).Head != data {
		t.Errorf("column %+v", c)
	}
	many := make([]float32, mostHeadData/8+1)
	for n := range 2 {
		d.do(HeadArrived{Side: 1, Gen: c.Gen(), At: picture.Head{Layer: 1, Head: n}, Head: &lens.HeadTensors{Dim: 1, K: many}})
	}
	if got := d.s.Columns[1].Status.(Finished).HeadData; len(got) != 1 || got[*d.s.Head].Head != data {
		t.Errorf("%d heads are kept, want the one that is looked at", len(got))
	}
	d.do(Opened{Side: 1, Name: "run.safetensors", Run: r})
	if c := d.s.Columns[1].HeadData(*d.s.Head); c.Phase != Failed || c.Problem == "" {
		t.Errorf("a file without heads shows %+v", c)
	}
	// Attention maps are shown as such, of the locked head where the file has it.
	maps := &picture.Run{}
	if err := maps.Emit(&trace.Header{Layers: 1, Heads: 9, Tokens: make([]trace.Token, 4)}); err != nil {
		t.Fatal(err)
	}
	d.do(Show{"prompt"}).do(Lock{&picture.Head{Layer: 0, Head: 1}}).do(Opened{Side: 0, Name: "maps.npz", Run: maps, Heads: func(int, int) (*lens.HeadTensors, error) { return data, nil }})
	if d.s.View != "attention" || *d.s.Head != (picture.Head{Layer: 0, Head: 1}) {
		t.Errorf("maps are opened on view %s of head %v", d.s.View, d.s.Head)
	}
	d.s.Head = &picture.Head{Layer: 1}
	if d.do(Opened{Side: 0, Name: "maps.npz", Run: maps}); *d.s.Head != (picture.Head{}) {
		t.Errorf("of a file of one layer head %v is shown", d.s.Head)
	}
	d.do(Opened{Side: 1, Name: "run.safetensors", Run: r})
	c = d.s.Columns[1]
	// Events of the run that the file took the place of.
	d.do(Arrived{1, c.Gen() - 1, []trace.Event{&trace.Step{}}})
	if d.s.Columns[1].Run() != r {
		t.Error("a late event counts")
	}
	if d.do(Submit{}); d.s.Columns[1].File() != "" || len(d.starts()) != 2 {
		t.Error("a run does not take the place of the file")
	}
}

func TestHidingAndPlaying(t *testing.T) {
	d := ready(t)
	d.s.Place = ParseQuery("hide=timeline,controls,all")
	if d.s.Hide != "controls,timeline" || !d.s.Hides("timeline") || d.s.Hides("grid") {
		t.Errorf("hides %q", d.s.Hide)
	}
	d.finish(events(t, "quest")).do(PlayAt{"4"}).do(TogglePlay{})
	if !reflect.DeepEqual(d.effects, []Effect{Wait{Gen: 1, For: playStep / 4}}) {
		t.Errorf("effects %v", d.effects)
	}
	if d.do(faster(-10)); d.s.Speed != "1/4" || d.s.rest() != 4*playStep {
		t.Errorf("speed %s, rests %v", d.s.Speed, d.s.rest())
	}
	d.do(Toggle{"present"})
	if got := d.s.Press("Escape", false); got != (Toggle{"present"}) {
		t.Errorf("Esc is %v in a presentation", got)
	}
}

func TestEntry(t *testing.T) {
	d := ready(t).finish(events(t, "quest"))
	r := d.s.Columns[0].Run()
	if got, want := d.s.Entry(r), r.Gold(r.Lines()[d.s.Cursor()].Step); got != want {
		t.Errorf("entry %d, want that of the step, %d", got, want)
	}
	d.do(ChooseToken{Token: 9, Block: 0})
	if d.s.Entry(r) != 9 || d.s.PinnedBlock != 0 {
		t.Errorf("entry %d, block %d", d.s.Entry(r), d.s.PinnedBlock)
	}
	if d.do(PointToken{Token: 5, Block: 0}); d.s.Entry(r) != 5 {
		t.Errorf("entry %d under the pointer, want 5", d.s.Entry(r))
	}
	d.do(Leave{}).do(ChooseToken{Token: 9, Block: 0})
	if d.s.Token != None || d.s.Entry(nil) != None {
		t.Error("chosen twice, it is still held")
	}
}

// Pictures are saved as the page is, or on white where that is asked for.
func TestSavesDark(t *testing.T) {
	s := New(DefaultPlace(), nil)
	for _, step := range []struct {
		do   Action
		dark bool
	}{{SystemColours{Dark: true}, true}, {OnWhite{}, false}, {UseTheme{Light}, false}, {OnWhite{}, false}, {UseTheme{Dark}, true}} {
		if s, _ = s.Do(step.do); s.SavesDark() != step.dark {
			t.Errorf("after %#v pictures are saved dark: %v", step.do, s.SavesDark())
		}
	}
}

// TestKeep: a column's run goes among the traces.
func TestKeep(t *testing.T) {
	d := ready(t)
	if d.do(Keep{1}); len(d.effects) != 1 || d.effects[0] != (KeepRun{1}) {
		t.Errorf("effects %v", d.effects)
	}
}

// TestAsCommand: a column's run is copied as what was asked for; a file is not.
func TestAsCommand(t *testing.T) {
	d := ready(t)
	if d.do(AsCommand{1}); len(d.effects) != 1 {
		t.Fatalf("effects %v", d.effects)
	}
	if got, ok := d.effects[0].(CopyCommand); !ok || got.Request.Model == "" || !got.Request.Equal(d.s.Columns[1].Request()) {
		t.Errorf("copies %+v, the column asked for %+v", d.effects[0], d.s.Columns[1].Request())
	}
	d.s.Columns[0] = Column{}
	if d.do(AsCommand{0}); len(d.effects) != 1 || d.s.Toast.Text == "" {
		t.Errorf("of nothing: effects %v, said %q", d.effects, d.s.Toast.Text)
	}
}

// TestBasesThatDidNotEnd: what an edited run is compared with is asked for again where it was
// stopped, failed or was lost, and taken as it is where it is done or goes on.
func TestBasesThatDidNotEnd(t *testing.T) {
	for name, c := range map[string]struct {
		ends func(d *desk, base int)
		asks bool
	}{
		"stopped": {func(d *desk, _ int) { d.do(Stop{}) }, true},
		"stopped when its run was over": {func(d *desk, _ int) {
			d.do(Arrived{0, d.s.Columns[0].Gen(), events(t, "quest")}).do(Stop{})
		}, true},
		"failed":       {func(d *desk, base int) { d.do(Arrived{0, base, []trace.Event{&trace.Failure{Message: "no"}}}) }, true},
		"lost":         {func(d *desk, base int) { d.do(Ended{0, base, &client.LostError{Err: errors.New("cut")}}) }, true},
		"out of order": {func(d *desk, base int) { d.do(Arrived{0, base, []trace.Event{&trace.Step{}}}) }, true},
		"done":         {func(d *desk, base int) { d.do(Arrived{0, base, events(t, "quest")}).do(Stop{}) }, false},
		"goes on":      {func(*desk, int) {}, false},
	} {
		d := &desk{t: t, s: New(ParseQuery("force=4"), fourViews)}
		d.do(twoModels)
		base := d.starts()[1].Gen
		c.ends(d, base)
		canceled := slices.Contains(d.effects, Effect(Cancel{Gen: base}))
		d.do(Submit{})
		n := len(slices.DeleteFunc(d.starts(), func(s Start) bool { return s.Side != 0 || Edits(s.Request) }))
		if asks := n == 1; asks != c.asks || d.s.Columns[0].Base == nil {
			t.Errorf("%s: it is asked for again: %v, want %v", name, asks, c.asks)
		}
		if strings.HasPrefix(name, "stopped") && !canceled {
			t.Errorf("%s: it goes on", name)
		}
	}
}

// TestBlocksThatAreTyped: the form forces and drops the blocks of its lists, with commas or blanks
// between them.
func TestBlocksThatAreTyped(t *testing.T) {
	for list, want := range map[string]bool{"4": true, "3,4": true, "3, 4": true, "3 4 5": true, " 4 ": true, "3,\t4": true, "": false, "14": false, "40, 44": false} {
		f := DefaultForm().With("force", list)
		if f.Edited("force", 4) != want || f.Edited("drop", 4) {
			t.Errorf("%q forces block 4: %v, want %v", list, f.Edited("force", 4), want)
		}
	}
	d := ready(t).finish(events(t, "quest")).do(Set{"force", "3, 4"}).do(Edit{"force", 4})
	if d.s.Draft.Force != "3" {
		t.Errorf("pressed again, %q is forced", d.s.Draft.Force)
	}
}
