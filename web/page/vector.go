package page

import (
	"fmt"
	"math"
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	figure "kvscope/viz/plot"
	"kvscope/web/picture"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// vector is a picture as SVG with its legend, "" where there is none.
func vector(v *widget.ColumnView, s *state.Snapshot, what string) string {
	title, caption := v.Name, captionOf(v)
	if head := s.Looked(); head != nil {
		title += fmt.Sprintf(", layer %d head %d", head.Layer, head.Head)
	}
	switch {
	case what == "grid" && v.Grid != nil:
		return figure.Caption(gridPicture(title, v), caption...)
	case what == "heads" && v.Heads != nil:
		return figure.Caption(headsPicture(v, s), caption...)
	case what != "view":
		return ""
	case s.View == state.ScoresView && v.Scatter != nil:
		f := widget.Scatter(v.Scatter, v.Run.Header.Phase == "evict")
		f.Legend = widget.ScoresLegend(v.Scatter)
		return figure.Caption(f.SVG(640, 460), append([]string{title + ": " + f.Title}, caption...)...)
	case s.View == state.MemoryView && v.Sight.Head != nil && v.Sight.Head.Gate != nil:
		return figure.Caption(memoryPicture(title, v, s), caption...)
	case s.View == state.AttentionView && v.Sight.Head != nil:
		return figure.Caption(mapPicture(title, v, s), caption...)
	}
	return ""
}

// captionOf says what run a saved picture is of: the file alone must tell it.
func captionOf(v *widget.ColumnView) []string {
	h := v.Run.Header
	if h.Method == "" {
		return []string{h.Model}
	}
	run := state.Prompt(h) + " · " + v.How
	if v.File != "" {
		run = v.File + " · " + run
	}
	if what := v.Counterfactual(); what != "" {
		run += " · what if: " + what
	}
	out := []string{run}
	if h.Question != "" {
		out = append(out, h.Question)
	}
	return out
}

func gridPicture(title string, v *widget.ColumnView) string {
	g := v.Grid
	c := figure.Cells{
		Title: title + ": blocks picked", RowName: "step", ColName: "block", Oracle: g.Oracle, Gold: make([]bool, len(g.Share)),
		Needles: g.Needles, Answers: g.Answers, Legend: widget.GridLegend(g, v.Against, v.Name),
	}
	if v.Run.Header.Phase == "prefill" {
		c.RowName = "query"
	}
	if g.Diff != nil {
		c.Title, c.Oracle = title+", against "+v.Against, nil
		for i := range g.Share {
			c.Fills = append(c.Fills, widget.DiffColour(g.Diff, i).CSS())
		}
	}
	for i := range g.Lines {
		c.Rows = append(c.Rows, v.Labels[i].Text)
		if g.Gold[i] >= 0 {
			c.Gold[i*g.Columns+g.Gold[i]] = true
		}
	}
	for b := range g.Columns {
		c.Cols = append(c.Cols, strconv.Itoa(b))
	}
	for _, x := range g.Share {
		c.Values = append(c.Values, orNaN(x))
	}
	return c.SVG(16)
}

// orNaN is what a picture takes for a share that is not known.
func orNaN(x float32) float32 {
	if x < 0 {
		return float32(math.NaN())
	}
	return x
}

func headsPicture(v *widget.ColumnView, s *state.Snapshot) string {
	metric := s.Metric
	if v.Against != "" {
		metric = picture.Jaccard
	}
	title := v.Name + ": heads by " + string(metric)
	legend := widget.HeadsLegend(v.Heads, metric, s.Ranked, len(v.Run.Header.Tokens))
	if s.Ranked {
		r := figure.Ranking{Title: title, Legend: legend}
		for _, head := range v.Heads.Ranking(metric) {
			cell := v.Heads.At(head)
			r.Rows = append(r.Rows, figure.RankedRow{
				Name: fmt.Sprintf("L%d·%d", head.Layer, head.Head), Value: cell.Value(metric), Text: widget.HeadValue(cell, metric), Corner: cell.Hit,
			})
		}
		return r.SVG()
	}
	c := figure.Cells{Title: title, RowName: "layer", ColName: "head", Legend: legend}
	for l := range v.Heads.Layers {
		c.Rows = append(c.Rows, strconv.Itoa(l))
	}
	for h := range v.Heads.Heads {
		c.Cols = append(c.Cols, strconv.Itoa(h))
	}
	for _, cell := range v.Heads.Cells {
		c.Values, c.Corner = append(c.Values, orNaN(cell.Value(metric))), append(c.Corner, cell.Hit)
	}
	return c.SVG(30)
}

// memoryPicture is the gates over what an entry is made of.
func memoryPicture(title string, v *widget.ColumnView, s *state.Snapshot) string {
	const w, h = 900.0, 240.0
	kernel := v.Sight.Head.MemoryKernel(v.Entry)
	f := widget.Arcs(kernel, v.Run.Pieces(), v.Sight.Head.MemoryLength(v.Entry))
	f.Legend = widget.ArcsLegend(0)
	arcs := figure.Part{SVG: f.SVG(w, h), W: w, H: h}
	canvas := canvasOf(v, s, ".gates canvas")
	if canvas == nil {
		return arcs.SVG
	}
	gates := figure.Picture{
		Title: title + fmt.Sprintf(": gates, and what entry %d is made of", v.Entry), Href: canvas.Call("toDataURL", "image/png").String(),
		W: w - 74, H: 120, X0: "0", X1: strconv.Itoa(v.Sight.Head.Len() - 1), XName: "position", YName: "channel", Legend: widget.GateLegend(),
	}
	return figure.Stack(gates.Title, figure.Part{SVG: gates.SVG(), W: w, H: gates.Height()}, arcs)
}

// mapPicture frames what the canvas of an attention map shows.
func mapPicture(title string, v *widget.ColumnView, s *state.Snapshot) string {
	canvas := canvasOf(v, s, ".map canvas")
	if canvas == nil {
		return ""
	}
	w, h := canvas.Get("width").Float(), canvas.Get("height").Float()
	return figure.Picture{
		Title: title + ": attention", Href: canvas.Call("toDataURL", "image/png").String(), W: w, H: h,
		Legend: widget.MapLegend(widget.MapScaleOf(canvas), v.Step >= 0, v.Gold >= 0, v.Step >= 0),
	}.SVG()
}

// canvasOf is a canvas of the column that shows a view, nil when it is not there.
func canvasOf(v *widget.ColumnView, s *state.Snapshot, selector string) app.Value {
	canvas := app.Window().Get("document").Call("querySelector", fmt.Sprintf(`[data-side="%d"] %s`, sideOf(v, s), selector))
	if !canvas.Truthy() {
		return nil
	}
	return canvas
}
