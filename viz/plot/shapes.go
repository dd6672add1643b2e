package plot

import (
	"fmt"
	"strings"
)

// shape draws a mark with its upper left corner at x, y.
type shape func(d *drawing, x, y float64)

// shapes say what every mark looks like.
var shapes = map[Mark]shape{
	MarkRamp:       ramped,
	MarkWash:       shaded,
	MarkBars:       barred,
	MarkPicked:     box("var(--seq-8)"),
	MarkNotPicked:  ground,
	MarkOnlyLeft:   box("var(--only-left)"),
	MarkInBoth:     box("var(--in-both)"),
	MarkOnlyRight:  box("var(--only-right)"),
	MarkRightStep:  box("var(--right)"),
	MarkWrongStep:  box("var(--wrong)"),
	MarkOtherStep:  box("var(--line-strong)"),
	MarkTerm:       box("var(--seq-6)"),
	MarkDot:        dot("var(--seq-0)", "var(--edge)", "1"),
	MarkPickedDot:  dot("var(--seq-8)", "var(--seq-8)", "1"),
	MarkGoldDot:    dot("var(--seq-0)", "var(--gold)", "2.5"),
	MarkForcedDot:  dot("var(--seq-0)", "var(--seq-8)", "3"),
	MarkNeedle:     bar(0, markHeight/2-1, markWidth, 2, "var(--edge)"),
	MarkAsked:      bar(0, markHeight-2.5, markWidth, 1, "var(--gold)"),
	MarkAnswer:     bar(0, markHeight-3, markWidth, 2.5, "var(--gold)"),
	MarkNow:        bar(0, 0, markWidth, markHeight, "var(--gold)", "fill-opacity", "0.25"),
	MarkPromptEnd:  bar(0, markHeight/2-0.5, markWidth, 1, "var(--edge)"),
	MarkOtherTerm:  bar(0.5, 0.5, markWidth-1, markHeight-1, "none", "stroke", "var(--edge)"),
	MarkGold:       all(ground, bar(1, 1, markWidth-2, markHeight-2, "none", "stroke", "var(--gold)", "stroke-width", "2")),
	MarkOracle:     all(ground, bar(0, markHeight-3, markWidth, 3, "var(--oracle)")),
	MarkEntry:      all(bar(markWidth/2-2.5, 0, 5, markHeight, "var(--bg)"), bar(markWidth/2-1, 0, 2, markHeight, "var(--ink)")),
	MarkQuery:      all(bar(0, markHeight/2-2.5, markWidth, 1.2, "var(--ink)"), bar(0, markHeight/2+1.3, markWidth, 1.2, "var(--ink)")),
	MarkGoldColumn: all(bar(markWidth/2-3, 0, 1.5, markHeight, "var(--gold)"), bar(markWidth/2+1.5, 0, 1.5, markHeight, "var(--gold)")),
	MarkPickedKeys: all(bar(0, markHeight-4, 8, 4, "var(--seq-8)"), bar(10, markHeight-4, 4, 4, "var(--seq-8)")),
	MarkPoint:      point("var(--ink)"),
	MarkSlope:      line(markHeight-2, 2, "var(--ink)", "stroke-width", "2"),
	MarkGoldSlope:  line(markHeight-2, 2, "var(--gold)", "stroke-width", "2.5"),
	MarkKept:       line(markHeight/2, markHeight/2, "var(--ink-2)", "stroke-dasharray", "4 3"),
	MarkCurve:      all(line(markHeight/2, markHeight/2, "var(--accent)", "stroke-width", "1.8"), point("var(--accent)")),
	MarkOtherCurve: line(markHeight/2, markHeight/2, "var(--ink-2)", "stroke-width", "1.8", "stroke-dasharray", "4 3"),
	MarkUnknown: all(ground, func(d *drawing, x, y float64) {
		for i := range 3 {
			fmt.Fprintf(&d.b, `<path d="M%s %sl4 -7" stroke="var(--edge)"/>`, n(x+2+4*float64(i)), n(y+markHeight-1.5))
		}
	}),
	MarkHit: all(box("var(--seq-6)"), func(d *drawing, x, y float64) {
		fmt.Fprintf(&d.b, `<path d="M%s %sh7v7z" fill="var(--gold)"/>`, n(x+markWidth-7), n(y))
	}),
	MarkOther: func(d *drawing, x, y float64) {
		fmt.Fprintf(&d.b, `<path d="M%s %sh%s" stroke="var(--edge)" stroke-width="1.5" stroke-dasharray="1.5 2"/>`, n(x), n(y+markHeight-2), n(markWidth))
	},
	MarkSums: func(d *drawing, x, y float64) {
		for i, tall := range []float64{3, 9, 5, 2, 7} {
			d.rect(x+3*float64(i), y+markHeight-tall, 2, tall, "var(--seq-6)")
		}
	},
	MarkArc: func(d *drawing, x, y float64) {
		fmt.Fprintf(&d.b, `<path d="M%s %sC%s %s %s %s %s %s" fill="none" stroke="var(--seq-6)" stroke-width="1.8"/>`,
			n(x+1), n(y+markHeight), n(x+1), n(y-2), n(x+markWidth-1), n(y-2), n(x+markWidth-1), n(y+markHeight))
	},
	MarkRightToken: func(d *drawing, x, y float64) {
		d.text(x+markWidth/2, y+markHeight-0.5, 11, "middle", "var(--right)", "7", "font-weight", "700")
	},
	MarkWrongToken: func(d *drawing, x, y float64) {
		d.text(x+markWidth/2, y+markHeight-2.5, 11, "middle", "var(--wrong)", "7", "font-weight", "700")
		fmt.Fprintf(&d.b, `<path d="M%s %sq1.500 -2 3 0t3 0t3 0" fill="none" stroke="var(--wrong)"/>`, n(x+2.5), n(y+markHeight-0.5))
	},
}

// draw draws m with its upper left corner at x, y; the empty mark draws nothing.
func (m Mark) draw(d *drawing, x, y float64) {
	if strings.HasPrefix(string(m), ofKind) {
		box("var(--"+string(m)+")")(d, x, y)
	} else if draw, ok := shapes[m]; ok {
		draw(d, x, y)
	}
}

// all draws shapes over each other.
func all(parts ...shape) shape {
	return func(d *drawing, x, y float64) {
		for _, part := range parts {
			part(d, x, y)
		}
	}
}

// box fills the whole mark.
func box(fill string) shape { return bar(0, 0, markWidth, markHeight, fill) }

// bar is a rectangle within a mark, its corner at dx, dy; more are further attributes.
func bar(dx, dy, wide, tall float64, fill string, more ...string) shape {
	return func(d *drawing, x, y float64) { d.rect(x+dx, y+dy, wide, tall, fill, more...) }
}

// ground is as pale as the page's and needs an edge to be seen as a mark.
func ground(d *drawing, x, y float64) {
	d.rect(x+0.5, y+0.5, markWidth-1, markHeight-1, "var(--seq-0)", "stroke", "var(--line-strong)")
}

// line crosses a mark from one height to another.
func line(from, to float64, stroke string, more ...string) shape {
	return func(d *drawing, x, y float64) { d.line(x, y+from, x+markWidth, y+to, stroke, more...) }
}

// point is a small disc in the middle of a mark.
func point(fill string) shape {
	return func(d *drawing, x, y float64) {
		fmt.Fprintf(&d.b, `<circle cx="%s" cy="%s" r="2.5" fill="%s"/>`, n(x+markWidth/2), n(y+markHeight/2), fill)
	}
}

// dot is a circle as a scatter has them.
func dot(fill, stroke, width string) shape {
	return func(d *drawing, x, y float64) {
		fmt.Fprintf(&d.b, `<circle cx="%s" cy="%s" r="4" fill="%s" stroke="%s" stroke-width="%s"/>`, n(x+markWidth/2), n(y+markHeight/2), fill, stroke, width)
	}
}

// scaleSteps is how many colours a drawn scale has.
const scaleSteps = 14

// washed is how much of the picked colour is in the darkest shade of text.
const washed = 0.36

// steps calls f with the place and the quantity of every step of a scale, and the width of one.
func steps(x float64, f func(at, v, wide float64)) {
	const wide = scaleWidth / scaleSteps
	for i := range scaleSteps {
		f(x+wide*float64(i), float64(i)/(scaleSteps-1), wide)
	}
}

// ramped is a scale in the sequential colours.
func ramped(d *drawing, x, y float64) {
	steps(x, func(at, v, wide float64) { d.rect(at, y, wide+0.3, markHeight, ramp(float32(v))) })
}

// shaded is a scale of shades of text.
func shaded(d *drawing, x, y float64) {
	steps(x, func(at, v, wide float64) {
		d.rect(at, y, wide, markHeight, "var(--seq-8)", "fill-opacity", n(washed*v))
	})
	d.rect(x+0.5, y+0.5, scaleWidth-1, markHeight-1, "none", "stroke", "var(--line)")
}

// barred is a scale of the length of bars.
func barred(d *drawing, x, y float64) {
	d.rect(x, y, scaleWidth, markHeight, "var(--seq-0)")
	d.rect(x, y, scaleWidth*0.6, markHeight, "var(--seq-8)")
}
