package plot

import (
	"fmt"
	"html"
	"unicode/utf8"
)

// Legend says in one line what the colours and marks of a picture mean.
type Legend []Key

// Key is one entry of a legend: a mark as the picture has it, and what it means.
type Key struct {
	Mark Mark
	Text string
	// From and To are the values at the ends of a scale, with the unit if there is one;
	// empty for marks that are no scale.
	From, To string
}

// scale reports whether k is a scale: what it measures stands before it then, not after.
func (k Key) scale() bool { return k.From != "" || k.To != "" }

// HTML writes l for a page: a span for each entry, to be laid out by its style sheet.
func (l Legend) HTML() string {
	var d drawing
	d.b.WriteString(`<span class="legend-keys">`)
	for _, k := range l {
		before, after := "", k.Text
		if k.scale() {
			before, after = k.Text+" "+k.From, k.To
		}
		d.b.WriteString(`<span class="legend-key">` + html.EscapeString(before))
		if w := k.Mark.width(); w > 0 {
			fmt.Fprintf(&d.b, `<svg viewBox="0 0 %s %s" aria-hidden="true">`, n(w), n(markHeight))
			k.Mark.draw(&d, 0, 0)
			d.b.WriteString(`</svg>`)
		}
		d.b.WriteString(html.EscapeString(after) + `</span>`)
	}
	return d.b.String() + `</span>`
}

// Measures of a legend within a picture, in pixels.
const (
	legendSize = 11.0 // of its letters
	legendLine = 17.0 // from one line to the next
	legendGap  = 14.0 // between entries
	// letter is how wide a letter is on average, of its size: a picture does not know
	// the font it will be shown in, so this is on the wide side.
	letter = 0.56
)

// textWidth is about how wide s is.
func textWidth(s string, size float64) float64 {
	return float64(utf8.RuneCountInString(s)) * size * letter
}

// width is about how wide the entry is.
func (k Key) width() float64 {
	w := k.Mark.width() + 5 + textWidth(k.Text, legendSize)
	if k.scale() {
		w += 10 + textWidth(k.From+k.To, legendSize)
	}
	return w
}

// layout calls f with the place of every entry within w, and returns the height.
func (l Legend) layout(w float64, f func(k Key, x, y float64)) float64 {
	if len(l) == 0 {
		return 0
	}
	x, y := 0.0, 0.0
	for _, k := range l {
		wide := k.width()
		if x > 0 && x+wide > w {
			x, y = 0, y+legendLine
		}
		f(k, x, y)
		x += wide + legendGap
	}
	return y + legendLine
}

// height is how much of a picture of width w the legend takes.
func (l Legend) height(w float64) float64 { return l.layout(w, func(Key, float64, float64) {}) }

// legendMargin is the space between a legend and the picture's edge on either side.
const legendMargin = 8

// draw writes l into a picture of width w, with its upper edge at y.
func (l Legend) draw(d *drawing, y, w float64) {
	l.layout(w-2*legendMargin, func(k Key, dx, dy float64) {
		at, base := legendMargin+dx, y+dy+11
		write := func(s string) {
			d.text(at, base, legendSize, "start", "var(--ink-2)", s)
			at += textWidth(s, legendSize) + 5
		}
		after := k.Text
		if k.scale() {
			write(k.Text + " " + k.From)
			after = k.To
		}
		if wide := k.Mark.width(); wide > 0 {
			k.Mark.draw(d, at, base-9)
			at += wide + 5
		}
		write(after)
	})
}
