package view

import (
	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/viz/plot"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// View is one way to look at a run.
type View struct {
	state.View

	Saves string // formats that it can be saved in, with blanks between them
	// Of works out what is drawn, outside of drawing it. It is asked for again when the
	// run of the column has grown, or By says something else.
	Of func(v *widget.ColumnView, s *state.Snapshot) Picture
	// By is the key of the picture beside the run, a value that can be compared: the picture is
	// worked out again when it changes.
	By func(v *widget.ColumnView, s *state.Snapshot) any
}

// Picture is the picture of a view for one column.
type Picture interface {
	// Draw lays it out on the page.
	Draw(f *Frame) Drawn
	// SVG is the picture as it is saved, under a title; empty where there is none.
	SVG(f *Frame, title string) Saved
	// Table is its numbers, the names of the columns first; nil where there are none.
	Table(f *Frame) [][]string
}

// Frame is where a picture is drawn: a column of a page.
type Frame struct {
	ID     string // of the column, its own on the page
	Side   int
	Column *widget.ColumnView
	State  *state.Snapshot
	Show   int // how often the needle was asked for
	On     *widget.Bus
}

// Drawn is a picture on the page.
type Drawn struct {
	Body   app.UI
	Tools  []app.UI    // beside the legend
	Legend plot.Legend // of pictures that need but one
}

// Saved is a picture as a file, with lines to stand below it.
type Saved struct {
	SVG   string
	Lines []string
}

// All lists the views in the order of the chooser; the first is shown where none is
// named.
func All() []View { return []View{Prompt(), Attention(), Memory(), Scores(), Block(), Training()} }

// States lists the descriptions of views that a snapshot holds.
func States(views []View) []state.View {
	out := make([]state.View, len(views))
	for i, v := range views {
		out[i] = v.View
	}
	return out
}

// Shown is the view of a list that a snapshot shows.
func Shown(views []View, s *state.Snapshot) View {
	for _, v := range views {
		if v.Name == s.Viewed().Name {
			return v
		}
	}
	return views[0]
}
