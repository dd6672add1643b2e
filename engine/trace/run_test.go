package trace

import (
	"reflect"
	"strings"
	"testing"
)

// long is a header of a prompt of 64 tokens, of which no piece is known.
func long() *Header {
	h := header()
	h.Tokens = make([]Token, 64)
	return h
}

// early is single at the first step.
func early() *Selection { return edit(single(), func(s *Selection) { s.Step = 0 }) }

func TestRunRefusesDisorder(t *testing.T) {
	first := &Step{Step: 0}
	done := &Done{}
	for _, c := range []struct {
		name   string
		events []Event
		want   string // of the last event's error; "" for none
	}{
		{"a whole run", []Event{long(), rows(), early(), first, &Step{Step: 1}, single(), done}, ""},
		{"a step ahead", []Event{long(), early(), edit(single(), func(s *Selection) { s.Step = 1 })}, ""},
		{"two steps ahead", []Event{long(), early(), single()}, "step: 2 where step 1 is next"},
		{"far ahead", []Event{long(), edit(single(), func(s *Selection) { s.Step = 1 << 30 })}, "step: 1073741824 where step 0"},
		{"queries beyond", []Event{long(), edit(rows(), func(s *Selection) { s.First = 62 })}, "first: 3 queries from position 62 on, of 64"},
		{"last query", []Event{long(), edit(rows(), func(s *Selection) { s.First = 61 })}, ""},
		{"query of the step", []Event{long(), first, edit(single(), func(s *Selection) { s.Step, s.First = 1, 64 })}, ""},
		{"query of the next", []Event{long(), first, edit(single(), func(s *Selection) { s.Step, s.First = 1, 65 })}, "of 65 positions"},
		{"wide unit", []Event{long(), edit(early(), func(s *Selection) { s.Unit = 17 })}, "unit: 17 positions per candidate, the run's blocks have 16"},
		{"candidates beyond", []Event{long(), edit(early(), func(s *Selection) { s.Unit = 8 })}, "candidates: 9 of 8 positions each, of 64"},
		{"step beyond", []Event{long(), &Step{Position: 64}}, "position: 64, of 64 positions"},
		{"last step", []Event{long(), &Step{Position: 63}}, ""},
		{"failure at once", []Event{&Failure{Message: "m"}}, ""},
		{"failure midway", []Event{header(), first, &Failure{Message: "m"}}, ""},
		{"selection first", []Event{single()}, "a header comes first"},
		{"step first", []Event{first}, "a header comes first"},
		{"done first", []Event{done}, "a header comes first"},
		{"two headers", []Event{header(), header()}, "has begun"},
		{"after done", []Event{header(), done, single()}, "is over"},
		{"done twice", []Event{header(), done, done}, "is over"},
		{"after failure", []Event{&Failure{Message: "m"}, header()}, "is over"},
		{"step skipped", []Event{header(), &Step{Step: 1}}, "step 0 is next"},
		{"step again", []Event{header(), first, first}, "step 1 is next"},
		{"foreign layer", []Event{header(), edit(single(), func(s *Selection) { s.Layer = 2 })}, "layer 2"},
		{"foreign head", []Event{header(), edit(single(), func(s *Selection) { s.Head = 3 })}, "head 3"},
		{"figures of a foreign head", []Event{header(), &Done{Hits: []Hit{{Head: 3}}}}, "head 3"},
		{"malformed", []Event{header(), edit(single(), func(s *Selection) { s.Picked = nil })}, "picked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r Run
			for i, e := range c.events {
				err := r.Emit(e)
				switch last := i == len(c.events)-1; {
				case !last && err != nil:
					t.Fatalf("event %d: %v", i, err)
				case last && c.want == "" && err != nil:
					t.Fatal(err)
				case last && c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
					t.Fatalf("error %v, want one about %q", err, c.want)
				}
			}
		})
	}
}

func TestRunFindsSelections(t *testing.T) {
	var r Run
	second := edit(rows(), func(s *Selection) { s.First = 8 })
	for _, e := range []Event{long(), rows(), second, &Step{}, &Step{Step: 1}, single()} {
		if err := r.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.Of(-1, 0, 0); !reflect.DeepEqual(got, []*Selection{rows(), second}) {
		t.Errorf("prefill of head 0: %+v", got)
	}
	if got := r.Selection(-1, 0, 0); got != second {
		t.Errorf("last of the prefill: %+v", got)
	}
	if got := r.Selection(2, 1, 2); !reflect.DeepEqual(got, single()) {
		t.Errorf("step 2: %+v", got)
	}
	if got := r.Selection(0, 0, 0); got != nil {
		t.Errorf("step 0 selected nothing, got %+v", got)
	}
}

// TestEventsInOnePass: what a run is made of is listed in an order that a run takes,
// however far steps and selections lie apart.
func TestEventsInOnePass(t *testing.T) {
	var r, again Run
	all := []Event{long(), rows(), early(), &Step{}, edit(single(), func(s *Selection) { s.Step = 1 }), &Step{Step: 1}, single(), &Done{}}
	for _, e := range all {
		if err := r.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.Events(); !reflect.DeepEqual(got, all) {
		t.Errorf("%v, want %v", got, all)
	}
	for _, e := range r.Events() {
		if err := again.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	// Looking for the selections of each step among all of them would take minutes.
	const steps = 100_000
	many := Run{Header: long(), Steps: make([]*Step, steps), Selections: make([]*Selection, steps)}
	for i := range steps {
		many.Steps[i], many.Selections[i] = &Step{Step: i}, &Selection{Step: steps - 1 - i}
	}
	events := many.Events()
	if len(events) != 2*steps+1 {
		t.Fatalf("%d events", len(events))
	}
	for i := range steps {
		if events[1+2*i].(*Selection).Step != i || events[2+2*i].(*Step).Step != i {
			t.Fatalf("step %d is %v, %v", i, events[1+2*i], events[2+2*i])
		}
	}
}
