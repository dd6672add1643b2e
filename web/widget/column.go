package widget

import (
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/api"
	"kvscope/web/picture"
	"kvscope/web/state"
)

// ColumnView holds the contents of a column, worked out from a snapshot.
type ColumnView struct {
	Name     string // of its model and what tells it from the other columns
	Whole    string // name with that of its model as it was given
	Short    string // the least that does
	How      string // its cache was read
	Rest     string // of How, what Name does not say
	Verdict  string // whether the method or the model is to blame for the answer, or ""
	Model    string
	Phase    state.Phase
	Stopped  bool
	Recorded bool            // when the site was made, not run now
	Waits    api.RunProgress // what the run waits for
	Stale    bool            // the pictures are of the run before
	Preview  bool            // or of its scores
	Gen      int
	Problem  state.Problem

	Run    *picture.Run
	Grid   *picture.Grid
	Heads  *picture.Heads
	Labels []LineLabel
	Line   int // looked at, or -1
	Step   int // of it, or -1
	Shift  int // lines of the timeline before the run's first
	First  int // line that answer step 0 is
	Gold   int // position that the step copies from, or -1
	Reads  picture.Reads

	Unopened state.Problem   // of a file that was to be opened here
	File     string          // that the run was opened from, or ""
	Base     *picture.Run    // the run without what is forced or dropped, or nil
	Against  string          // name of the column compared with, or ""
	HeadData state.HeadData  // of the locked head
	Rows     Rows            // that any column has
	Changes  int             // grows with everything that happens, but for a pointer's movements
	Training *state.Training // of the model, nil where no steps of it are there
}

// Rows says for what a column has rows. All columns have them where one does, so that what
// is below stands side by side.
type Rows struct {
	OutputError, Kind, Memory, WhatIf bool

	Lines   int // of its blocks
	Steps   int // of its answer
	Verdict int // letters of it
}

// Or is what any of the columns has rows for.
func (r Rows) Or(v *ColumnView) Rows {
	if v.Run == nil || v.Run.Header == nil || v.Heads == nil {
		return r
	}
	return Rows{
		OutputError: r.OutputError || v.Heads.Has(picture.OutputError),
		Kind:        r.Kind || v.Heads.Has(picture.Kind),
		Memory:      r.Memory || v.Heads.Has(picture.Memory),
		WhatIf:      r.WhatIf || v.Intervention() != "",
		Lines:       max(r.Lines, v.Grid.Planned),
		Steps:       max(r.Steps, len(v.Run.Header.Answer), len(v.Run.Steps)),
		Verdict:     max(r.Verdict, len([]rune(v.Verdict))),
	}
}

// Column lays out the column of one run: its answer, its blocks, its heads, its prompt. The
// id is its own on the page; below stands below the heads.
func Column(id string, side int, v *ColumnView, s *state.Snapshot, below app.UI, on *Bus) app.UI {
	root := app.Section().Class("column").
		Aria("label", landmark(v.Name, id)).
		Aria("busy", strconv.FormatBool(v.Phase == state.Loading)).
		DataSet("testid", "column-"+id).
		DataSet("state", string(v.Phase)).
		DataSet("stale", strconv.FormatBool(v.Stale)).
		DataSet("preview", strconv.FormatBool(v.Preview)).
		DataSet("gen", v.Gen).
		DataSet("side", side).
		DataSet("file", v.File).
		DataSet("recorded", strconv.FormatBool(v.Recorded)).
		DataSet("model", v.Model)
	if v.Run != nil && v.Run.Header != nil {
		h := v.Run.Header
		root.DataSet("method", h.Method).DataSet("budget", strconv.FormatFloat(h.Budget, 'g', -1, 64)).
			DataSet("task", h.Task).DataSet("seed", strconv.FormatUint(h.Seed, 10)).DataSet("k", h.K).DataSet("block", h.Block)
	}
	head := &Part{Key: v.Changes, Draw: func() app.UI { return columnHead(v, side, on) }}
	body := []app.UI{head, progressBar(v), columnNotes(id, side, v, on)}
	if v.Run == nil || v.Run.Header == nil {
		if v.Phase != state.Failed {
			body = append(body, emptyColumn(v, s))
		}
		return root.Body(body...)
	}
	return root.Body(append(body, pictures(id, side, v, s, below, on)...)...)
}

// columnNotes lists the notes about a column in one element, however many there are, so that
// the elements below keep their place among the column's children, and with it the keyboard.
func columnNotes(id string, side int, v *ColumnView, on *Bus) app.UI {
	var body []app.UI
	if text := v.Intervention(); text != "" {
		body = append(body, app.Div().Class("counterfactual").DataSet("testid", "counterfactual-"+id).Body(
			app.B().Title("not how the model was trained").Text("what-if"), app.Span().Text(text)))
	} else if v.Rows.WhatIf {
		body = append(body, app.Div().Class("counterfactual none").Text("as trained"))
	}
	if v.Unopened.Message != "" {
		body = append(body, app.Div().Class("message bad").Attr("role", "alert").DataSet("testid", "unopened-"+id).Body(
			app.B().Text(v.Unopened.Message), app.P().Text(v.Unopened.Advice),
			&Press{Label: "close", Title: "take this message away", Do: state.Dismiss{Side: side}, On: on}))
	}
	if v.Phase == state.Failed {
		body = append(body, app.Div().Class("message bad").Attr("role", "alert").DataSet("testid", "failure-"+id).Body(
			app.B().Text(v.Problem.Message), app.P().Text(v.Problem.Advice)))
	}
	return app.Div().Class("column-notes").Body(body...)
}

// landmark names a part of the page, of which there is one of its kind for each column: by
// the id too where a page has more of them.
func landmark(name, id string) string {
	if len(id) <= 1 {
		return name
	}
	return name + ", " + id
}

// emptyColumn says why there is nothing to see yet.
func emptyColumn(v *ColumnView, s *state.Snapshot) app.UI {
	what, more := "Nothing has run here yet.", "Press Run."
	switch {
	case v.File != "":
		what, more = "Opening "+v.File+".", ""
	case s.MetaPhase == state.Failed:
		what, more = "The engine does not answer.", s.Engine.Advice+" ("+s.MetaError+")"
	case s.MetaPhase == state.Loading:
		what, more = "Asking the engine for its models.", ""
	case v.Phase == state.Loading && v.Waits.Kind == api.Weights:
		what, more = "The model is on its way.", downloaded(v.Waits)
	case v.Phase == state.Loading:
		what, more = "The run is on its way.", ""
	}
	return app.Div().Class("message").Attr("role", "status").Body(app.B().Text(what), app.Span().Text(more))
}
