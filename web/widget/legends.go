package widget

import (
	"slices"
	"strconv"

	"kvscope/engine/trace"
	"kvscope/viz/number"
	"kvscope/viz/plot"
	"kvscope/web/picture"
)

// The legend of each view. What a view does not show at the moment is not in it.

// AnswerLegend explains the answer's tokens.
func AnswerLegend() plot.Legend {
	return plot.Legend{
		{Mark: plot.MarkRightToken, Text: "right"}, {Mark: plot.MarkWrongToken, Text: "wrong"},
		{Mark: plot.MarkAnswer, Text: "answer token in the prompt"},
	}
}

// TimelineLegend explains the lines.
func TimelineLegend() plot.Legend {
	return plot.Legend{
		{Mark: plot.MarkRightStep, Text: "right"}, {Mark: plot.MarkWrongStep, Text: "wrong"},
		{Mark: plot.MarkOtherStep, Text: "not compared"},
	}
}

// StripLegend explains the prompt of h as text, shaded for one head or for all.
func StripLegend(s *picture.Strip, by picture.Shade, oneHead bool, h *trace.Header) plot.Legend {
	var out plot.Legend
	switch {
	case s == nil:
	case by == picture.ByMass:
		out = append(out, plot.Key{Mark: plot.MarkWash, From: "0", To: number.Mass(s.Top), Text: "dense attention"})
	case oneHead:
		out = append(out, plot.Key{Mark: plot.MarkWash, From: "0", To: "1", Text: "share picked"})
	default:
		out = append(out, plot.Key{Mark: plot.MarkWash, From: "0", To: "1", Text: "share of heads"})
	}
	if slices.ContainsFunc(h.Gold, func(p int) bool { return p >= 0 }) {
		out = append(out, plot.Key{Mark: plot.MarkAnswer, Text: "answer"}, plot.Key{Mark: plot.MarkNow, Text: "token read at this step"})
	}
	if slices.ContainsFunc(h.Needles, func(n trace.Needle) bool { return n.Queried }) {
		out = append(out, plot.Key{Mark: plot.MarkAsked, Text: "its needle"})
	}
	if slices.ContainsFunc(h.Needles, func(n trace.Needle) bool { return !n.Queried }) {
		out = append(out, plot.Key{Mark: plot.MarkOther, Text: "other needle"})
	}
	return out
}

// MapScale is the scale of colours of an attention map: the weights at its ends, as texts.
type MapScale struct {
	From, To string
	Linear   bool
	Cell     int // side of what a cell shows, in positions
}

// MapLegend explains an attention map.
func MapLegend(s MapScale, step, gold, picked bool) plot.Legend {
	scale := plot.Key{Mark: plot.MarkRamp, From: s.From, To: s.To, Text: "attention weight, log"}
	if s.Linear {
		scale.Text = "attention weight"
	}
	out := plot.Legend{scale, {Mark: plot.MarkSums, Text: "column and row totals"}}
	if s.Cell > 1 {
		side := strconv.Itoa(s.Cell)
		out = append(out, plot.Key{Text: "each pixel is the maximum of " + side + " × " + side + " weights"})
	}
	if step {
		out = append(out, plot.Key{Mark: plot.MarkQuery, Text: "this query"})
	}
	if gold {
		out = append(out, plot.Key{Mark: plot.MarkGoldColumn, Text: "answer"})
	}
	if picked {
		out = append(out, plot.Key{Mark: plot.MarkPickedKeys, Text: "picked"})
	}
	return append(out, plot.Key{Mark: plot.MarkPromptEnd, Text: "prompt ends"})
}

// GateLegend explains a gate map.
func GateLegend() plot.Legend {
	return plot.Legend{
		{Mark: plot.MarkRamp, Text: "gate", From: "0 forgets", To: "1 keeps"},
		{Mark: plot.MarkEntry, Text: "entry"}, {Text: "position →, channel ↓"},
	}
}

// ArcsLegend is that of what a cache entry is made of; top is its largest share where
// the prompt is shaded by it too, else 0.
func ArcsLegend(top float32) plot.Legend {
	out := plot.Legend{
		{Mark: plot.MarkSums, Text: "share of the entry, full height 1"}, {Mark: plot.MarkArc, Text: "carried over"},
	}
	if top > 0 {
		out = append(out, plot.Key{Mark: plot.MarkWash, From: "0", To: number.Share(top), Text: "share, below"})
	}
	return out
}

// ScoresLegend explains scores against true attention.
func ScoresLegend(d *picture.Scatter) plot.Legend {
	out := plot.Legend{
		{Mark: plot.MarkPickedDot, Text: "block picked"}, {Mark: plot.MarkDot, Text: "not picked"},
		{Mark: plot.MarkGoldDot, Text: "answer"},
	}
	if d != nil && slices.ContainsFunc(d.Points, func(p picture.Point) bool { return p.Forced }) {
		out = append(out, plot.Key{Mark: plot.MarkForcedDot, Text: "always read"})
	}
	return out
}
