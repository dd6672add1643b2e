package page

import (
	"slices"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/picture"
	"kvscope/web/state"
	"kvscope/web/view"
	"kvscope/web/widget"
)

// screen holds the contents of a page's columns, worked out of a snapshot after every action
// and not while the page is drawn. Pictures are kept for as long as what they depend on
// is the same, so that moving the pointer does not draw a grid again.
type screen struct {
	kept      [state.Sides]column
	views     []*widget.ColumnView // of the columns that are shown
	inspector widget.Inspector
	timeline  widget.Timeline
	changes   int
}

// update brings the screen to a snapshot.
func (p *screen) update(s *state.Snapshot) {
	p.changes++
	p.point(s)
}

// point is update with a snapshot in which nothing but the pointer has moved.
func (p *screen) point(s *state.Snapshot) {
	p.views = p.views[:0]
	for side := range s.Shown() {
		p.kept[side].update(s, side)
		p.views = append(p.views, &p.kept[side].shows)
	}
	var rows widget.Rows
	for _, v := range p.views {
		rows = rows.Or(v)
	}
	for _, v := range p.views {
		v.Rows, v.Changes = rows, p.changes
	}
	p.inspector, p.timeline = inspect(s, p.views), timeline(s, p.views)
}

// column draws a column; the id is its own on the page.
func (p *screen) column(id string, side int, s *state.Snapshot, show int, on *widget.Bus) app.UI {
	return widget.Column(id, side, p.views[side], s, p.box(id, side, s, show, on), on)
}

// box draws what stands below the heads of a column, nil before there is a run.
func (p *screen) box(id string, side int, s *state.Snapshot, show int, on *widget.Bus) app.UI {
	if p.kept[side].picture == nil {
		return nil
	}
	return view.Box(view.Shown(views(), s), p.kept[side].picture, p.frame(id, side, s, show, on))
}

func (p *screen) frame(id string, side int, s *state.Snapshot, show int, on *widget.Bus) *view.Frame {
	return &view.Frame{ID: id, Side: side, Column: p.views[side], State: s, Show: show, On: on}
}

// views lists the views that the pages have.
func views() []view.View { return view.All() }

// newState is a snapshot of a page with them.
func newState(p state.Place) state.Snapshot { return state.New(p, view.States(views())) }

// column keeps what a column shows, and the picture of its view.
type column struct {
	grid    gridBy
	line    int
	below   belowBy
	shows   widget.ColumnView
	picture view.Picture // nil before there is a run
}

// gridBy is the key of the blocks and the heads: they are worked out again when it changes.
type gridBy struct {
	run     *picture.Run
	version int
	head    string
	against *picture.Run // compared with, nil without
	late    int          // its Version
}

// belowBy is the key of the picture of a view: it is drawn again when it changes.
type belowBy struct {
	run     *picture.Run
	version int
	view    string
	by      any
}

// update brings the column to a snapshot.
func (d *column) update(s *state.Snapshot, side int) {
	c := &s.Columns[side]
	run, looked := c.Pictured(), s.Looked()
	against, late := comparedWith(s, side)
	by := gridBy{run, c.Version, widget.HeadName(looked), against, late}
	if line := s.LineOf(run, s.Cursor()); by != d.grid || line != d.line {
		if by != d.grid {
			d.compare(run, against, looked)
		}
		d.grid, d.line = by, line
		d.look(run, line)
	}
	d.describe(s, side)
	d.draw(s)
}

// compare fills in the blocks and the heads.
func (d *column) compare(run, against *picture.Run, looked *picture.Head) {
	v := &d.shows
	v.Grid, v.Heads, v.Labels = nil, nil, nil
	if run == nil || run.Header == nil {
		return
	}
	v.Grid, v.Heads, v.Labels = run.Grid(looked), run.HeadGrid(), widget.Lines(run)
	v.Reads = run.HeadReads(looked)
	if against != nil {
		v.Grid.Diff = run.Compare(against, v.Grid, looked)
		for i, jaccard := range run.Jaccard(against) {
			v.Heads.Cells[i].Jaccard = jaccard
		}
	}
}

// look fills in what depends on the line.
func (d *column) look(r *picture.Run, line int) {
	v := &d.shows
	v.Line, v.Step, v.Gold = -1, -1, -1
	if r == nil || r.LineCount() == 0 {
		return
	}
	lines := r.Lines()
	v.Line = min(line, len(lines)-1)
	v.Step = lines[v.Line].Step
	v.Gold = r.Gold(v.Step)
	v.First = max(0, slices.IndexFunc(lines, func(l picture.Line) bool { return l.Step >= 0 }))
}

// describe fills in what is said about the column.
func (d *column) describe(s *state.Snapshot, side int) {
	c, v, names := &s.Columns[side], &d.shows, s.Names()
	v.Name = names[side].Full
	v.Whole = names[side].Whole
	v.Short = names[side].Short
	v.How = names[side].How
	v.Rest = names[side].Rest
	v.Verdict = s.Verdict(side)
	v.Model = c.Model()
	v.Phase = c.Phase()
	v.Stopped = isStopped(c)
	v.Recorded = c.Recorded()
	v.Waits = c.Waits()
	v.Stale = c.Stale()
	v.Preview = c.Preview() != nil
	v.Gen = c.Gen()
	v.Problem = c.Problem()
	v.Unopened = c.Unopened
	v.File = c.File()
	v.Base = c.BaseRun()
	v.Training = s.Training(side)
	v.Run, v.Shift = c.Pictured(), 0
	if v.Run != nil {
		v.Shift = s.Shift(v.Run)
	}
	v.Against = ""
	if d.grid.against != nil {
		v.Against = names[0].Full
	}
	v.HeadData = state.HeadData{}
	if s.Head != nil {
		v.HeadData = c.HeadData(*s.Head)
	}
}

func isStopped(c *state.Column) bool {
	_, stopped := c.Status.(state.Stopped)
	return stopped
}

// draw works out the picture of the view.
func (d *column) draw(s *state.Snapshot) {
	v := &d.shows
	if v.Run == nil || v.Run.Header == nil {
		d.picture, d.below = nil, belowBy{}
		return
	}
	shown := view.Shown(views(), s)
	if by := (belowBy{v.Run, d.grid.version, shown.Name, shown.By(v, s)}); by != d.below || d.picture == nil {
		d.picture, d.below = shown.Of(v, s), by
	}
}

// comparedWith is the run that a column is compared with, and how far it has come.
func comparedWith(s *state.Snapshot, side int) (*picture.Run, int) {
	first := &s.Columns[0]
	run := first.Pictured()
	if !s.Compare || side == 0 || run == nil || run.Header == nil {
		return nil, 0
	}
	return run, first.Version
}

// timeline is the timeline of all columns.
func timeline(s *state.Snapshot, views []*widget.ColumnView) widget.Timeline {
	t := widget.Timeline{
		Lines: s.Lines(), Planned: s.Planned(), Cursor: s.Cursor(), Playing: s.Playing, Speed: s.Speed, Lanes: make([][]string, len(views)),
	}
	var label widget.LineLabel
	for i, v := range views {
		t.Lanes[i] = make([]string, v.Shift) // nothing of it stands beside the queries of others
		for _, l := range v.Labels {
			state := l.State
			if state == "" {
				state = "seen"
			}
			t.Lanes[i] = append(t.Lanes[i], state)
		}
		if at := t.Cursor - v.Shift; at >= 0 && at < len(v.Labels) && label.About == "" {
			label = v.Labels[at]
		}
	}
	t.Label = widget.TimelineLabel(t.Cursor, t.Lines, label)
	return t
}
