package plot

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestEveryMarkIsDrawn, and none like another.
func TestEveryMarkIsDrawn(t *testing.T) {
	drawn := map[string]Mark{}
	source, err := os.ReadFile("mark.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`Mark = "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(declared) != len(shapes) {
		t.Errorf("%d marks are declared, %d have a shape", len(declared), len(shapes))
	}
	for _, name := range declared {
		m := Mark(name[1])
		var d drawing
		m.draw(&d, 0, 0)
		svg := d.b.String()
		if n := elements(t, "<svg>"+svg+"</svg>"); len(n) < 2 {
			t.Errorf("%s is not drawn", m)
		}
		if other, twice := drawn[svg]; twice {
			t.Errorf("%s looks like %s", m, other)
		}
		drawn[svg] = m
	}
}

// A saved picture has the legend that the page has.
func TestPicturesHaveTheirLegend(t *testing.T) {
	l := Legend{{Mark: MarkRamp, Text: "share < all", From: "0", To: "1 token"}, {Mark: MarkGold, Text: "answer"}, {Text: "position →"}}
	page := l.HTML()
	if strings.Count(page, `class="legend-key"`) != 3 || strings.Count(page, "<svg") != 2 || !strings.Contains(page, "share &lt; all 0<svg") || !strings.Contains(page, "</svg>1 token") {
		t.Errorf("on the page it is %s", page)
	}
	for name, svg := range map[string]string{
		"cells":   Cells{Rows: []string{"a"}, Cols: []string{"0"}, Values: []float32{1}, Legend: l}.SVG(16),
		"ranking": Ranking{Rows: []RankedRow{{Name: "L0·1", Value: 0.5, Corner: true}}, Legend: l}.SVG(),
		"picture": Picture{W: 300, H: 20, Legend: l}.SVG(),
		"scatter": Scatter{Dots: []Dot{{X: 1, Y: 1}}, Legend: l}.SVG(300, 200),
		"arcs":    Arcs{Weights: []float32{1}, Legend: l}.SVG(300, 200),
		"stack":   Stack("two", Part{Picture{W: 300, H: 20, Legend: l}.SVG(), 374, 100}, Part{Arcs{}.SVG(10, 10), 10, 10}),
	} {
		elements(t, svg)
		for _, word := range []string{"share &lt; all 0", "1 token", "answer", "position →"} {
			if !strings.Contains(svg, ">"+word+"<") {
				t.Errorf("%s: no %q in %s", name, word, svg)
			}
		}
	}
}

// Entries that do not fit beside each other go to the next line, within the picture.
func TestLegendsWrap(t *testing.T) {
	l := Legend{{Mark: MarkPicked, Text: "picked"}, {Mark: MarkNotPicked, Text: "not picked"}, {Mark: MarkOracle, Text: "truly heaviest"}}
	if one, two := l.height(400), l.height(190); two != 2*one {
		t.Errorf("it is %g high where it fits and %g where it does not", one, two)
	}
	l.layout(190, func(k Key, x, _ float64) {
		if x+k.width() > 190 {
			t.Errorf("%s ends at %g of 190", k.Text, x+k.width())
		}
	})
	if h := (Legend{}).height(100); h != 0 {
		t.Errorf("an empty legend is %g high", h)
	}
}

func TestResolveMixesMixtures(t *testing.T) {
	look := func(string) string { return "#000000" }
	if got := Resolve("color-mix(in srgb, color-mix(in srgb, #ffffff 50.0%, var(--a)) 50.0%, #000000)", look); got != "#404040" {
		t.Errorf("a quarter of white is %s", got)
	}
}
