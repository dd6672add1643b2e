package chart

import (
	"bytes"
	"testing"
)

func TestLearning(t *testing.T) {
	charts := Learning([]Measured{
		{"attention", "Attention", false, "MK-1", 0.4, 0},
		{"attention", "Attention", false, "MK-1", 10, 0.25},
		{"attention", "Attention", false, "MK-1", 19.5, 0.5},
		{"attention", "Attention", false, "MV", 20, 0.75},
		{"ratplus", "RAT+", true, "MK-1", 12, 1},
	}, "exact answers")
	if len(charts) != 2 || charts[0].Title != "MK-1, exact answers" || charts[0].XMax != 20 {
		t.Fatalf("%+v", charts)
	}
	both := charts[0].Series
	if len(both) != 2 || len(both[0].Points) != 2 || both[0].Points[1].Y != 50 || both[1].Points[0].Y != 100 || both[0].Colour == both[1].Colour {
		t.Errorf("%+v", both)
	}
	if len(charts[1].Series) != 1 {
		t.Errorf("a model without a measurement is drawn: %+v", charts[1].Series)
	}
	if svg := charts[0].SVG(Properties); !bytes.Contains(svg, []byte("25.0% after 10 million tokens")) {
		t.Errorf("%s", svg)
	}
}
