package state

import (
	"slices"
	"testing"
)

// Views come by name, in the order they are handed in, and the first is shown where a
// link names none that there is.
func TestViews(t *testing.T) {
	d := ready(t).finish(events(t, "quest"))
	for _, c := range []struct {
		query, shown, link string
	}{
		{"task=MK-1", "prompt", "task=MK-1"}, {"view=memory", "memory", "view=memory"},
		{"view=prompt", "prompt", "task=MK-1"}, {"view=another", "prompt", "task=MK-1"},
	} {
		d.do(Restore{ParseQuery(c.query)})
		if d.s.Viewed().Name != c.shown || d.s.Query() != c.link {
			t.Errorf("%q shows %s under %q, want %s under %q", c.query, d.s.Viewed().Name, d.s.Query(), c.shown, c.link)
		}
	}
	var seen []string
	for range len(fourViews) + 1 {
		seen = append(seen, d.s.Viewed().Name)
		d.do(d.s.Press("v", false))
	}
	if !slices.Equal(seen, []string{"prompt", "attention", "memory", "scores", "prompt"}) {
		t.Errorf("the key goes through %v", seen)
	}
	if d.s = New(ParseQuery("view=scores"), fourViews); d.s.Viewed().Name != "scores" {
		t.Errorf("a page opens at %s", d.s.Viewed().Name)
	}
}

// TestOneLinkAChange: what is pointed at writes no address, and what is changed writes one.
func TestOneLinkAChange(t *testing.T) {
	d := ready(t).finish(events(t, "quest"))
	links := func(do ...Action) int {
		n := 0
		for _, a := range do {
			d.do(a)
			for _, e := range d.effects {
				if _, links := e.(Link); links {
					n++
				}
			}
		}
		return n
	}
	var moves []Action
	for b := range 20 {
		moves = append(moves, Point{Block: b, Line: b % 3}, PointToken{Token: b, Block: b / 16})
	}
	if n := links(append(moves, Leave{})...); n != 0 {
		t.Errorf("%d addresses for 41 moves of the pointer, want none", n)
	}
	for name, change := range map[string][]Action{
		"press": {Choose{Line: 1, Block: 4}}, "view": {Show{"memory"}}, "step": {Step{1}}, "another budget": {Set{"budget", "1/4"}, Submit{}},
		"force": {Edit{"force", 4}}, "toggle": {Toggle{"wide"}},
	} {
		if n := links(change...); n != 1 {
			t.Errorf("%s: %d addresses, want one", name, n)
		}
	}
	if n := links(Show{d.s.Viewed().Name}, GoTo{d.s.Line}); n != 0 {
		t.Errorf("%d addresses for no change", n)
	}
}
