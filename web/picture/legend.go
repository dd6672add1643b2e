package picture

import (
	"slices"

	"kvscope/engine/figures"
	"kvscope/viz/number"
	"kvscope/viz/plot"
)

// GridLegend is the legend of a block grid, of one head or of all; left and right name the
// columns where it shows what they pick otherwise.
func GridLegend(g *Grid, left, right string) plot.Legend {
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
		out = plot.Legend{{Mark: plot.MarkRamp, From: "0", To: "1", Text: GridShare(g)}}
	}
	if slices.ContainsFunc(g.Gold, func(b int) bool { return b >= 0 }) {
		out = append(out, plot.Key{Mark: plot.MarkGold, Text: "answer"})
	}
	if g.Diff == nil && slices.Contains(g.Oracle, true) {
		out = append(out, plot.Key{Mark: plot.MarkOracle, Text: "dense top K"})
	}
	if slices.Contains(g.Needles, true) {
		out = append(out, plot.Key{Mark: plot.MarkNeedle, Text: "needle"})
	}
	return out
}

// merged reports whether lines of g are of several queries each.
func merged(g *Grid) bool {
	return slices.ContainsFunc(g.Lines, func(l Line) bool { return l.Queries > 1 })
}

// GridShare says what the shares of a block grid are of.
func GridShare(g *Grid) string {
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
var metricScale = map[Metric]string{
	Hit:     "steps that picked the answer",
	Recall:  "recall of the true top K",
	Mass:    "attention mass kept",
	Memory:  "memory, tokens, log",
	Jaccard: "picks in common",
	Density: "cache read",

	OutputError: "relative error of the output",
}

// HeadsLegend is the legend of the head grid, or of the ranking, after a prompt of so many
// positions.
func HeadsLegend(h *Heads, metric Metric, ranked bool, positions int) plot.Legend {
	if h == nil {
		return nil
	}
	scale := plot.Key{Mark: plot.MarkRamp, From: "0", To: "1", Text: metricScale[metric]}
	if ranked {
		scale.Mark = plot.MarkBars
	}
	if metric == Memory {
		scale.From, scale.To = "1", number.Count(positions)
	}
	var out plot.Legend
	switch {
	case metric == Kind && h.Has(metric):
		for _, kind := range figures.Kinds() {
			if n := h.OfKind(kind); n > 0 {
				out = append(out, plot.Key{Mark: plot.MarkKind(kind), Text: KindLetter(kind) + " " + kind + " " + number.Percent(float64(n)/float64(len(h.Cells)))})
			}
		}
	case h.Has(metric):
		out = append(out, scale)
	}
	if h.Hits() > 0 {
		out = append(out, plot.Key{Mark: plot.MarkHit, Text: "hit at every step"})
	}
	if slices.ContainsFunc(h.Cells, func(c HeadCell) bool { return c.Value(metric) < 0 }) {
		text := "not known"
		if metric == Memory {
			text = "no memory"
		}
		out = append(out, plot.Key{Mark: plot.MarkUnknown, Text: text})
	}
	return out
}
