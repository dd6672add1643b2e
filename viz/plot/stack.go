package plot

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
