package plot

import (
	"fmt"
	"math"
	"strconv"

	"kvscope/viz/number"
)

// Arcs draws the composition of one entry: an arc from it back to each position that has a
// part in it, as thick as the part is large.
type Arcs struct {
	Title   string
	First   int       // the first position shown
	Weights []float32 // of the positions from First to the entry, which is the last
	Labels  []string  // of the same
	Legend  Legend    // below; none when empty
}

// SVG draws a into w by h.
func (a Arcs) SVG(w, h float64) string {
	var d drawing
	h = d.openAbove(w, h, a.Title, a.Legend)
	count := float64(len(a.Weights))
	if count == 0 {
		return d.close()
	}
	const bottom = 26.0
	step := w / count
	at := func(i int) float64 { return (float64(i) + 0.5) * step }
	base := h - bottom
	entry := len(a.Weights) - 1
	var most float32
	for _, v := range a.Weights {
		most = max(most, v)
	}
	for i, v := range a.Weights {
		if v <= 0 || most <= 0 {
			continue
		}
		// Bars say how much; arcs, that it is carried over.
		tall := float64(v) * (base - 4)
		d.rect(float64(i)*step+0.5, base-tall, max(step-1, 0.5), tall, ramp(0.25+0.75*v), "data-at", strconv.Itoa(a.First+i), "data-weight", number.Digits(float64(v), 4))
		if i == entry || v < most/50 {
			continue
		}
		rise := min(base-4, 10+(base-14)*float64(entry-i)/count*1.6)
		fmt.Fprintf(&d.b, `<path d="M%s %sC%s %s %s %s %s %s" fill="none" stroke="var(--seq-6)" stroke-width="%s" stroke-opacity="%s"/>`,
			n(at(i)), n(base), n(at(i)), n(base-rise*1.33), n(at(entry)), n(base-rise*1.33), n(at(entry)), n(base),
			n(0.6+3.4*float64(v/most)), n(0.3+0.7*float64(v/most)))
	}
	d.line(0, base, w, base, "var(--line-strong)")
	room := max(1, int(math.Ceil(48/step)))
	for i := entry; i >= 0; i -= room {
		x, anchor := at(i), "middle"
		if i == entry {
			x, anchor = w-3, "end"
		}
		if i < len(a.Labels) {
			d.text(x, base+11, 10, anchor, "var(--ink-2)", short(a.Labels[i]))
		}
		d.text(x, base+22, 9, anchor, "var(--ink-3)", strconv.Itoa(a.First+i))
	}
	return d.close()
}

// short cuts what would run into its neighbour.
func short(s string) string {
	if r := []rune(s); len(r) > 7 {
		return string(r[:6]) + "…"
	}
	return s
}
