package plot

import (
	"math"
	"strings"
	"testing"
)

// The axis of a sum has a zero without a sign, and every term its bar, its frame and its
// dot where it has them.
func TestParts(t *testing.T) {
	p := &Parts{Title: "t", Terms: []Term{
		{Value: 116, Other: -16, Mark: 110}, {Value: -3, Other: math.NaN(), Mark: -14}, {Value: 2, Other: math.NaN(), Mark: math.NaN()},
	}}
	svg := p.SVG(400, 200)
	if strings.Contains(svg, ">-0<") || !strings.Contains(svg, ">0<") {
		t.Errorf("the axis has no plain zero: %s", svg)
	}
	for what, want := range map[string]int{"data-term=": 3, "<circle": 2, `stroke="var(--edge)"`: 1} {
		if got := strings.Count(svg, what); got != want {
			t.Errorf("%d of %s, want %d", got, what, want)
		}
	}
	if empty := (&Parts{}).SVG(400, 200); !strings.HasPrefix(empty, "<svg") || strings.Contains(empty, "NaN") {
		t.Errorf("a sum of nothing is %s", empty)
	}
}
