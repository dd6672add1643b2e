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
// than the rest; a drawing that is none stays as it is. What is longer than the drawing is
// wide, and than leastCaption, goes on in another line.
func Caption(svg string, lines ...string) string {
	var w, h float64
	if _, err := fmt.Sscanf(svg, opening, &w, &h); err != nil || len(lines) == 0 {
		return svg
	}
	const line, size, margin = 16.0, 12.0, 6.0
	wide, y := max(w, leastCaption), 0.0
	var d drawing
	for i, s := range lines {
		ink := "var(--ink-2)"
		if i == 0 {
			ink = "var(--ink)"
		}
		for _, part := range wrap(s, size, wide-16) {
			y += line
			d.text(8, y, size, "start", ink, part)
		}
	}
	tall, body := y+margin, d.b.String()
	d = drawing{}
	d.open(wide, tall, "")
	d.b.WriteString(body)
	return Stack(strings.Join(lines, " "), Part{d.close(), wide, tall}, Part{svg, w, h})
}

// leastCaption is how wide a caption may be above a drawing that is narrower.
const leastCaption = 560.0

// wrap breaks a text between words into lines of at most a width.
func wrap(text string, size, width float64) []string {
	var out []string
	line := ""
	for _, word := range strings.Split(text, " ") {
		if line != "" && textWidth(line+" "+word, size) > width {
			out, line = append(out, line), word
			continue
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(out, line)
}
