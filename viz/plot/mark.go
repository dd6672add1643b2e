package plot

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

// ofKind begins the marks of kinds.
const ofKind = "kind-"

// MarkKind is the mark of one of several kinds: a box of the colour that the style sheet has
// under the kind's name.
func MarkKind(kind string) Mark { return Mark(ofKind + kind) }

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
