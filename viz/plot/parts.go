package plot

import (
	"fmt"
	"html"
	"math"

	"kvscope/viz/number"
)

// Parts is a sum taken apart: a bar for each of its terms, up or down from zero.
type Parts struct {
	Title, XName string
	Terms        []Term
	Legend       Legend // below; none when empty
}

// Term is one of them.
type Term struct {
	Value float64
	// Other is a value that the term could have had, such as the product with a block's other
	// bound; it is framed behind the bar. NaN for none.
	Other float64
	// Mark is set beside the term to be compared with it, as a dot; NaN for nothing.
	Mark  float64
	About string
}

// SVG draws p into w by h.
func (p *Parts) SVG(w, h float64) string {
	var d drawing
	h = d.openAbove(w, h, p.Title, p.Legend)
	const left, right, top, bottom = 44.0, 8.0, 8.0, 18.0
	lo, hi := 0.0, 0.0
	for _, t := range p.Terms {
		for _, v := range []float64{t.Value, t.Other, t.Mark} {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
	}
	if hi == lo {
		hi = 1
	}
	at := func(v float64) float64 { return top + (hi-min(max(v, lo), hi))/(hi-lo)*(h-top-bottom) }
	for step, v := Nice((hi-lo)/5), math.Ceil(lo/Nice((hi-lo)/5)); v*step <= hi; v++ {
		d.line(left, at(v*step), w-right, at(v*step), "var(--line)")
		d.text(left-5, at(v*step)+4, 11, "end", "var(--ink-3)", number.Digits(v*step+0, 3))
	}
	wide := (w - left - right) / float64(max(1, len(p.Terms)))
	bar := func(i int, v float64, fill string, more ...string) {
		y0, y1 := at(max(v, 0)), at(min(v, 0))
		d.rect(left+wide*float64(i)+0.1*wide, y0, 0.8*wide, max(y1-y0, 0.5), fill, more...)
	}
	for i, t := range p.Terms {
		fmt.Fprintf(&d.b, `<g data-term="%d"><title>%s</title>`, i, html.EscapeString(t.About))
		if !math.IsNaN(t.Other) {
			bar(i, t.Other, "none", "stroke", "var(--edge)")
		}
		bar(i, t.Value, "var(--seq-6)")
		if !math.IsNaN(t.Mark) {
			fmt.Fprintf(&d.b, `<circle cx="%s" cy="%s" r="2.5" fill="var(--ink)"/>`, n(left+wide*(float64(i)+0.5)), n(at(t.Mark)))
		}
		d.b.WriteString(`</g>`)
	}
	d.line(left, at(0), w-right, at(0), "var(--line-strong)")
	d.text(w-right, h-3, 11, "end", "var(--ink-2)", p.XName)
	return d.close()
}
