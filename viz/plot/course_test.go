package plot

import (
	"math"
	"strings"
	"testing"
)

// A lane for every quantity, a gap where a value is not known, a bar for every answer, and
// names for as many places as there is room for, the last among them.
func TestCourse(t *testing.T) {
	c := &Course{
		Title: "t", Ticks: []string{"50", "1 000", "2 000", "10 000"}, At: 1,
		Lanes: []Lane{
			{Name: "loss", About: "of < all", Top: 8, TopText: "8", Curves: []Curve{{Values: []float64{8, 4, 2, 1}}}},
			{Name: "right", Top: 1, TopText: "100%", Curves: []Curve{{Values: []float64{math.NaN(), 0.5, math.NaN(), 1}}, {Values: []float64{0, 0, 1, 1}, Dashed: true}}},
			{Name: "heads", Top: 24, TopText: "24", Bars: []Bar{{Place: 1, Value: 12, Right: true, About: "12 of 24"}, {Place: 3, Value: 0}}},
		},
	}
	svg := c.SVG(400, 300)
	elements(t, svg)
	for what, want := range map[string]int{
		"data-lane=": 3, "data-bar=": 2, "<circle": 6, "stroke-dasharray": 1, "<path": 3, "of &lt; all": 1, ">100%<": 1, `data-at="1"`: 1,
		`fill="var(--right)"`: 1, `fill="var(--wrong)"`: 1, ">50<": 1, ">10 000<": 1,
	} {
		if got := strings.Count(svg, what); got != want {
			t.Errorf("%d of %s, want %d", got, what, want)
		}
	}
	if narrow := c.SVG(90, 300); strings.Contains(narrow, ">50<") || !strings.Contains(narrow, ">10 000<") {
		t.Error("names of places lie over each other, or the last has none")
	}
	if empty := (&Course{At: -1}).SVG(300, 200); strings.Contains(empty, "NaN") || strings.Contains(empty, "data-at") {
		t.Errorf("a course of nothing is %s", empty)
	}
	c.Legend = Legend{{Mark: MarkCurve, Text: "loss"}}
	if svg := c.SVG(400, 300); !strings.Contains(svg, ">loss<") || !strings.Contains(svg, `fill="var(--bg)"`) {
		t.Error("a saved picture has no legend")
	}
}
