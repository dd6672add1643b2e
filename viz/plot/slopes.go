package plot

import (
	"fmt"
	"html"
	"strconv"
)

// Slopes is two rankings of the same things side by side: a line for each from its place
// in the one to its place in the other, the first on top.
type Slopes struct {
	Title, From, To string
	Places          int // of a ranking
	Kept            int // how many of the best are kept; 0 where that is not so
	Lines           []Slope
	Legend          Legend // below; none when empty
}

// Slope is one thing, with places from 0.
type Slope struct {
	ID       int // told apart by, in data-slope
	From, To int
	Gold, On bool // holds the answer; is pointed out
	About    string
}

// SVG draws s into w by h.
func (s *Slopes) SVG(w, h float64) string {
	var d drawing
	h = d.openAbove(w, h, s.Title, s.Legend)
	const side, top, bottom = 34.0, 20.0, 8.0
	at := func(place float64) float64 { return top + (place+0.5)/float64(max(1, s.Places))*(h-top-bottom) }
	d.text(side, 12, 11, "middle", "var(--ink-2)", s.From)
	d.text(w-side, 12, 11, "middle", "var(--ink-2)", s.To)
	for _, x := range []float64{side, w - side} {
		d.line(x, top, x, h-bottom, "var(--line-strong)")
	}
	for _, place := range []int{0, s.Places / 2, s.Places - 1} {
		label := strconv.Itoa(place + 1)
		d.text(side-5, at(float64(place))+4, 11, "end", "var(--ink-3)", label)
		d.text(w-side+5, at(float64(place))+4, 11, "start", "var(--ink-3)", label)
	}
	if s.Kept > 0 && s.Kept < s.Places {
		y := at(float64(s.Kept) - 0.5)
		d.line(side, y, w-side, y, "var(--ink-2)", "stroke-dasharray", "4 3")
	}
	// What matters is drawn last, over the rest.
	for _, matters := range []bool{false, true} {
		for _, l := range s.Lines {
			if (l.Gold || l.On) == matters {
				s.slope(&d, l, side, w-side, at)
			}
		}
	}
	return d.close()
}

func (s *Slopes) slope(d *drawing, l Slope, x0, x1 float64, at func(float64) float64) {
	colour, wide := "var(--edge)", "0.7"
	switch {
	case l.Gold:
		colour, wide = "var(--gold)", "2.5"
	case l.On:
		colour, wide = "var(--ink)", "2"
	}
	fmt.Fprintf(&d.b, `<g data-slope="%d"><title>%s</title>`, l.ID, html.EscapeString(l.About))
	d.line(x0, at(float64(l.From)), x1, at(float64(l.To)), colour, "stroke-width", wide)
	for _, p := range [][2]float64{{x0, at(float64(l.From))}, {x1, at(float64(l.To))}} {
		fmt.Fprintf(&d.b, `<circle cx="%s" cy="%s" r="%s" fill="%s"/>`, n(p[0]), n(p[1]), map[bool]string{true: "3.5", false: "1.5"}[l.Gold || l.On], colour)
	}
	d.b.WriteString(`</g>`)
}
