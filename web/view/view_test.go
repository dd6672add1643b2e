package view

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/history"
	"kvscope/engine/trace"
	"kvscope/web/picture"
	"kvscope/web/sample"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// page is a page with all views on which a run of a method is over, and the column that
// shows it, of one head.
func page(t *testing.T, method, arch, view string) (*state.Snapshot, *widget.ColumnView) {
	t.Helper()
	events, err := sample.Events(sample.Spec{Method: method, Model: arch, Memory: arch == "ratplus", Layers: 2, Heads: 2, Context: 256, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := state.Replay(arch, events, States(All()))
	head := picture.Head{Layer: 1, Head: 1}
	s, _ = s.Do(state.Lock{Head: &head})
	s, _ = s.Do(state.Show{View: view})
	r := &picture.Run{}
	for _, e := range events {
		if err := r.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	v := &widget.ColumnView{Name: "Attention", Run: r, Phase: state.Done, Step: r.Lines()[0].Step, Gold: r.Gold(0)}
	v.HeadData = state.HeadData{Phase: state.Done, Head: sample.Head(r.Header, 3)}
	v.Training = schooled()
	return &s, v
}

// schooled is a training of three steps, at the second, whose last is known to answer right.
func schooled() *state.Training {
	return &state.Training{Model: "ratplus", At: 1, Points: []history.Point{
		{Step: 50, Tokens: 400000, Loss: 7.3, First: 0.01},
		{Step: 1000, Tokens: 8000000, Loss: 1.5, First: 0.6, Exact: map[string]float64{"MK-1": 0.25}, FirstOf: map[string]float64{"MK-1": 0.75}},
		{Step: 9000, Tokens: 72000000, Loss: 0.6, First: 0.8, Exact: map[string]float64{"MK-1": 1}, FirstOf: map[string]float64{"MK-1": 1}},
	}, Answers: []state.Answer{{Phase: state.Loading}, {}, {Phase: state.Done, Score: 1, Hits: []trace.Hit{{Hit: true}, {}, {Hit: true}}}}}
}

func html(p Picture, f *Frame) string {
	return app.HTMLString(Box(Shown(All(), f.State), p, f))
}

// Every view is drawn by what stands in the list: its place on the chooser, its address,
// its keys, its table.
func TestEveryView(t *testing.T) {
	names := map[string]bool{}
	for _, v := range All() {
		t.Run(v.Name, func(t *testing.T) {
			if names[v.Name] || v.Title == "" || v.About == "" || !regexp.MustCompile("^[a-z-]+$").MatchString(v.Name) {
				t.Errorf("called %+v", v.View)
			}
			names[v.Name] = true
			s, column := page(t, "quest", "ratplus", v.Name)
			if got := state.New(state.ParseQuery(s.Query()), States(All())); got.Viewed().Name != v.Name {
				t.Errorf("its address %q leads to %s", s.Query(), got.Viewed().Name)
			}
			f := &Frame{ID: "0", Column: column, State: s}
			p := v.Of(column, s)
			page := html(p, f)
			for _, want := range []string{`data-view="` + v.Name + `"`, `value="` + v.Name + `" checked`, `aria-label="` + v.About + `"`} {
				if !strings.Contains(page, want) && !strings.Contains(page, strings.ReplaceAll(want, `" checked`, `"`)) {
					t.Errorf("no %s in %s", want, page[:min(len(page), 1500)])
				}
			}
			if rows := p.Table(f); len(rows) < 3 || len(rows[0]) < 3 {
				t.Errorf("a table of %d rows", len(rows))
			}
			for _, k := range v.Keys {
				if a := s.Press(k.Keys[0], k.Shift); !reflect.DeepEqual(a, k.Do(s)) {
					t.Errorf("its key %s does %#v", k.Label, a)
				}
			}
			if by := v.By(column, s); !reflect.TypeOf(by).Comparable() || by != v.By(column, s) {
				t.Errorf("%v cannot be told from another", by)
			}
		})
	}
}

// No key is taken twice.
func TestKeysAreApart(t *testing.T) {
	s := state.New(state.DefaultPlace(), States(All()))
	seen := map[string]bool{}
	for _, k := range s.Keys() {
		for _, name := range k.Keys {
			id := name + k.Label
			if seen[id] || k.About == "" {
				t.Errorf("key %q is listed twice or says nothing", id)
			}
			seen[id] = true
		}
	}
	if got := s.Press("s", false); got != (state.SetOption{Name: "shade", Value: "mass"}) {
		t.Errorf("s is %#v", got)
	}
	once, _ := s.Do(s.Press("s", false))
	if twice, _ := once.Do(once.Press("s", false)); once.Option("shade") != "mass" || twice.Option("shade") != "" {
		t.Errorf("the prompt is shaded by %q, and then by %q", once.Option("shade"), twice.Option("shade"))
	}
}

// What is not there is said, and nothing of it is saved.
func TestMissing(t *testing.T) {
	for _, c := range []struct {
		view, arch, says string
		change           func(*state.Snapshot, *widget.ColumnView)
	}{
		{"attention", "attention", "No head is locked", func(s *state.Snapshot, v *widget.ColumnView) { s.Head, v.HeadData = nil, state.HeadData{} }},
		{"attention", "attention", "The run is not over", func(_ *state.Snapshot, v *widget.ColumnView) { v.Phase, v.HeadData = state.Loading, state.HeadData{} }},
		{"attention", "attention", "Asking for the head", func(_ *state.Snapshot, v *widget.ColumnView) { v.HeadData = state.HeadData{Phase: state.Loading} }},
		{"memory", "ratplus", "no route", func(_ *state.Snapshot, v *widget.ColumnView) {
			v.HeadData = state.HeadData{Phase: state.Failed, Problem: "no route"}
		}},
		{"memory", "attention", "This model has no memory", func(_ *state.Snapshot, v *widget.ColumnView) { v.HeadData = state.HeadData{} }},
		{"training", "attention", "The steps of this model's training are not here: kvscope serve has those", func(_ *state.Snapshot, v *widget.ColumnView) { v.Training = nil }},
		{"memory", "ratplus", "There are no gates here", func(_ *state.Snapshot, v *widget.ColumnView) {
			h := *v.HeadData.Head
			h.Gate = nil
			v.HeadData.Head = &h
		}},
		{"attention", "attention", "The run was stopped.", func(_ *state.Snapshot, v *widget.ColumnView) { v.Phase, v.HeadData = state.Idle, state.HeadData{} }},
		{"block", "attention", "The run was stopped.", func(_ *state.Snapshot, v *widget.ColumnView) {
			v.Phase, v.HeadData = state.Idle, state.HeadData{Phase: state.Loading} // asked for before, of the run still shown
		}},
		{"memory", "ratplus", "The run failed.", func(_ *state.Snapshot, v *widget.ColumnView) { v.Phase, v.HeadData = state.Failed, state.HeadData{} }},
		{"attention", "attention", "This model has no head 20.1.", func(s *state.Snapshot, v *widget.ColumnView) {
			s.Head, v.HeadData = &picture.Head{Layer: 20, Head: 1}, state.HeadData{}
		}},
		{"scores", "attention", "This model has no head 1.7.", func(s *state.Snapshot, _ *widget.ColumnView) { s.Head = &picture.Head{Layer: 1, Head: 7} }},
		{"scores", "attention", "Each head has its own scores", func(s *state.Snapshot, _ *widget.ColumnView) { s.Head = nil }},
	} {
		s, column := page(t, "quest", c.arch, c.view)
		c.change(s, column)
		v := Shown(All(), s)
		f, p := &Frame{ID: "0", Column: column, State: s}, v.Of(column, s)
		page := strings.ReplaceAll(html(p, f), "&#39;", "'")
		if said := strings.ReplaceAll(page, "</b><span>", " "); !strings.Contains(said, c.says) {
			t.Errorf("%s: no %q", c.view, c.says)
		}
		if asks := strings.Contains(page, `role="progressbar"`); asks != strings.HasPrefix(c.says, "Asking") {
			t.Errorf("%s, %s: the bar of what is on its way is shown: %v", c.view, c.says, asks)
		}
		if p.SVG(f, "title").SVG != "" || p.Table(f) != nil {
			t.Errorf("%s, %s: something is saved", c.view, c.says)
		}
	}
}

// The table of the scores has what the method gave and the attention beside it.
func TestScoresAreTheTraces(t *testing.T) {
	s, column := page(t, "quest", "attention", "scores")
	p := Scores().Of(column, s)
	f := &Frame{ID: "0", Column: column, State: s}
	sel := column.Run.Selection(0, 1, 1)
	for _, row := range p.Table(f)[1:] {
		var block int
		for block = range sel.Candidates {
			if row[0] == exact(float32(block)) {
				break
			}
		}
		if row[1] != exact(sel.Scores[block]) || (row[3] == "true") != sel.Has(0, block) {
			t.Errorf("block %s has %v, the trace %v", row[0], row, sel.Scores[block])
		}
	}
	if svg := p.SVG(f, "Attention"); !strings.Contains(svg.SVG, "<circle") || len(svg.Lines) != 1 {
		t.Errorf("saved as %v", svg)
	}
}
