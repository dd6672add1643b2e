package state

import (
	"errors"
	"slices"
	"testing"

	"kvscope/engine/lens"
	"kvscope/engine/trace"
	"kvscope/web/picture"
)

// of is the columns that runs are started in.
func of(starts []Start) (sides []int) {
	for _, s := range starts {
		sides = append(sides, s.Side)
	}
	return sides
}

// A file that a reload opens again takes its column, whether it or the server comes
// first; the other columns run.
func TestFileSurvivesReload(t *testing.T) {
	again := Opened{Side: 0, Name: "run.safetensors", Run: replayed(t), Again: true}
	for name, order := range map[string][]Action{
		"server first": {twoModels, again},
		"file first":   {again, twoModels},
	} {
		d := &desk{t: t, s: New(DefaultPlace(), fourViews)}
		d.do(Restore{Place: ParseQuery("line=2&view=prompt&at=3")}).do(Awaited{Side: 0, Name: "run.safetensors"})
		if c := d.s.Columns[0]; c.File() != "run.safetensors" || c.Phase() != Loading {
			t.Errorf("%s: while the file is awaited the column is %+v", name, c)
		}
		var started []int
		for _, a := range order {
			started = append(started, of(d.do(a).starts())...)
		}
		if !slices.Equal(started, []int{1}) {
			t.Errorf("%s: runs start in columns %v, want 1 alone", name, started)
		}
		if c := d.s.Columns[0]; c.Run() != again.Run || c.Phase() != Done {
			t.Errorf("%s: the column is %+v", name, c)
		}
		if d.s.Line != 2 || d.s.PinnedBlock != 3 || d.s.View != "" || d.s.Toast.Text != "" {
			t.Errorf("%s: the eye rests elsewhere: %+v", name, d.s.Place)
		}
		// A server that went away and came back, or the way back, does not close the file.
		d.do(MetaFailed{Err: errors.New("gone")})
		if got := of(d.do(twoModels).starts()); !slices.Equal(got, []int{1}) || d.s.Columns[0].File() == "" {
			t.Errorf("%s: when the server is back, runs start in columns %v", name, got)
		}
		if got := of(d.do(Restore{Place: ParseQuery("seed=9")}).starts()); !slices.Equal(got, []int{1}) || d.s.Columns[0].File() == "" {
			t.Errorf("%s: on the way back, runs start in columns %v", name, got)
		}
		d.do(Submit{})
		if !slices.Contains(d.effects, Effect(LetGo{Side: 0})) || slices.Contains(d.effects, Effect(LetGo{Side: 1})) || len(d.starts()) != 2 {
			t.Errorf("%s: by hand, effects %v", name, d.effects)
		}
	}
}

// Columns that all show files want no model.
func TestOnlyFiles(t *testing.T) {
	d := &desk{t: t, s: New(DefaultPlace(), fourViews)}
	d.do(Opened{Side: 0, Name: "a", Run: replayed(t)}).do(Opened{Side: 1, Name: "b", Run: replayed(t)}).do(Opened{Side: 2, Name: "c", Run: replayed(t)})
	if d.do(twoModels); len(d.starts()) != 0 || len(d.s.Problems) != 0 || d.s.Shown() != 3 {
		t.Errorf("starts %v, problems %v, %d columns", d.starts(), d.s.Problems, d.s.Shown())
	}
	if d.do(Submit{}); !slices.Contains(d.effects, Effect(LetGo{Side: 2})) || d.s.Shown() != 2 {
		t.Errorf("a run of two columns leaves %d, effects %v", d.s.Shown(), d.effects)
	}
}

// Why a file cannot be opened stands at its column, which shows what it showed.
func TestNotOpened(t *testing.T) {
	d := ready(t).finish(events(t, "quest"))
	was := d.s.Columns[1].Run()
	d.do(NotOpened{Side: 1, Name: "x.npz", Problem: "the sum is 1.8"})
	if c := d.s.Columns[1]; c.Unopened != (Problem{Message: "x.npz cannot be opened", Advice: "the sum is 1.8"}) || c.Run() != was || c.Phase() != Done {
		t.Errorf("column %+v", c)
	}
	if d.do(Dismiss{Side: 1}); d.s.Columns[1].Unopened != (Problem{}) {
		t.Error("the message stays")
	}
	d.do(NotOpened{Side: 1, Name: "x.npz", Problem: "p"})
	if d.do(Opened{Side: 1, Name: "y.npz", Run: replayed(t)}); d.s.Columns[1].Unopened != (Problem{}) {
		t.Error("the message stays beside another file")
	}
	d.do(Awaited{Side: 0, Name: "gone.npz"}).do(NotOpened{Side: 0, Name: "gone.npz", Problem: "p"})
	if c := d.s.Columns[0]; c.File() != "" || c.Phase() != Idle || c.Unopened.Advice != "p" {
		t.Errorf("a file that is gone leaves %+v", c)
	}
}

// After a reload maps are shown as they were looked at, of a head that they have.
func TestMapsAfterReload(t *testing.T) {
	maps := &picture.Run{}
	if err := maps.Emit(&trace.Header{Layers: 1, Heads: 2, Tokens: make([]trace.Token, 4)}); err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, s: New(ParseQuery("view=prompt&head=5.5"), fourViews)}
	d.do(Opened{Name: "m", Run: maps, Heads: func(int, int) (*lens.HeadTensors, error) { return &lens.HeadTensors{}, nil }, Again: true})
	if d.s.View != "" || *d.s.Head != (picture.Head{}) {
		t.Errorf("view %s, head %v", d.s.View, d.s.Head)
	}
}

// Heads of a file are read when they are looked at, and once.
func TestHeadsOfFilesAreReadWhenLookedAt(t *testing.T) {
	asked := map[picture.Head]int{}
	heads := func(l, n int) (*lens.HeadTensors, error) {
		asked[picture.Head{Layer: l, Head: n}]++
		return &lens.HeadTensors{Dim: 1}, nil
	}
	d := ready(t).finish(events(t, "quest"))
	if d.do(Opened{Side: 1, Name: "run.safetensors", Run: replayed(t), Heads: heads}); len(asked) != 0 {
		t.Errorf("heads read before any is looked at: %v", asked)
	}
	at := picture.Head{Layer: 1, Head: 2}
	d.do(Show{"attention"}).read().do(Lock{&at}).read().do(Show{"memory"}).read().do(Show{"attention"}).read()
	if asked[at] != 1 || d.s.Columns[1].HeadData(at).Phase != Done || len(asked) > 2 {
		t.Errorf("heads read %v, the one looked at is %+v", asked, d.s.Columns[1].HeadData(at))
	}
}

// TestOpenedMaps: what a file has beside its attention maps is heard of.
func TestOpenedMaps(t *testing.T) {
	for _, c := range []struct {
		method string
		want   string
	}{{"", "maps.npz is open; ignored, as attention maps have no use for it: mask, hidden"}, {"quest", "maps.npz is open"}} {
		r := replayed(t)
		header := *r.Header
		header.Method, header.Ignored = c.method, []string{"mask", "hidden"}
		r.Header = &header
		if d := ready(t).do(Opened{Name: "maps.npz", Run: r}); d.s.Toast.Text != c.want {
			t.Errorf("%q: heard is %q, want %q", c.method, d.s.Toast.Text, c.want)
		}
	}
}
