package view

import (
	"reflect"
	"strings"
	"testing"
)

// The training shows what is known of every step: what was measured, and how the heads did
// on the question where it was asked.
func TestTraining(t *testing.T) {
	s, column := page(t, "quest", "ratplus", "training")
	column.Run.Header.Task = "MK-1"
	f := &Frame{ID: "0", Side: 1, Column: column, State: s}
	p := Training().Of(column, s)
	drawn := html(p, f)
	for _, want := range []string{
		`data-step="1000"`, `aria-label="step of the training of ratplus"`, `max="2"`, `data-testid="every-0"`, `aria-pressed="false"`,
		`aria-valuetext="step `, `8 million tokens: loss 1.50; 25.0% of MK-1 right, first tokens 75.0%"`,
	} {
		if !strings.Contains(drawn, want) {
			t.Errorf("no %s in %s", want, drawn)
		}
	}
	want := [][]string{
		{"step", "tokens", "loss", "exact", "first_tokens", "heads_holding", "score"},
		{"50", "400000", "7.3", "", "", "", ""},
		{"1000", "8000000", "1.5", "0.25", "0.75", "", ""},
		{"9000", "72000000", "0.6", "1", "1", "2", "1"},
	}
	if got := p.Table(f); !reflect.DeepEqual(got, want) {
		t.Errorf("the table is %v", got)
	}
	svg := p.SVG(f, "RAT+")
	for _, want := range []string{`data-at="1"`, "right, of MK-1, held out", "2 of 4 heads hold the needle, the answer is 100.0% right", ">answered right<"} {
		if !strings.Contains(svg.SVG, want) {
			t.Errorf("no %q in %s", want, svg.SVG)
		}
	}
	column.Run.Header.Task = "" // own text
	if got := Training().Of(column, s).Table(f); got[1][4] != "0.01" || got[2][3] != "" {
		t.Errorf("of a text of one's own it says %v", got)
	}
	by := Training().By(column, s)
	column.Training.Learned++
	if Training().By(column, s) == by {
		t.Error("what was learned is not drawn")
	}
	column.Training = nil
	if none := Training().Of(column, s); none.Table(f) != nil || none.SVG(f, "").SVG != "" {
		t.Error("nothing is saved as something")
	}
}
