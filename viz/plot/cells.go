package plot

import (
	"fmt"
	"math"
)

// Cells is a table of quantities within 0..1 drawn as coloured cells; NaN is none.
type Cells struct {
	Title      string
	RowName    string
	ColName    string
	Rows, Cols []string
	Values     []float32 // [Rows, Cols]
	Fills      []string  // [Rows, Cols], colours instead of those of the values; may be nil
	Gold       []bool    // [Rows, Cols], framed; may be nil
	Oracle     []bool    // [Rows, Cols], underlined; may be nil
	Corner     []bool    // [Rows, Cols], marked in a corner; may be nil
	Needles    []bool    // [Cols], marked above; may be nil
	Answers    []bool    // [Cols], the same, where the answer stands
	Legend     Legend
}

// SVG draws c with cells of the given size.
func (c Cells) SVG(cell float64) string {
	const left, top, size = 90.0, 46.0, 11.0
	w := max(left+cell*float64(len(c.Cols))+10, 460)
	foot := top + cell*float64(len(c.Rows)) + 8
	h := foot + c.Legend.height(w-16) + 4
	var d drawing
	d.open(w, h, c.Title)
	d.rect(0, 0, w, h, "var(--bg)")
	d.text(8, 16, 13, "start", "var(--ink)", c.Title, "font-weight", "600")
	d.text(left-6, top-10, size, "end", "var(--ink-3)", c.RowName+" / "+c.ColName)
	every := int(math.Ceil(22 / cell))
	for i, name := range c.Cols {
		if i%every == 0 {
			d.text(left+(float64(i)+0.5)*cell, top-10, size, "middle", "var(--ink-3)", name)
		}
		switch x := left + float64(i)*cell; {
		case c.Answers != nil && c.Answers[i]:
			d.rect(x, top-7, cell-1, 5, "var(--gold)")
		case c.Needles != nil && c.Needles[i]:
			d.rect(x, top-5, cell-1, 2, "var(--edge)")
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
			fill := ramp(v)
			if c.Fills != nil {
				fill = c.Fills[at]
			}
			d.rect(x, y, cell-1, cell-1, fill)
			if c.Oracle != nil && c.Oracle[at] {
				d.rect(x, y+cell-3.5, cell-1, 2.5, "var(--oracle)")
			}
			if c.Gold != nil && c.Gold[at] {
				d.rect(x+0.5, y+0.5, cell-2, cell-2, "none", "stroke", "var(--gold)", "stroke-width", "2")
			}
			if c.Corner != nil && c.Corner[at] {
				fmt.Fprintf(&d.b, `<path d="M%s %sh8v8z" fill="var(--gold)"/>`, n(x+cell-9), n(y))
			}
		}
	}
	c.Legend.draw(&d, foot, w)
	return d.close()
}
