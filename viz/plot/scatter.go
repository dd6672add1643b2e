package plot

import (
	"fmt"
	"html"
	"math"

	"kvscope/viz/number"
)

// Scatter is points of two quantities, the second on a logarithmic axis.
type Scatter struct {
	Title, XName, YName string
	Dots                []Dot
	Legend              Legend // below; none when empty
}

// Dot is a point: filled when it was picked, framed when it is gold, with a hole when
// it was read by rule.
type Dot struct {
	ID           int // told apart by, in data-dot
	X, Y         float64
	Picked, Gold bool
	Forced       bool
	About        string
}

// floor is the smallest quantity that the logarithmic axis tells apart.
const floor = 1e-5

// SVG draws s into w by h.
func (s Scatter) SVG(w, h float64) string {
	var d drawing
	h = d.openAbove(w, h, s.Title, s.Legend)
	const left, bottom, top, right = 44.0, 30.0, 8.0, 10.0
	x0, x1 := math.Inf(1), math.Inf(-1)
	y0, y1 := 0.0, math.Log10(floor)
	for _, p := range s.Dots {
		if !math.IsInf(p.X, 0) {
			x0, x1 = min(x0, p.X), max(x1, p.X)
		}
		y := math.Log10(max(p.Y, floor))
		y0, y1 = min(y0, y), max(y1, y)
	}
	y0, y1 = math.Floor(y0), max(math.Ceil(y1), math.Floor(y0)+1)
	if !(x1 > x0) {
		x0, x1 = x0-1, x0+1
	}
	if math.IsInf(x0, 0) || math.IsNaN(x0) {
		x0, x1 = 0, 1
	}
	pad := (x1 - x0) * 0.04
	x0, x1 = x0-pad, x1+pad
	px := func(x float64) float64 { return left + (x-x0)/(x1-x0)*(w-left-right) }
	py := func(y float64) float64 { return h - bottom - (y-y0)/(y1-y0)*(h-bottom-top) }
	for y := y0; y <= y1; y++ {
		d.line(left, py(y), w-right, py(y), "var(--line)")
		name := power(int(y))
		if y <= math.Log10(floor) {
			name = "≤" + name
		}
		d.text(left-5, py(y)+4, 11, "end", "var(--ink-3)", name)
	}
	step := Nice((x1 - x0) / 6)
	for x := math.Ceil(x0/step) * step; x <= x1; x += step {
		d.line(px(x), h-bottom, px(x), h-bottom+4, "var(--line-strong)")
		d.text(px(x), h-bottom+15, 11, "middle", "var(--ink-3)", number.Digits(x+0, 4))
	}
	d.line(left, h-bottom, w-right, h-bottom, "var(--line-strong)")
	d.text(w-right, h-3, 11, "end", "var(--ink-2)", s.XName)
	d.text(left+4, top+9, 11, "start", "var(--ink-2)", s.YName)
	for _, p := range s.Dots {
		x := p.X
		if math.IsInf(x, 0) {
			x = x1 // kept whatever its score
		}
		fill, stroke, width := "var(--seq-0)", "var(--edge)", "1"
		if p.Picked {
			fill, stroke = "var(--seq-8)", "var(--seq-8)"
		}
		if p.Gold {
			stroke, width = "var(--gold)", "2.5"
		}
		if p.Forced {
			fill, stroke, width = "var(--seq-0)", "var(--seq-8)", "3"
			if p.Gold {
				stroke = "var(--gold)"
			}
		}
		fmt.Fprintf(&d.b, `<circle cx="%s" cy="%s" r="4.5" fill="%s" stroke="%s" stroke-width="%s" data-dot="%d"><title>%s</title></circle>`,
			n(px(x)), n(py(math.Log10(max(p.Y, floor)))), fill, stroke, width, p.ID, html.EscapeString(p.About))
	}
	return d.close()
}

// power writes 10^n.
func power(n int) string {
	switch {
	case n == 0:
		return "1"
	case n >= -3 && n < 0:
		return number.Decimals(math.Pow10(n), -n)[1:]
	}
	return fmt.Sprintf("1e%d", n)
}

// Nice is 1, 2 or 5 times a power of ten, no less than v.
func Nice(v float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*p >= v*(1-1e-9) {
			return m * p
		}
	}
	return 10 * p
}
