package plot

import "fmt"

// Mark is how something looks in the pictures of the page: the same in every one of
// them, and so in every legend. The empty mark is none.
type Mark string

// The marks. A scale runs from none to all.
const (
	MarkRamp       Mark = "ramp"       // a scale: the sequential colours
	MarkWash       Mark = "wash"       // a scale: text shaded by a quantity
	MarkBars       Mark = "bars"       // a scale: bars as long as a quantity
	MarkPicked     Mark = "picked"     // a block that was picked
	MarkNotPicked  Mark = "not-picked" // one that was there to be picked
	MarkUnknown    Mark = "unknown"    // nothing is known
	MarkGold       Mark = "gold"       // holds what the answer copies
	MarkOracle     Mark = "oracle"     // what true attention would pick
	MarkHit        Mark = "hit"        // a head that picked gold at every step
	MarkOnlyLeft   Mark = "only-left"  // picked in the first column alone
	MarkInBoth     Mark = "in-both"    // picked in both
	MarkOnlyRight  Mark = "only-right" // picked in the other alone
	MarkNeedle     Mark = "needle"     // a block that holds a needle
	MarkOther      Mark = "other"      // text of a needle that is not asked for
	MarkAsked      Mark = "asked"      // text of the needle that is asked for
	MarkAnswer     Mark = "answer"     // text that the answer copies
	MarkNow        Mark = "now"        // what the step looked at copies
	MarkEntry      Mark = "entry"      // a position pointed out
	MarkQuery      Mark = "query"      // the query of the step looked at
	MarkGoldColumn Mark = "gold-key"   // the key that the step copies
	MarkPromptEnd  Mark = "prompt-end" // where the prompt ends
	MarkPickedKeys Mark = "picked-key" // keys that the step picked
	MarkSums       Mark = "sums"       // sums along the edge of a map
	MarkDot        Mark = "dot"        // a block in a scatter, not picked
	MarkPickedDot  Mark = "picked-dot"
	MarkGoldDot    Mark = "gold-dot"
	MarkForcedDot  Mark = "forced-dot" // read whatever it scores
	MarkTerm       Mark = "term"       // a term of a sum
	MarkOtherTerm  Mark = "other-term" // what the term would be otherwise
	MarkPoint      Mark = "point"      // what a term is compared with
	MarkSlope      Mark = "slope"      // a thing pointed out, from one ranking to another
	MarkGoldSlope  Mark = "gold-slope" // the one that holds what the answer copies
	MarkKept       Mark = "kept"       // how far the best are kept
	MarkCurve      Mark = "curve"      // a quantity along a course
	MarkOtherCurve Mark = "other-curve"
	MarkArc        Mark = "arc" // carried over from an earlier token
	MarkRightToken Mark = "right-token"
	MarkWrongToken Mark = "wrong-token"
	MarkRightStep  Mark = "right-step"
	MarkWrongStep  Mark = "wrong-step"
	MarkOtherStep  Mark = "other-step" // a line with no answer to compare
)

// Sizes of a mark, in pixels.
const (
	markWidth  = 14.0
	scaleWidth = 48.0
	markHeight = 10.0
)

func (m Mark) width() float64 {
	switch m {
	case MarkRamp, MarkWash, MarkBars:
		return scaleWidth
	case "":
		return 0
	}
	return markWidth
}

// scaleSteps is how many colours a drawn scale has.
const scaleSteps = 14

// washed is how much of the picked colour is in the darkest shade of text.
const washed = 0.36

// draw draws m with its upper left corner at x, y.
func (m Mark) draw(d *drawing, x, y float64) {
	const w, h = markWidth, markHeight
	box := func(fill string) { d.rect(x, y, w, h, fill) }
	// A ground as pale as the page's needs an edge to be seen as a mark.
	ground := func() { d.rect(x+0.5, y+0.5, w-1, h-1, "var(--seq-0)", "stroke", "var(--line-strong)") }
	switch m {
	case MarkRamp, MarkWash, MarkBars:
		m.drawScale(d, x, y)
	case MarkPicked:
		box("var(--seq-8)")
	case MarkNotPicked:
		ground()
	case MarkOnlyLeft, MarkInBoth, MarkOnlyRight:
		box("var(--" + string(m) + ")")
	case MarkRightStep:
		box("var(--right)")
	case MarkWrongStep:
		box("var(--wrong)")
	case MarkOtherStep:
		box("var(--line-strong)")
	case MarkUnknown:
		ground()
		for i := range 3 {
			at := x + 2 + 4*float64(i)
			fmt.Fprintf(&d.b, `<path d="M%s %sl4 -7" stroke="var(--edge)"/>`, n(at), n(y+h-1.5))
		}
	case MarkGold:
		ground()
		d.rect(x+1, y+1, w-2, h-2, "none", "stroke", "var(--gold)", "stroke-width", "2")
	case MarkOracle:
		ground()
		d.rect(x, y+h-3, w, 3, "var(--oracle)")
	case MarkHit:
		box("var(--seq-6)")
		fmt.Fprintf(&d.b, `<path d="M%s %sh7v7z" fill="var(--gold)"/>`, n(x+w-7), n(y))
	case MarkNeedle:
		d.rect(x, y+h/2-1, w, 2, "var(--edge)")
	case MarkOther:
		fmt.Fprintf(&d.b, `<path d="M%s %sh%s" stroke="var(--edge)" stroke-width="1.5" stroke-dasharray="1.5 2"/>`, n(x), n(y+h-2), n(w))
	case MarkAsked:
		d.rect(x, y+h-2.5, w, 1, "var(--gold)")
	case MarkAnswer:
		d.rect(x, y+h-3, w, 2.5, "var(--gold)")
	case MarkNow:
		d.rect(x, y, w, h, "var(--gold)", "fill-opacity", "0.25")
	case MarkEntry:
		d.rect(x+w/2-2.5, y, 5, h, "var(--bg)")
		d.rect(x+w/2-1, y, 2, h, "var(--ink)")
	case MarkQuery:
		d.rect(x, y+h/2-2.5, w, 1.2, "var(--ink)")
		d.rect(x, y+h/2+1.3, w, 1.2, "var(--ink)")
	case MarkGoldColumn:
		d.rect(x+w/2-3, y, 1.5, h, "var(--gold)")
		d.rect(x+w/2+1.5, y, 1.5, h, "var(--gold)")
	case MarkPromptEnd:
		d.rect(x, y+h/2-0.5, w, 1, "var(--edge)")
	case MarkPickedKeys:
		d.rect(x, y+h-4, 8, 4, "var(--seq-8)")
		d.rect(x+10, y+h-4, 4, 4, "var(--seq-8)")
	case MarkSums:
		for i, tall := range []float64{3, 9, 5, 2, 7} {
			d.rect(x+3*float64(i), y+h-tall, 2, tall, "var(--seq-6)")
		}
	case MarkDot, MarkPickedDot, MarkGoldDot, MarkForcedDot:
		m.drawDot(d, x+w/2, y+h/2)
	case MarkTerm:
		box("var(--seq-6)")
	case MarkOtherTerm:
		d.rect(x+0.5, y+0.5, w-1, h-1, "none", "stroke", "var(--edge)")
	case MarkPoint:
		fmt.Fprintf(&d.b, `<circle cx="%s" cy="%s" r="2.5" fill="var(--ink)"/>`, n(x+w/2), n(y+h/2))
	case MarkSlope:
		d.line(x, y+h-2, x+w, y+2, "var(--ink)", "stroke-width", "2")
	case MarkGoldSlope:
		d.line(x, y+h-2, x+w, y+2, "var(--gold)", "stroke-width", "2.5")
	case MarkKept:
		d.line(x, y+h/2, x+w, y+h/2, "var(--ink-2)", "stroke-dasharray", "4 3")
	case MarkCurve:
		d.line(x, y+h/2, x+w, y+h/2, "var(--accent)", "stroke-width", "1.8")
		fmt.Fprintf(&d.b, `<circle cx="%s" cy="%s" r="2.5" fill="var(--accent)"/>`, n(x+w/2), n(y+h/2))
	case MarkOtherCurve:
		d.line(x, y+h/2, x+w, y+h/2, "var(--ink-2)", "stroke-width", "1.8", "stroke-dasharray", "4 3")
	case MarkArc:
		fmt.Fprintf(&d.b, `<path d="M%s %sC%s %s %s %s %s %s" fill="none" stroke="var(--seq-6)" stroke-width="1.8"/>`,
			n(x+1), n(y+h), n(x+1), n(y-2), n(x+w-1), n(y-2), n(x+w-1), n(y+h))
	case MarkRightToken:
		d.text(x+w/2, y+h-0.5, 11, "middle", "var(--right)", "7", "font-weight", "700")
	case MarkWrongToken:
		d.text(x+w/2, y+h-2.5, 11, "middle", "var(--wrong)", "7", "font-weight", "700")
		fmt.Fprintf(&d.b, `<path d="M%s %sq1.500 -2 3 0t3 0t3 0" fill="none" stroke="var(--wrong)"/>`, n(x+2.5), n(y+h-0.5))
	}
}

// drawScale draws a scale from none to all.
func (m Mark) drawScale(d *drawing, x, y float64) {
	const step = scaleWidth / scaleSteps
	for i := range scaleSteps {
		v := float64(i) / (scaleSteps - 1)
		at := x + step*float64(i)
		switch m {
		case MarkRamp:
			d.rect(at, y, step+0.3, markHeight, ramp(float32(v)))
		case MarkWash:
			d.rect(at, y, step, markHeight, "var(--seq-8)", "fill-opacity", n(washed*v))
		}
	}
	switch m {
	case MarkBars:
		d.rect(x, y, scaleWidth, markHeight, "var(--seq-0)")
		d.rect(x, y, scaleWidth*0.6, markHeight, "var(--seq-8)")
	case MarkWash:
		d.rect(x+0.5, y+0.5, scaleWidth-1, markHeight-1, "none", "stroke", "var(--line)")
	}
}

func (m Mark) drawDot(d *drawing, x, y float64) {
	fill, stroke, width := "var(--seq-0)", "var(--edge)", "1"
	switch m {
	case MarkPickedDot:
		fill, stroke = "var(--seq-8)", "var(--seq-8)"
	case MarkGoldDot:
		stroke, width = "var(--gold)", "2.5"
	case MarkForcedDot:
		stroke, width = "var(--seq-8)", "3"
	}
	fmt.Fprintf(&d.b, `<circle cx="%s" cy="%s" r="4" fill="%s" stroke="%s" stroke-width="%s"/>`, n(x), n(y), fill, stroke, width)
}
