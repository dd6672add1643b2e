package plot

import (
	"fmt"
	"strings"
)

// Part is one picture of several that are kept together.
type Part struct {
	SVG  string
	W, H float64
}

// Stack puts pictures below each other.
func Stack(title string, parts ...Part) string {
	var w, h float64
	for _, p := range parts {
		w, h = max(w, p.W), h+p.H
	}
	var d drawing
	d.open(w, h, title)
	d.rect(0, 0, w, h, "var(--bg)")
	y := 0.0
	for _, p := range parts {
		d.b.WriteString(`<g transform="translate(0 ` + n(y) + `)">` + p.SVG + `</g>`)
		y += p.H
	}
	return d.close()
}

// Caption puts lines of text above a drawing of this package, the first of them heavier
// than the rest; a drawing that is none stays as it is.
func Caption(svg string, lines ...string) string {
	var w, h float64
	if _, err := fmt.Sscanf(svg, opening, &w, &h); err != nil || len(lines) == 0 {
		return svg
	}
	const line, size, margin = 16.0, 12.0, 6.0
	tall := line*float64(len(lines)) + margin
	wide := w
	for _, s := range lines {
		wide = max(wide, textWidth(s, size)+16)
	}
	var d drawing
	d.open(wide, tall, "")
	for i, s := range lines {
		ink := "var(--ink-2)"
		if i == 0 {
			ink = "var(--ink)"
		}
		d.text(8, line*float64(i+1), size, "start", ink, s)
	}
	return Stack(strings.Join(lines, " "), Part{d.close(), wide, tall}, Part{svg, w, h})
}
