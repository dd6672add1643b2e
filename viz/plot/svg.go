package plot

import (
	"fmt"
	"html"
	"strconv"
	"strings"

	"kvscope/viz/paint"
)

// drawing is an SVG being written.
type drawing struct{ b strings.Builder }

// opening is how every drawing begins, up to its size.
const opening = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g"`

func (d *drawing) open(w, h float64, title string) {
	fmt.Fprintf(&d.b, strings.ReplaceAll(opening, "%g", "%s"), n(w), n(h))
	fmt.Fprintf(&d.b, ` width="%s" height="%s" role="img" font-family="sans-serif">`, n(w), n(h))
	if title != "" {
		fmt.Fprintf(&d.b, `<title>%s</title>`, html.EscapeString(title))
	}
}

// openAbove opens a picture with a legend at its foot, where there is one, and returns the
// height that is left above it.
func (d *drawing) openAbove(w, h float64, title string, l Legend) float64 {
	d.open(w, h, title)
	tall := l.height(w - 16)
	if tall <= 0 {
		return h
	}
	d.rect(0, 0, w, h, "var(--bg)")
	h -= tall + 6
	l.draw(d, h+2, w)
	return h
}

func (d *drawing) close() string { return d.b.String() + "</svg>" }

// rect paints a rectangle; more are further attributes.
func (d *drawing) rect(x, y, w, h float64, fill string, more ...string) {
	fmt.Fprintf(&d.b, `<rect x="%s" y="%s" width="%s" height="%s" fill="%s"%s/>`, n(x), n(y), n(w), n(h), html.EscapeString(fill), attributes(more))
}

func (d *drawing) line(x0, y0, x1, y1 float64, stroke string, more ...string) {
	fmt.Fprintf(&d.b, `<line x1="%s" y1="%s" x2="%s" y2="%s" stroke="%s"%s/>`, n(x0), n(y0), n(x1), n(y1), html.EscapeString(stroke), attributes(more))
}

// text writes s; anchor is start, middle or end.
func (d *drawing) text(x, y, size float64, anchor, fill, s string, more ...string) {
	fmt.Fprintf(&d.b, `<text x="%s" y="%s" font-size="%s" text-anchor="%s" fill="%s"%s>%s</text>`, n(x), n(y), n(size), anchor, html.EscapeString(fill), attributes(more), html.EscapeString(s))
}

// attributes are pairs of name and value.
func attributes(pairs []string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(&b, ` %s="%s"`, pairs[i], html.EscapeString(pairs[i+1]))
	}
	return b.String()
}

// n writes a coordinate, to a hundredth.
func n(v float64) string {
	s := strconv.FormatFloat(v, 'f', 2, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

// ramp is a colour of the sequential map, for a quantity within 0..1.
func ramp(v float32) string { return paint.Ramp(v).CSS() }
