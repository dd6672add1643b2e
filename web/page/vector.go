package page

import (
	"fmt"
	"math"
	"strconv"

	"kvscope/viz/plot"
	"kvscope/web/picture"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// vector is a picture as SVG with its legend, "" where there is none.
func (e *Explorer) vector(f state.Save) string {
	v, s := e.screen.views[f.Side], &e.s
	title, caption := v.Name, captionOf(v)
	if head := s.Looked(); head != nil {
		title += fmt.Sprintf(", layer %d head %d", head.Layer, head.Head)
	}
	switch f.What.Picture {
	case "grid":
		return plot.Caption(gridPicture(title, v), caption...)
	case "heads":
		return plot.Caption(headsPicture(v, s), caption...)
	}
	saved := e.screen.kept[f.Side].picture.SVG(e.screen.frame("", f.Side, s, 0, nil), title)
	if saved.SVG == "" {
		return ""
	}
	return plot.Caption(saved.SVG, append(saved.Lines, caption...)...)
}

// captionOf says what run a saved picture is of: the file alone must tell it.
func captionOf(v *widget.ColumnView) []string {
	h := v.Run.Header
	if h.Method == "" {
		return []string{h.Model}
	}
	run := h.Asked() + " · " + v.How
	if v.File != "" {
		run = v.File + " · " + run
	}
	if what := v.Intervention(); what != "" {
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
	c := plot.Cells{
		Title: title + ": blocks picked", RowName: "step", ColName: "block", Oracle: g.Oracle, Gold: make([]bool, len(g.Share)),
		Needles: g.Needles, Answers: g.Answers, Legend: picture.GridLegend(g, v.Against, v.Name),
	}
	if v.Run.ByQuery() {
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

// orNaN makes NaN, which a picture leaves blank, of a share that is not known.
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
	legend := picture.HeadsLegend(v.Heads, metric, s.Ranked, len(v.Run.Header.Tokens))
	if s.Ranked {
		r := plot.Ranking{Title: title, Legend: legend}
		for _, head := range v.Heads.Ranking(metric) {
			cell := v.Heads.At(head)
			row := plot.RankedRow{Name: fmt.Sprintf("L%d·%d", head.Layer, head.Head), Value: cell.Value(metric), Text: widget.HeadValue(cell, metric), Corner: cell.Hit}
			if metric == picture.Kind {
				row.Fill, _ = cell.Fill(metric)
			}
			r.Rows = append(r.Rows, row)
		}
		return r.SVG()
	}
	c := plot.Cells{Title: title, RowName: "layer", ColName: "head", Legend: legend}
	for l := range v.Heads.Layers {
		c.Rows = append(c.Rows, strconv.Itoa(l))
	}
	for h := range v.Heads.Heads {
		c.Cols = append(c.Cols, strconv.Itoa(h))
	}
	for _, cell := range v.Heads.Cells {
		fill, _ := cell.Fill(metric)
		c.Values, c.Fills, c.Corner = append(c.Values, orNaN(cell.Value(metric))), append(c.Fills, fill), append(c.Corner, cell.Hit)
	}
	return c.SVG(30)
}
