package view

import (
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/sparse"
	"kvscope/viz/number"
	"kvscope/web/picture"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// Scores shows the method's score of every block against the dense attention that the head
// gives it.
func Scores() View {
	return View{
		View: state.View{
			Name: "scores", Title: "Scores", About: "what the method thinks of every block, against its attention", Needs: state.NeedsHead,
		},
		Saves: "png svg csv",
		Of: func(v *widget.ColumnView, s *state.Snapshot) Picture {
			return &scores{v.Run.Scatter(v.Line, s.Looked())}
		},
		By: func(v *widget.ColumnView, s *state.Snapshot) any {
			return [2]string{strconv.Itoa(v.Line), widget.HeadName(s.Looked())}
		},
	}
}

type scores struct {
	data *picture.Scatter // nil where the method gives none
}

// Draw lays out the plot.
func (p *scores) Draw(f *Frame) Drawn {
	switch {
	case f.State.Looked() == nil:
		return Drawn{Body: message("Each head has its own scores.", "Point at a head in the grid above to see them; click to keep it, or press ↓.")}
	case beyond(f, f.State.Looked()) != nil:
		return Drawn{Body: beyond(f, f.State.Looked())}
	case p.data == nil:
		return Drawn{Body: message("There are no scores here.", "The method gives none, or gave none for these queries: MoBA's are only there at the first answer step.")}
	}
	return Drawn{Body: app.Div().Class("scores-box").Body(
		&widget.ScorePlot{ID: f.ID, Data: p.data, Votes: votes(f), Block: f.State.Pointed(), On: f.On},
		app.Div().Class("scores-foot").Body(
			&widget.Legend{Of: "scores-" + f.ID, Keys: widget.ScoresLegend(p.data)},
			app.P().Class("hint").Text("rank correlation "+number.Decimals(p.data.Correlation, 2))))}
}

// votes reports whether scores are votes.
func votes(f *Frame) bool { return f.Column.Run.Header.Phase == sparse.PhaseEvict }

// SVG is the plot.
func (p *scores) SVG(f *Frame, title string) Saved {
	if p.data == nil {
		return Saved{}
	}
	plot := widget.Scatter(p.data, votes(f))
	plot.Legend = widget.ScoresLegend(p.data)
	return Saved{SVG: plot.SVG(640, 460), Lines: []string{title + ": " + plot.Title}}
}

// Table lists the blocks.
func (p *scores) Table(*Frame) [][]string {
	if p.data == nil {
		return nil
	}
	rows := [][]string{{"block", "score", "mass", "picked", "forced", "gold"}}
	for _, b := range p.data.Points {
		rows = append(rows, []string{
			strconv.Itoa(b.Block), exact(b.Score), exact(b.Mass), strconv.FormatBool(b.Picked), strconv.FormatBool(b.Forced), strconv.FormatBool(b.Gold),
		})
	}
	return rows
}
