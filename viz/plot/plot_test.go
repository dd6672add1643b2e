package plot

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

// elements counts the elements of a picture by name, which proves that it is XML.
func elements(t *testing.T, svg string) map[string]int {
	t.Helper()
	out := map[string]int{}
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
		if e, ok := token.(xml.StartElement); ok {
			out[e.Name.Local]++
		}
	}
}

func TestScatter(t *testing.T) {
	s := Scatter{Title: "a < b & c", XName: "score", YName: "mass", Dots: []Dot{
		{ID: 0, X: math.Inf(1), Y: 0.5, Picked: true, About: `"quoted" <b>`}, {ID: 1, X: -2, Y: 0.01}, {ID: 2, X: 3, Y: 0, Gold: true},
	}}
	svg := s.SVG(300, 200)
	if got := elements(t, svg); got["circle"] != 3 {
		t.Errorf("%d points, want 3", got["circle"])
	}
	if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
		t.Errorf("no place for a point: %s", svg)
	}
	for _, few := range [][]Dot{nil, {{X: 1, Y: 1}}, {{X: math.Inf(1), Y: 1}}} {
		if svg := (Scatter{Dots: few}).SVG(300, 200); strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
			t.Errorf("%d points: %s", len(few), svg)
		}
	}
}

func TestArcs(t *testing.T) {
	svg := Arcs{First: 10, Weights: []float32{0.1, 0, 0.3, 0.6}, Labels: []string{"a", "b", "c", "<d>"}}.SVG(400, 100)
	got := elements(t, svg)
	if got["path"] != 2 || got["rect"] != 3 {
		t.Errorf("%d arcs and %d bars, want 2 and 3", got["path"], got["rect"])
	}
	if !strings.Contains(svg, `data-at="12" data-weight="0.3"`) {
		t.Errorf("position 12 lacks its weight: %s", svg)
	}
	elements(t, Arcs{}.SVG(10, 10))
}

func TestCells(t *testing.T) {
	none := float32(math.NaN())
	c := Cells{Title: "t", Rows: []string{"a", "b"}, Cols: []string{"0", "1"}, Values: []float32{0, 0.5, none, 1}, Gold: []bool{true, false, false, false}}
	if got := elements(t, c.SVG(20)); got["rect"] != 1+3+1 {
		t.Errorf("%d rectangles, want the ground, three cells and a frame", got["rect"])
	}
	if got := elements(t, Picture{Title: "m", Href: "data:image/png;base64,AA==", W: 10, H: 10}.SVG()); got["image"] != 1 {
		t.Errorf("%v, want an image", got)
	}
}

func TestResolve(t *testing.T) {
	look := func(name string) string { return map[string]string{"--seq-0": "#000000", "--seq-1": "#ff8040"}[name] }
	if got := Resolve(`<rect fill="`+ramp(0.0625)+`"/>`, look); got != `<rect fill="#804020"/>` {
		t.Errorf("half way is %s", got)
	}
	if got := Resolve(ramp(0), look); got != "#000000" {
		t.Errorf("none is %s", got)
	}
}

// A caption stands above the drawing, as wide as it needs; what is no drawing stays.
func TestCaption(t *testing.T) {
	svg := Ranking{Title: "heads", Rows: []RankedRow{{Name: "L0"}}}.SVG()
	got := Caption(svg, "MK-2, seed 3", "What is it & where?")
	if !strings.Contains(got, "What is it &amp; where?</text>") || !strings.Contains(got, svg) || !strings.Contains(got, `translate(0 38)`) {
		t.Errorf("captioned: %s", got)
	}
	if long := Caption(svg, strings.Repeat("word ", 60)); strings.Count(long, ">word") < 3 || !strings.Contains(long, `width="560"`) {
		t.Errorf("a long line: %s", long)
	}
	if Caption("", "x") != "" || Caption(svg) != svg {
		t.Error("nothing has a caption, or a caption of nothing changes a drawing")
	}
}
