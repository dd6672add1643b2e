package plot

import "fmt"

// Ranking is named quantities within 0..1, the greatest first, as bars.
type Ranking struct {
	Title  string
	Rows   []RankedRow
	Legend Legend
}

// RankedRow is one of them.
type RankedRow struct {
	Name   string
	Value  float32
	Text   string // of the value
	Fill   string // a colour instead of a bar as long as the value; "" for the bar
	Corner bool   // marked, as in Cells
}

// SVG draws r.
func (r Ranking) SVG() string {
	const w, top, line, left, right, size = 460.0, 30.0, 16.0, 74.0, 60.0, 11.0
	foot := top + line*float64(len(r.Rows)) + 6
	h := foot + r.Legend.height(w-16) + 4
	var d drawing
	d.open(w, h, r.Title)
	d.rect(0, 0, w, h, "var(--bg)")
	d.text(8, 16, 13, "start", "var(--ink)", r.Title, "font-weight", "600")
	for i, row := range r.Rows {
		y := top + line*float64(i)
		d.text(26, y+11, size, "end", "var(--ink-3)", fmt.Sprint(i+1))
		d.text(34, y+11, size, "start", "var(--ink-2)", row.Name)
		wide := w - left - right
		d.rect(left, y+2, wide, 10, "var(--seq-0)")
		if row.Fill != "" {
			d.rect(left, y+2, wide, 10, row.Fill)
		} else {
			d.rect(left, y+2, wide*float64(min(max(row.Value, 0), 1)), 10, "var(--seq-8)")
		}
		d.text(w-right+8, y+11, size, "start", "var(--ink-2)", row.Text)
		if row.Corner {
			fmt.Fprintf(&d.b, `<path d="M%s %sh8l-8 8z" fill="var(--gold)"/>`, n(4), n(y+2))
		}
	}
	r.Legend.draw(&d, foot, w)
	return d.close()
}
