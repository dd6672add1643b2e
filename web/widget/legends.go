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

// AnswerLegend is that of the answer's tokens.
func AnswerLegend() plot.Legend {
	return plot.Legend{
		{Mark: plot.MarkRightToken, Text: "right"}, {Mark: plot.MarkWrongToken, Text: "wrong"},
		{Mark: plot.MarkAnswer, Text: "answer token in the prompt"},
	}
}

// TimelineLegend is that of the lines.
func TimelineLegend() plot.Legend {
	return plot.Legend{
		{Mark: plot.MarkRightStep, Text: "right"}, {Mark: plot.MarkWrongStep, Text: "wrong"},
		{Mark: plot.MarkOtherStep, Text: "not compared"},
	}
}

// GridLegend is that of a block grid, of one head or of all; left and right name the
// columns where it shows what they pick otherwise.
func GridLegend(g *picture.Grid, left, right string) plot.Legend {
	if g == nil {
		return nil
	}
	var out plot.Legend
	switch {
	case g.Diff != nil:
		out = plot.Legend{
			{Mark: plot.MarkOnlyLeft, Text: left + " alone"}, {Mark: plot.MarkInBoth, Text: "both"},
			{Mark: plot.MarkOnlyRight, Text: right + " alone"}, {Mark: plot.MarkNotPicked, Text: "neither"},
		}
	case !g.SumHeads && g.Unit >= g.Block && !merged(g):
		out = plot.Legend{{Mark: plot.MarkPicked, Text: "picked"}, {Mark: plot.MarkNotPicked, Text: "not picked"}}
	default:
		out = plot.Legend{{Mark: plot.MarkRamp, From: "0", To: "1", Text: gridShare(g)}}
	}
	if slices.ContainsFunc(g.Gold, func(b int) bool { return b >= 0 }) {
		out = append(out, plot.Key{Mark: plot.MarkGold, Text: "answer"})
	}
	if g.Diff == nil && slices.Contains(g.Oracle, true) {
		out = append(out, plot.Key{Mark: plot.MarkOracle, Text: "top K by dense attention"})
	}
	if slices.Contains(g.Needles, true) {
		out = append(out, plot.Key{Mark: plot.MarkNeedle, Text: "needle"})
	}
	return out
}

// merged reports whether lines of g are of several queries each.
func merged(g *picture.Grid) bool {
	return slices.ContainsFunc(g.Lines, func(l picture.Line) bool { return l.Queries > 1 })
}

// gridShare says what the shares of a block grid are of.
func gridShare(g *picture.Grid) string {
	switch {
	case g.SumHeads && g.Unit < g.Block:
		return "mean share of the block"
	case g.SumHeads && merged(g):
		return "share of heads and queries"
	case g.SumHeads:
		return "share of heads"
	case merged(g):
		return "share of queries"
	}
	return "share of the block"
}

// metricScale says what a metric's values are.
var metricScale = map[picture.Metric]string{
	picture.Hit:     "steps that picked the answer",
	picture.Recall:  "recall of the true top K",
	picture.Mass:    "attention mass kept",
	picture.Memory:  "memory, tokens, log",
	picture.Jaccard: "picks in common",
	picture.Density: "cache read",

	picture.OutputError: "relative error of the output",
}

// HeadsLegend is that of the head grid, or of the ranking, after a prompt of so many
// positions.
func HeadsLegend(h *picture.Heads, metric picture.Metric, ranked bool, positions int) plot.Legend {
	if h == nil {
		return nil
	}
	scale := plot.Key{Mark: plot.MarkRamp, From: "0", To: "1", Text: metricScale[metric]}
	if ranked {
		scale.Mark = plot.MarkBars
	}
	if metric == picture.Memory {
		scale.From, scale.To = "1", number.Count(positions)
	}
	var out plot.Legend
	if h.Has(metric) {
		out = append(out, scale)
	}
	if h.Hits() > 0 {
		out = append(out, plot.Key{Mark: plot.MarkHit, Text: "hit at every step"})
	}
	if slices.ContainsFunc(h.Cells, func(c picture.HeadCell) bool { return c.Value(metric) < 0 }) {
		text := "not known"
		if metric == picture.Memory {
			text = "no memory"
		}
		out = append(out, plot.Key{Mark: plot.MarkUnknown, Text: text})
	}
	return out
}

// StripLegend is that of the prompt of h as text, shaded for one head or for all.
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

// MapScale is what the colours of an attention map stand for.
type MapScale struct {
	From, To string
	Linear   bool
	Cell     int // side of what a cell shows, in positions
}

// MapLegend is that of an attention map.
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

// GateLegend is that of a gate map.
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

// ScoresLegend is that of scores against true attention.
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
