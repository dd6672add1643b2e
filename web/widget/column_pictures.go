package widget

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/viz/number"
	"kvscope/web/picture"
	"kvscope/web/state"
)

// pictures are the grid of blocks, the heads and the view of a run, or of maps alone their heads.
func pictures(id string, side int, v *ColumnView, s *state.Snapshot, below app.UI, on *Bus) []app.UI {
	h := v.Run.Header
	if h.Method == "" {
		return []app.UI{mapHeads(id, v, s, on), below}
	}
	return []app.UI{
		&Part{Key: v.Changes, Draw: func() app.UI { return answerBox(id, v, on) }},
		GridBox(id, side, v, s, on),
		&Part{Key: v.Changes, Draw: func() app.UI { return HeadsBox(id, side, v, s, on) }},
		below,
	}
}

// answerBox is the part of a column that shows what was answered.
func answerBox(id string, v *ColumnView, on *Bus) app.UI {
	h := v.Run.Header
	var base []*trace.Step
	if v.Base != nil {
		base = v.Base.Steps
	}
	return app.Div().Class("picture stale").DataSet("part", "answer").Hidden(h.Arch == run.ArchCapture).Body(
		&Answer{ID: id, Expected: h.Answer, Gold: h.Gold, Steps: v.Run.Steps, Base: base, Step: v.Step, Room: v.Rows.Steps, First: v.First + v.Shift, On: on},
		&Legend{Of: "answer-" + id, Keys: AnswerLegend()})
}

// GridBox is the part of a column that shows its blocks.
func GridBox(id string, side int, v *ColumnView, s *state.Snapshot, on *Bus) app.UI {
	looked := s.Looked()
	return app.Div().Class("picture stale").DataSet("part", "grid").Body(
		app.H3().Class("heading").Body(
			gridTitle(v),
			app.Span().Class("note").Title(gridNote(v, looked)).Text(gridNote(v, looked)),
			compareButton(side, s, on),
			&SaveMenu{Side: side, Picture: "grid", Formats: "png svg csv", Label: "save the blocks", Dark: s.IsDark(), White: s.White, On: on}),
		&BlockGrid{ID: id, Grid: v.Grid, Labels: v.Labels, Head: looked, Room: v.Rows.Lines, Cursor: v.Line, Shift: v.Shift, Block: s.Pointed(), Held: s.PinnedBlock, Dark: s.IsDark(), On: on},
		&Legend{Of: "grid-" + id, Keys: picture.GridLegend(v.Grid, v.Against, v.Name)})
}

// HeadsBox is the part of a column that shows its heads.
func HeadsBox(id string, side int, v *ColumnView, s *state.Snapshot, on *Bus) app.UI {
	looked, metric := s.Looked(), s.Metric
	if v.Against != "" {
		metric = picture.Jaccard
	}
	return app.Div().Class("picture stale").DataSet("part", "heads").Body(
		app.H3().Class("heading").Body(app.Span().Text("Heads"),
			headSwitch(id, v, s, on),
			&HeadFinder{ID: id, Heads: headsOf(v.Heads), On: on},
			&Press{Label: "zoom", Title: "heads as large as their numbers need (z)", On: on, Pressed: s.Zoomed, Hidden: !many(v.Heads) || s.Ranked, Test: "zoomed-" + id, Do: state.Toggle{Name: "zoomed"}},
			&Press{Label: "sort", Title: "sort heads by their metric (r)", On: on, Pressed: s.Ranked, Test: "ranked-" + id, Do: state.Toggle{Name: "ranked"}},
			&SaveMenu{Side: side, Picture: "heads", Formats: "png svg csv", Label: "save the heads", Dark: s.IsDark(), White: s.White, On: on}),
		app.Div().Class("heads-box").Body(
			&HeadGrid{ID: id, Heads: v.Heads, Metric: metric, Ranked: s.Ranked, Zoomed: s.Zoomed, Locked: s.Head, On: on},
			&HeadFigures{Heads: v.Heads, Head: looked, Lock: s.Preview == nil && s.Head != nil, Reads: v.Reads, Rows: v.Rows, Against: v.Against}),
		kindWhy(v.Heads, looked),
		&Legend{Of: "heads-" + id, Keys: picture.HeadsLegend(v.Heads, metric, s.Ranked, len(v.Run.Header.Tokens))})
}

// mapHeads chooses among heads of which nothing but the attention is known.
func mapHeads(id string, v *ColumnView, s *state.Snapshot, on *Bus) app.UI {
	h := v.Run.Header
	return app.Div().Class("picture stale").DataSet("part", "heads").Body(
		app.H3().Class("heading").Body(app.Span().Text("Heads"), app.Span().Class("note").Text(fmt.Sprintf("%s of %d, attention maps alone", number.Of(h.Layers, "layer"), h.Heads))),
		&HeadGrid{ID: id, Heads: v.Heads, Metric: picture.Mass, Zoomed: s.Zoomed, Locked: s.Head, On: on})
}

// headSwitch chooses the metric; compared heads have one of their own.
func headSwitch(id string, v *ColumnView, s *state.Snapshot, on *Bus) app.UI {
	if v.Against != "" {
		return app.Span().Class("note").Text("picks in common with " + v.Against)
	}
	return &MetricMenu{ID: id, Value: string(s.Metric), Options: metricOptions(v.Heads, s.Metric), On: on}
}

func compareButton(side int, s *state.Snapshot, on *Bus) app.UI {
	return &Press{
		Label: "compare", Title: "compare with column 1: what is picked otherwise there (d)", Pressed: s.Compare,
		Test: fmt.Sprintf("compare-%d", side), Hidden: side == 0, Do: state.Toggle{Name: "compare"}, On: on,
	}
}

// gridTitle says what the lines of the blocks are, where there is room for it.
func gridTitle(v *ColumnView) app.UI {
	lines := ", by answer step"
	switch {
	case v.Against != "" && v.Grid != nil && v.Grid.Diff != nil:
		return app.Span().Text("Blocks, against " + v.Against)
	case v.Run.ByQuery():
		lines = ", by query"
	}
	return app.Span().Body(app.Text("Blocks"), app.Span().Class("lines").Text(lines))
}

func gridNote(v *ColumnView, looked *picture.Head) string {
	h := v.Run.Header
	if h.Rates != "" {
		return blocksRead(v, looked) + "; heads are rated by " + h.Rates
	}
	return blocksRead(v, looked)
}

// blocksRead says how much a query reads.
func blocksRead(v *ColumnView, looked *picture.Head) string {
	h := v.Run.Header
	if v.Against != "" && v.Grid != nil && v.Grid.Diff == nil {
		return "another prompt, nothing to compare"
	}
	what := ""
	if looked != nil {
		what = fmt.Sprintf("L%d·%d, ", looked.Layer, looked.Head)
	}
	info, _ := sparse.Method(h.Method)
	if info.Unit == sparse.UnitToken || v.Grid != nil && v.Grid.Unit < v.Grid.Block {
		of := len(h.Tokens)
		if h.EvictedAt != nil {
			of = *h.EvictedAt
		}
		return fmt.Sprintf("%s%s of %s tokens", what, number.Count(h.K), number.Count(of))
	}
	return fmt.Sprintf("%s%d of %d blocks", what, h.K, (len(h.Tokens)+v.Run.Block()-1)/v.Run.Block())
}
