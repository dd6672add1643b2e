package plot

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// Course draws several quantities at the same places along a course, such as the steps of a
// training, a lane for each.
type Course struct {
	Title  string
	Ticks  []string // the places, of which those are named that there is room for
	At     int      // the place pointed out, -1 for none
	Lanes  []Lane
	Legend Legend // below; none when empty
}

// Lane is one quantity, from 0 to Top.
type Lane struct {
	Name, About string
	Top         float64
	TopText     string // Top in words
	Curves      []Curve
	Bars        []Bar
}

// Curve is a line through the values that are known; NaN is none.
type Curve struct {
	Values []float64
	Dashed bool
}

// Bar is a value of one place; Right says by its colour what came of it.
type Bar struct {
	Place int
	Value float64
	Right bool
	About string
}

// Margins of a course. A slider beside it that begins and ends where its places do has
// these too, in pixels.
const (
	courseLeft, courseRight = 44.0, 8.0
	courseBottom            = 18.0
	courseName              = 15.0 // of a lane, above it
)

// SVG draws c into w by h.
func (c *Course) SVG(w, h float64) string {
	var d drawing
	h = d.openAbove(w, h, c.Title, c.Legend)
	wide := (w - courseLeft - courseRight) / float64(max(1, len(c.Ticks)))
	x := func(place int) float64 { return courseLeft + wide*(float64(place)+0.5) }
	if c.At >= 0 {
		d.rect(x(c.At)-wide/2, 0, wide, h-courseBottom, "var(--accent)", "fill-opacity", "0.14", "data-at", fmt.Sprint(c.At))
	}
	tall := (h - courseBottom) / float64(max(1, len(c.Lanes)))
	for i, l := range c.Lanes {
		l.draw(&d, float64(i)*tall, tall, w, wide, x)
	}
	longest := 0.0
	for _, tick := range c.Ticks {
		longest = max(longest, textWidth(tick, 11))
	}
	every := max(1, int(math.Ceil((longest+4)/max(wide, 1))))
	for i, last := 0, len(c.Ticks)-1; i <= last; i++ {
		if (last-i)%every == 0 {
			d.text(x(i), h-4, 11, "middle", "var(--ink-3)", c.Ticks[i])
		}
	}
	return d.close()
}

// draw draws a lane below top.
func (l Lane) draw(d *drawing, top, tall, w, wide float64, x func(int) float64) {
	fmt.Fprintf(&d.b, `<g data-lane="%s"><title>%s</title>`, html.EscapeString(l.Name), html.EscapeString(l.About))
	floor := top + tall - 2
	at := func(v float64) float64 { return floor - min(max(v/max(l.Top, 1e-9), 0), 1)*(tall-courseName-4) }
	for _, v := range []float64{0, l.Top} {
		d.line(courseLeft, at(v), w-courseRight, at(v), "var(--line)")
	}
	d.text(courseLeft-5, at(0), 11, "end", "var(--ink-3)", "0")
	d.text(courseLeft-5, at(l.Top)+7, 11, "end", "var(--ink-3)", l.TopText)
	d.text(courseLeft, top+courseName-4, 11, "start", "var(--ink-2)", l.Name)
	for _, b := range l.Bars {
		fill := "var(--wrong)"
		if b.Right {
			fill = "var(--right)"
		}
		fmt.Fprintf(&d.b, `<g data-bar="%d"><title>%s</title>`, b.Place, html.EscapeString(b.About))
		d.rect(x(b.Place)-0.3*wide, at(b.Value)-1, 0.6*wide, floor-at(b.Value)+1, fill)
		d.b.WriteString(`</g>`)
	}
	for _, c := range l.Curves {
		c.draw(d, x, at)
	}
	d.b.WriteString(`</g>`)
}

func (c Curve) draw(d *drawing, x func(int) float64, at func(float64) float64) {
	colour, dashes := "var(--accent)", ""
	if c.Dashed {
		colour, dashes = "var(--ink-2)", ` stroke-dasharray="4 3"`
	}
	var path strings.Builder
	command := "M"
	for i, v := range c.Values {
		if math.IsNaN(v) {
			command = "M" // a gap
			continue
		}
		path.WriteString(command + n(x(i)) + " " + n(at(v)))
		command = "L"
		if !c.Dashed {
			fmt.Fprintf(&d.b, `<circle cx="%s" cy="%s" r="2.5" fill="%s"/>`, n(x(i)), n(at(v)), colour)
		}
	}
	if path.Len() > 0 {
		fmt.Fprintf(&d.b, `<path d="%s" fill="none" stroke="%s" stroke-width="1.8"%s/>`, path.String(), colour, dashes)
	}
}
