package plot

import (
	"strings"
	"testing"
)

// Every thing has its line, the one with the answer over the rest, and the place down to
// which things are kept is marked only where some are left.
func TestSlopes(t *testing.T) {
	s := &Slopes{Title: "t", From: "by K", To: "by K̃", Places: 3, Kept: 2, Lines: []Slope{
		{ID: 0, From: 2, To: 0, Gold: true, About: "block 0 < 1"}, {ID: 1, From: 0, To: 1}, {ID: 2, From: 1, To: 2, On: true},
	}}
	svg := s.SVG(300, 200)
	for what, want := range map[string]int{"data-slope=": 3, `stroke="var(--gold)"`: 1, `stroke="var(--ink)"`: 1, "stroke-dasharray": 1, "block 0 &lt; 1": 1, ">by K<": 1} {
		if got := strings.Count(svg, what); got != want {
			t.Errorf("%d of %s, want %d", got, what, want)
		}
	}
	if strings.Index(svg, `data-slope="1"`) > strings.Index(svg, `data-slope="0"`) {
		t.Error("the line of the answer lies below another")
	}
	s.Kept = 3
	if strings.Contains(s.SVG(300, 200), "stroke-dasharray") {
		t.Error("all are kept, and a mark says how many")
	}
	if empty := (&Slopes{}).SVG(300, 200); !strings.HasPrefix(empty, "<svg") || strings.Contains(empty, "NaN") {
		t.Errorf("a ranking of nothing is %s", empty)
	}
}
