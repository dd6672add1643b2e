package plot

import (
	"math"
)

// Cells is a table of quantities within 0..1 drawn as coloured cells; NaN is none.
type Cells struct {
	Title      string
	RowName    string
	ColName    string
	Rows, Cols []string
	Values     []float32 // [Rows, Cols]
	Gold       []bool    // [Rows, Cols], framed; may be nil
	Oracle     []bool    // [Rows, Cols], underlined; may be nil
}

// SVG draws c with cells of the given size.
func (c Cells) SVG(cell float64) string {
	const left, top, size = 90.0, 40.0, 11.0
	w, h := left+cell*float64(len(c.Cols))+10, top+cell*float64(len(c.Rows))+10
	var d drawing
	d.open(max(w, 260), h, c.Title)
	d.rect(0, 0, max(w, 260), h, "var(--bg)")
	d.text(8, 16, 13, "start", "var(--ink)", c.Title, "font-weight", "600")
	d.text(left-6, top-6, size, "end", "var(--ink-3)", c.RowName+" / "+c.ColName)
	every := int(math.Ceil(22 / cell))
	for i, name := range c.Cols {
		if i%every == 0 {
			d.text(left+(float64(i)+0.5)*cell, top-6, size, "middle", "var(--ink-3)", name)
		}
	}
	down := int(math.Ceil(13 / cell))
	for r, name := range c.Rows {
		y := top + float64(r)*cell
		if r%down == 0 {
			d.text(left-6, y+cell/2+4, size, "end", "var(--ink-2)", name)
		}
		for i := range c.Cols {
			at := r*len(c.Cols) + i
			v := c.Values[at]
			if math.IsNaN(float64(v)) {
				continue
			}
			x := left + float64(i)*cell
			d.rect(x, y, cell-1, cell-1, ramp(v))
			if c.Oracle != nil && c.Oracle[at] {
				d.rect(x, y+cell-3.5, cell-1, 2.5, "var(--oracle)")
			}
			if c.Gold != nil && c.Gold[at] {
				d.rect(x+0.5, y+0.5, cell-2, cell-2, "none", "stroke", "var(--gold)", "stroke-width", "2")
			}
		}
	}
	return d.close()
}

// Picture is an image with its axes: what a canvas shows, framed to be kept.
type Picture struct {
	Title        string
	XName, YName string
	X0, X1       string // at the ends of the horizontal axis
	Y0, Y1       string
	Href         string // of the image, a data URL
	W, H         float64
}

// SVG draws p.
func (p Picture) SVG() string {
	const left, top, bottom = 60.0, 28.0, 24.0
	var d drawing
	w, h := left+p.W+14, top+p.H+bottom
	d.open(w, h, p.Title)
	d.rect(0, 0, w, h, "var(--bg)")
	d.text(8, 17, 13, "start", "var(--ink)", p.Title, "font-weight", "600")
	d.b.WriteString(`<image x="` + n(left) + `" y="` + n(top) + `" width="` + n(p.W) + `" height="` + n(p.H) + `" href="` + p.Href + `"/>`)
	d.text(left, top+p.H+15, 11, "start", "var(--ink-3)", p.X0)
	d.text(left+p.W, top+p.H+15, 11, "end", "var(--ink-3)", p.X1)
	d.text(left+p.W/2, top+p.H+15, 11, "middle", "var(--ink-2)", p.XName)
	d.text(left-6, top+10, 11, "end", "var(--ink-3)", p.Y0)
	d.text(left-6, top+p.H, 11, "end", "var(--ink-3)", p.Y1)
	d.text(left-6, top+p.H/2, 11, "end", "var(--ink-2)", p.YName)
	return d.close()
}
