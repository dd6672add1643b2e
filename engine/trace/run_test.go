package trace

import (
	"reflect"
	"strings"
	"testing"
)

func TestRunRefusesDisorder(t *testing.T) {
	first := &Step{Step: 0}
	done := &Done{}
	for _, c := range []struct {
		name   string
		events []Event
		want   string // of the last event's error; "" for none
	}{
		{"a whole run", []Event{header(), rows(), single(), first, &Step{Step: 1}, done}, ""},
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
	for _, e := range []Event{header(), rows(), second, single()} {
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
